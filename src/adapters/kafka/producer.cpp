#include "adapters/kafka/producer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "adapters/kafka/client.h"
#include "adapters/kafka/spool.h"

namespace bank::kafka {
namespace {

constexpr int open_tries = 5;
constexpr int open_try_ms = 1'000;
constexpr std::int64_t open_pause_ns = 200'000'000;
constexpr int wait_ms = 100;         // for the broker, between two looks at the stop flag
constexpr int stop_patience_s = 10;  // how long a stop leaves the broker to acknowledge
constexpr int abandon_ms = 3'000;    // for librdkafka to give back what is queued
constexpr std::uint64_t sends_per_serve = 256;
constexpr std::size_t spooled_at_once_bytes = 8 << 20;
// Just above the contract's longest record, so that each valid one can be sent; a batch is smaller than that, and so
// holds nothing besides such a record.
constexpr std::size_t batch_bytes = 1'000'000;
constexpr auto message_max_bytes = "1100000";

struct DestroyMetadata {
  void operator()(const struct rd_kafka_metadata* metadata) const { rd_kafka_metadata_destroy(metadata); }
};

std::vector<Property> chosen_properties(bool prompt) {
  return {{"compression.type", "lz4"},
          {"partitioner", "murmur2_random"},
          {"linger.ms", prompt ? "1" : "20"},
          {"batch.size", std::to_string(batch_bytes)},
          {"batch.num.messages", "50000"},
          {"message.max.bytes", message_max_bytes},
          // Both bound the memory: librdkafka keeps some 200 bytes a message besides its text.
          {"queue.buffering.max.messages", "400000"},
          {"queue.buffering.max.kbytes", "98304"},
          {"message.timeout.ms", "120000"}};
}

const std::array<Property, 2> required_properties = {{{"enable.idempotence", "true"}, {"acks", "all"}}};

// In milliseconds, as librdkafka takes it: 0 is now, and brokers refuse what is before 1970.
std::int64_t timestamp_of(const OutgoingRecord& record) {
  constexpr std::int64_t us_per_ms = 1000;
  return record.time ? std::max<std::int64_t>(record.time->us() / us_per_ms, 1) : 0;
}

std::string doing_with(const std::string& topic) { return fmt::format("cannot send to topic {}", topic); }

/// The partitions of a topic, 0 if there is no such topic. Asks for all topics, for a broker may make one up that is
/// asked for by name.
Result<int> look_up(const Client& client, const std::string& topic) {
  const struct rd_kafka_metadata* answer = nullptr;
  const rd_kafka_resp_err_t code = rd_kafka_metadata(client.get(), 1, nullptr, &answer, open_try_ms);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_poll(client.get(), 0);  // serves the complaints
    return std::unexpected(client.error(doing_with(topic), code));
  }
  const std::unique_ptr<const struct rd_kafka_metadata, DestroyMetadata> metadata(answer);
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const rd_kafka_metadata_topic& found = metadata->topics[i];
    if (found.topic != topic) continue;
    if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR) return std::unexpected(client.error(doing_with(topic), found.err));
    return found.partition_cnt;
  }
  return 0;
}

/// The same, with patience: a broker may be starting, and has to hear of a new topic itself.
Result<int> partitions_of(const Client& client, const ProducerOptions& options) {
  Result<int> partitions = 0;
  for (int i = 0; i < open_tries && !options.stop.load(std::memory_order_relaxed); ++i) {
    if (i > 0) options.clock.sleep_until_ns(options.clock.monotonic_ns() + open_pause_ns);
    partitions = look_up(client, options.topic);
    if (partitions && *partitions > 0) return partitions;
  }
  if (!partitions) return partitions;
  return fail(fmt::format("{}: there is no such topic, or it may not be seen; `bank topics create` makes it",
                          doing_with(options.topic)));
}

}  // namespace

class TransactionProducer::Impl {
 public:
  explicit Impl(const ProducerOptions& options) : options_(options) {}

  Result<void> open() {
    const Callbacks callbacks{.delivered = on_delivered, .opaque = this};
    Result<Client> client = Client::make(RD_KAFKA_PRODUCER, options_.connection, chosen_properties(options_.prompt),
                                         required_properties, callbacks);
    if (!client) return std::unexpected(client.error());
    client_.emplace(std::move(*client));
    const Result<int> partitions = partitions_of(*client_, options_);
    if (!partitions) return std::unexpected(partitions.error());
    partitions_ = *partitions;
    topic_.reset(rd_kafka_topic_new(client_->get(), options_.topic.c_str(), nullptr));
    if (!topic_) return std::unexpected(client_->error(doing(), rd_kafka_last_error()));
    return {};
  }

