#include "adapters/kafka/follower.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <utility>
#include <vector>

#include "adapters/kafka/client.h"
#include "adapters/kafka/topic_batch.h"

namespace bank::kafka {
namespace {

constexpr int idle_ms = 200;
constexpr int look_ms = 2'000;

}  // namespace

class Follower::Impl {
 public:
  Impl(Client client, FollowerOptions options) : client_(std::move(client)), options_(std::move(options)) {}
  ~Impl() { rd_kafka_consumer_close(client_.get()); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Result<void> begin() {
    rd_kafka_poll_set_consumer(client_.get());
    const Result<std::vector<std::int32_t>> partitions = partitions_of(client_, options_.topic);
    if (!partitions) return std::unexpected(partitions.error());
    return assign(*partitions);
  }

  void look_for_partitions() {
    if (client_.complaints().unreachable()) return;
    const Result<std::vector<std::int32_t>> partitions = partitions_of(client_, options_.topic, look_ms);
    // What can't be told now is told the next time; and that a topic is gone, by next().
    if (!partitions || partitions->size() <= streams_.size()) return;
    static_cast<void>(assign(*partitions));
  }

  Result<std::unique_ptr<pipeline::RawBatch>> next() {
    auto batch = std::make_unique<TopicBatch>();
    while (!batch->full()) {
      if (options_.stop->load(std::memory_order_relaxed)) return nullptr;
      // Waits for the first one only.
      const Message message(rd_kafka_consumer_poll(client_.get(), batch->bytes() == 0 ? idle_ms : 0));
      if (message == nullptr) break;
      if (message->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
          message->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
        return std::unexpected(client_.error("cannot read " + options_.topic, rd_kafka_message_errstr(message.get())));
      }
      if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;  // the client tries again
      client_.complaints().note_reachable();
      batch->add(message->offset, {static_cast<const char*>(message->payload), message->len},
                 streams_.at(message->partition));
      offsets_[message->partition] = message->offset + 1;
    }
    batch->finish();
    return batch;
  }

  void commit() {
    const PartitionList list = make_list(static_cast<int>(offsets_.size()));
    for (const auto& [partition, offset] : offsets_) {
      rd_kafka_topic_partition_list_add(list.get(), options_.topic.c_str(), partition)->offset = offset;
    }
    static_cast<void>(rd_kafka_commit(client_.get(), list.get(), 1));
  }

  [[nodiscard]] std::int64_t lag() const {
    std::int64_t lag = 0;
    for (const auto& [partition, stream] : streams_) {
      std::int64_t low = 0;
      std::int64_t high = 0;
      if (rd_kafka_get_watermark_offsets(client_.get(), options_.topic.c_str(), partition, &low, &high) !=
              RD_KAFKA_RESP_ERR_NO_ERROR ||
          high < 0) {
        continue;  // not known before the first answer
      }
      std::int64_t position = low;
      if (const auto named = options_.from.find(partition); named != options_.from.end()) position = named->second;
      if (const auto read = offsets_.find(partition); read != offsets_.end()) position = read->second;
      // The mark of a transaction's end is an offset, too, and no record.
      if (high - position > 1) lag += high - position;
    }
    return lag;
  }

  [[nodiscard]] std::string trouble() const {
    if (!client_.complaints().unreachable()) return {};
    return client_.error("cannot read " + options_.topic, "no broker answers").message;
  }

  [[nodiscard]] const TopicEnds& offsets() const { return offsets_; }

 private:
  Result<void> assign(const std::vector<std::int32_t>& partitions) {
    const PartitionList list = make_list(static_cast<int>(partitions.size()));
    for (const std::int32_t partition : partitions) {
      rd_kafka_topic_partition_t* added =
          rd_kafka_topic_partition_list_add(list.get(), options_.topic.c_str(), partition);
      // Stored: where the group stands, and, where it never was, by auto.offset.reset at the beginning.
      added->offset = RD_KAFKA_OFFSET_STORED;
      if (const auto named = options_.from.find(partition); named != options_.from.end()) added->offset = named->second;
      if (const auto read = offsets_.find(partition); read != offsets_.end()) added->offset = read->second;
    }
    const rd_kafka_resp_err_t code = rd_kafka_assign(client_.get(), list.get());
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return std::unexpected(client_.error("cannot read " + options_.topic, code));
    }
    for (const std::int32_t partition : partitions) {
      streams_[partition].origin = fmt::format("{}/{}/", options_.topic, partition);
    }
    return {};
  }

  Client client_;
  const FollowerOptions options_;
  std::map<std::int32_t, pipeline::Stream> streams_;
  TopicEnds offsets_;
};

Result<std::unique_ptr<Follower>> Follower::open(const FollowerOptions& options) {
  const std::array<Property, 1> chosen = {Property{"queued.min.messages", "100000"}};
  const std::array<Property, 6> required = {
      Property{"group.id", options.group},   {"enable.auto.commit", "false"},   {"enable.auto.offset.store", "false"},
      {"isolation.level", "read_committed"}, {"auto.offset.reset", "earliest"}, {"allow.auto.create.topics", "false"}};
  Result<Client> client = Client::make(RD_KAFKA_CONSUMER, options.connection, chosen, required);
  if (!client) return std::unexpected(client.error());
  auto impl = std::make_unique<Impl>(std::move(*client), options);
  if (Result<void> begun = impl->begin(); !begun) return std::unexpected(begun.error());
  return std::unique_ptr<Follower>(new Follower(std::move(impl)));
}

Follower::Follower(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Follower::~Follower() = default;
Result<std::unique_ptr<pipeline::RawBatch>> Follower::next() { return impl_->next(); }
void Follower::look_for_partitions() { impl_->look_for_partitions(); }
const TopicEnds& Follower::offsets() const { return impl_->offsets(); }
void Follower::commit() { impl_->commit(); }
std::int64_t Follower::lag() const { return impl_->lag(); }
std::string Follower::trouble() const { return impl_->trouble(); }

}  // namespace bank::kafka
