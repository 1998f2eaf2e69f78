#include "adapters/kafka/publisher.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>

#include "adapters/kafka/client.h"
#include "adapters/kafka/topic_source.h"

namespace bank::kafka {
namespace {

constexpr int flush_ms = 10'000;
const std::array<Property, 4> chosen = {
    Property{"linger.ms", "0"},
    {"compression.type", "zstd"},
    {"message.timeout.ms", "30000"},
    {"partitioner", "murmur2_random"},  // as Java's clients do
};
const std::array<Property, 1> required = {Property{"enable.idempotence", "true"}};

}  // namespace

class Publisher::Impl {
 public:
  explicit Impl(std::string topic) : topic_(std::move(topic)) {}

  Result<void> open(const Connection& connection) {
    if (const Result<TopicEnds> there = topic_ends(connection, topic_); !there) return std::unexpected(there.error());
    const Callbacks callbacks{.delivered = on_delivered, .opaque = this};
    Result<Client> client = Client::make(RD_KAFKA_PRODUCER, connection, chosen, required, callbacks);
    if (!client) return std::unexpected(client.error());
    client_.emplace(std::move(*client));
    return {};
  }

  Result<void> send(std::string_view key, std::string_view value) {
    // librdkafka's macros take sizes and flags as they are promoted; its copy makes the const_casts harmless.
    // NOLINTBEGIN(cppcoreguidelines-pro-type-const-cast)
    const rd_kafka_resp_err_t code =
        rd_kafka_producev(client_->get(), RD_KAFKA_V_TOPIC(topic_.c_str()), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                          RD_KAFKA_V_KEY(const_cast<char*>(key.data()), key.size()),
                          RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()), RD_KAFKA_V_END);
    // NOLINTEND(cppcoreguidelines-pro-type-const-cast)
    rd_kafka_poll(client_->get(), 0);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return std::unexpected(client_->error(doing(), code));
    return {};
  }

  Result<void> flush() {
    const rd_kafka_resp_err_t code = rd_kafka_flush(client_->get(), flush_ms);
    if (const std::optional<Error> failure = std::exchange(failure_, std::nullopt)) return std::unexpected(*failure);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return std::unexpected(client_->error(doing(), code));
    return {};
  }

  std::string trouble() {
    rd_kafka_poll(client_->get(), 0);
    return client_->complaints().unreachable() ? client_->error(doing(), "").message : "";
  }

 private:
  [[nodiscard]] std::string doing() const { return "cannot send to topic " + topic_; }

  static void on_delivered(rd_kafka_t* /*client*/, const rd_kafka_message_t* message, void* opaque) {
    Impl& self = *static_cast<Impl*>(opaque);
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      self.client_->complaints().note_reachable();
    } else if (!self.failure_) {
      self.failure_ = self.client_->error(self.doing(), message->err);
    }
  }

  const std::string topic_;
  std::optional<Error> failure_;
  std::optional<Client> client_;
};

Publisher::Publisher(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Publisher::~Publisher() = default;

Result<std::unique_ptr<Publisher>> Publisher::open(const Connection& connection, std::string topic) {
  auto impl = std::make_unique<Impl>(std::move(topic));
  if (Result<void> opened = impl->open(connection); !opened) return std::unexpected(opened.error());
  return std::unique_ptr<Publisher>(new Publisher(std::move(impl)));
}

Result<void> Publisher::send(std::string_view key, std::string_view value) { return impl_->send(key, value); }
Result<void> Publisher::flush() { return impl_->flush(); }
std::string Publisher::trouble() { return impl_->trouble(); }

}  // namespace bank::kafka