  void send(const OutgoingRecord& record) {
    ++deliveries_.sent;
    while (!ended_) {
      const rd_kafka_resp_err_t code = enqueue(record);
      if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (options_.prompt || deliveries_.sent % sends_per_serve == 0) serve(0);
        return;
      }
      if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        wait();
      } else {
        note_failure(code, record.value.size());
        break;
      }
    }
    keep(deliveries_.sent, record.value);
  }

  void serve(int timeout_ms) {
    rd_kafka_poll(client_->get(), timeout_ms);
    look_after();
  }

  Result<void> finish() {
    while (!ended_ && rd_kafka_outq_len(client_->get()) > 0) {
      rd_kafka_flush(client_->get(), wait_ms);  // in which linger.ms counts no more
      look_after();
      if (options_.on_wait) options_.on_wait();
    }
    if (ended_) abandon();
    write_spool();
    return verdict();
  }

  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] const Deliveries& deliveries() const { return deliveries_; }
  [[nodiscard]] int partitions() const { return partitions_; }
  [[nodiscard]] std::string trouble() const {
    return client_->complaints().unreachable() ? client_->error(doing(), "").message : "";
  }

 private:
  struct Undelivered {
    std::uint64_t number;  // of the send(), from 1
    std::string value;
  };

  [[nodiscard]] std::string doing() const { return doing_with(options_.topic); }

  rd_kafka_resp_err_t enqueue(const OutgoingRecord& record) {
    const char* key = record.key.empty() ? nullptr : record.key.data();
    // librdkafka's macros take sizes and flags as they are promoted; its copy makes the const_cast harmless, and the
    // opaque pointer is a number that comes back with the delivery.
    // NOLINTBEGIN(cppcoreguidelines-pro-type-const-cast,performance-no-int-to-ptr)
    return rd_kafka_producev(client_->get(), RD_KAFKA_V_RKT(topic_.get()), RD_KAFKA_V_PARTITION(RD_KAFKA_PARTITION_UA),
                             RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key, record.key.size()),
                             RD_KAFKA_V_VALUE(const_cast<char*>(record.value.data()), record.value.size()),
                             RD_KAFKA_V_TIMESTAMP(timestamp_of(record)),
                             RD_KAFKA_V_OPAQUE(reinterpret_cast<void*>(static_cast<std::uintptr_t>(deliveries_.sent))),
                             RD_KAFKA_V_END);
    // NOLINTEND(cppcoreguidelines-pro-type-const-cast,performance-no-int-to-ptr)
  }

  static void on_delivered(rd_kafka_t* /*client*/, const rd_kafka_message_t* message, void* opaque) {
    static_cast<Impl*>(opaque)->take_report(*message);
  }

  void take_report(const rd_kafka_message_t& message) {
    if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      ++deliveries_.delivered;
      deliveries_.delivered_bytes += message.len;
      if (client_->complaints().unreachable()) client_->complaints().note_reachable();
      return;
    }
    if (rd_kafka_message_status(&message) != RD_KAFKA_MSG_STATUS_NOT_PERSISTED) ++deliveries_.uncertain;
    note_failure(message.err, message.len);  // rd_kafka_message_errstr() would give the payload
    keep(reinterpret_cast<std::uintptr_t>(message._private), {static_cast<const char*>(message.payload), message.len});
  }

  /// Ends the sending, unless the record alone is to blame. Of several reasons the first one counts.
  void note_failure(rd_kafka_resp_err_t code, std::size_t bytes) {
    const bool record_alone = code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE && bytes >= batch_bytes / 2;
    if (!reason_) reason_ = reason_of(code);
    if (!record_alone) end(reason_of(code));
  }

  void end(Error reason) {
    if (ended_) return;
    ended_ = true;
    reason_ = std::move(reason);
  }

  [[nodiscard]] Error reason_of(rd_kafka_resp_err_t code) const {
    switch (code) {
      case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
        return client_->error(doing(), "the broker has not acknowledged in time (message.timeout.ms)");
      case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
        return {ErrorKind::runtime,
                fmt::format("{}: a record is larger than the topic takes (max.message.bytes)", doing())};
      case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
        return {ErrorKind::runtime,
                fmt::format("{}: the topic takes no record whose event time is so far from now "
                            "(message.timestamp.after.max.ms, .before.max.ms); `bank topics create` says what to set",
                            doing())};
      case RD_KAFKA_RESP_ERR__FATAL: {
        std::array<char, 512> message{};
        rd_kafka_fatal_error(client_->get(), message.data(), message.size());
        return {ErrorKind::runtime,
                fmt::format("{}: the producer cannot go on without a risk of repeats: {}", doing(), message.data())};
      }
      default: return client_->error(doing(), code);
    }
  }

  void wait() {
    serve(wait_ms);
    if (options_.on_wait) options_.on_wait();
  }

  /// What is to be done after reports were served.
  void look_after() {
    if (!ended_ && rd_kafka_fatal_error(client_->get(), nullptr, 0) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      end(reason_of(RD_KAFKA_RESP_ERR__FATAL));
    }
    if (!ended_ && options_.stop.load(std::memory_order_relaxed)) {
      const std::int64_t now_ns = options_.clock.monotonic_ns();
      if (!give_up_at_ns_) give_up_at_ns_ = now_ns + std::int64_t{stop_patience_s} * 1'000'000'000;
      if (now_ns >= *give_up_at_ns_) {
        end(client_->error(doing(), fmt::format("stopped, and the broker has not acknowledged everything within {} s",
                                                stop_patience_s)));
      }
    }
    if (ended_ && !purged_) {
      // At once: if the broker came back now, what is queued would overtake what has failed.
      purged_ = true;
      rd_kafka_purge(client_->get(), RD_KAFKA_PURGE_F_QUEUE);
    }
    if (!ended_ && undelivered_bytes_ >= spooled_at_once_bytes) write_spool();
  }

  /// Gets back everything that is still with librdkafka. What is on its way to the broker has a last chance to arrive.
  void abandon() {
    look_after();
    rd_kafka_flush(client_->get(), abandon_ms);
    rd_kafka_purge(client_->get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(client_->get(), abandon_ms);
  }

  void keep(std::uint64_t number, std::string_view value) {
    ++deliveries_.undelivered;
    undelivered_bytes_ += value.size();
    undelivered_.push_back({number, std::string(value)});
  }

  void write_spool() {
    if (undelivered_.empty() || spool_error_) return;
    std::ranges::sort(undelivered_, {}, &Undelivered::number);
    std::string lines;
    lines.reserve(undelivered_bytes_ + undelivered_.size());
    for (const Undelivered& record : undelivered_) append_spool_line(lines, record.value);
    if (const Result<void> written = append_to_spool(options_.spool, lines); !written) {
      spool_error_ = written.error();
      end(written.error());
    }
    undelivered_.clear();
    undelivered_bytes_ = 0;
  }

  [[nodiscard]] Result<void> verdict() const {
    const Deliveries& all = deliveries_;
    if (all.undelivered == 0) return {};
    const std::string_view plural = all.undelivered == 1 ? "" : "s";
    const std::string reason = reason_ ? reason_->message : doing();
    if (spool_error_) {
      return fail(fmt::format("{}; {} record{} not delivered, and not all of them kept: {}", reason, all.undelivered,
                              plural, spool_error_->message));
    }
    return fail(fmt::format("{}; {} record{} not delivered{}: `bank replay {} --kafka` sends {}", reason,
                            all.undelivered, plural,
                            all.uncertain == 0 ? "" : fmt::format(" ({} of them perhaps all the same)", all.uncertain),
                            options_.spool, all.undelivered == 1 ? "it" : "them"));
  }

  const ProducerOptions options_;
  std::optional<Client> client_;
  Topic topic_;  // before the client
  int partitions_ = 0;
  Deliveries deliveries_;
  std::vector<Undelivered> undelivered_;
  std::size_t undelivered_bytes_ = 0;
  std::optional<Error> reason_;
  std::optional<Error> spool_error_;
  std::optional<std::int64_t> give_up_at_ns_;
  bool ended_ = false;
  bool purged_ = false;
};

TransactionProducer::TransactionProducer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TransactionProducer::~TransactionProducer() = default;

Result<std::unique_ptr<TransactionProducer>> TransactionProducer::open(const ProducerOptions& options) {
  auto impl = std::make_unique<Impl>(options);
  if (Result<void> opened = impl->open(); !opened) return std::unexpected(opened.error());
  return std::unique_ptr<TransactionProducer>(new TransactionProducer(std::move(impl)));
}

void TransactionProducer::send(const OutgoingRecord& record) { impl_->send(record); }
bool TransactionProducer::ended() const { return impl_->ended(); }
void TransactionProducer::serve() { impl_->serve(0); }
Result<void> TransactionProducer::finish() { return impl_->finish(); }
const Deliveries& TransactionProducer::deliveries() const { return impl_->deliveries(); }
int TransactionProducer::partitions() const { return impl_->partitions(); }
std::string TransactionProducer::trouble() const { return impl_->trouble(); }

}  // namespace bank::kafka
