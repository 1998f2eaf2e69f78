#include "adapters/kafka/topic_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/kafka/client.h"
#include "adapters/kafka/topic_batch.h"

namespace bank::kafka {
namespace {

constexpr int idle_ms = 200;
constexpr int attempts = 25;

Result<Client> make_reader(const Connection& connection) {
  const std::array<Property, 2> chosen = {Property{"queued.min.messages", "100000"},
                                          {"group.id", "bank-reader"}};  // named, and never joined
  const std::array<Property, 6> required = {
      Property{"enable.auto.commit", "false"}, {"enable.auto.offset.store", "false"},
      {"isolation.level", "read_committed"},   {"auto.offset.reset", "earliest"},
      {"enable.partition.eof", "true"},        {"allow.auto.create.topics", "false"}};
  return Client::make(RD_KAFKA_CONSUMER, connection, chosen, required);
}

Result<TopicEnds> ends_of(const Client& client, const std::string& topic) {
  const Result<std::vector<std::int32_t>> partitions = partitions_of(client, topic);
  if (!partitions) return std::unexpected(partitions.error());
  TopicEnds ends;
  for (const std::int32_t partition : *partitions) {
    std::int64_t low = 0;
    std::int64_t high = 0;
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    for (int attempt = 0; attempt < attempts; ++attempt) {
      code = rd_kafka_query_watermark_offsets(client.get(), topic.c_str(), partition, &low, &high, call_timeout_ms);
      // A topic that was made just now has no leader yet.
      if (code != RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION && code != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) break;
      rd_kafka_poll(client.get(), idle_ms);
    }
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return std::unexpected(client.error(fmt::format("cannot look up the end of {}/{}", topic, partition), code));
    }
    ends[partition] = high;
  }
  return ends;
}

class TopicSource final : public pipeline::Source {
 public:
  TopicSource(Client client, TopicSourceOptions options) : client_(std::move(client)), options_(std::move(options)) {}
  ~TopicSource() override { rd_kafka_consumer_close(client_.get()); }
  TopicSource(const TopicSource&) = delete;
  TopicSource& operator=(const TopicSource&) = delete;

  Result<void> begin() {
    rd_kafka_poll_set_consumer(client_.get());
    const Result<TopicEnds> ends = ends_of(client_, options_.topic);
    if (!ends) return std::unexpected(ends.error());
    const PartitionList list = make_list(static_cast<int>(ends->size()));
    for (const auto& [partition, end] : *ends) {
      std::int64_t start = options_.from_beginning ? RD_KAFKA_OFFSET_BEGINNING : end;
      if (const auto named = options_.from.find(partition); named != options_.from.end()) start = named->second;
      rd_kafka_topic_partition_list_add(list.get(), options_.topic.c_str(), partition)->offset = start;
      streams_[partition].origin = fmt::format("{}/{}/", options_.topic, partition);
      if (end == 0 || start >= end) continue;
      if (!options_.follow) left_[partition] = end;
    }
    const rd_kafka_resp_err_t code = rd_kafka_assign(client_.get(), list.get());
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
      return std::unexpected(client_.error("cannot read " + options_.topic, code));
    return {};
  }

  Result<std::unique_ptr<pipeline::RawBatch>> next() override {
    auto batch = std::make_unique<TopicBatch>();
    while (!batch->full() && !stopped() && (options_.follow || !left_.empty())) {
      // Waits for the first one only.
      const Message message(rd_kafka_consumer_poll(client_.get(), batch->bytes() == 0 ? idle_ms : 0));
      if (message == nullptr) {
        if (batch->bytes() > 0 || options_.follow) break;
        if (client_.complaints().unreachable()) {
          return std::unexpected(client_.error("cannot read " + options_.topic, "no broker answers"));
        }
        continue;
      }
      if (Result<void> taken = take(*message, *batch); !taken) return std::unexpected(taken.error());
    }
    if (batch->bytes() == 0 && (stopped() || (!options_.follow && left_.empty()))) return nullptr;
    batch->finish();
    return batch;
  }

 private:
  [[nodiscard]] bool stopped() const {
    return options_.stop != nullptr && options_.stop->load(std::memory_order_relaxed);
  }

  Result<void> take(const rd_kafka_message_t& message, TopicBatch& batch) {
    if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      left_.erase(message.partition);
      return {};
    }
    if (message.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
        message.err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
      return std::unexpected(client_.error("cannot read " + options_.topic, rd_kafka_message_errstr(&message)));
    }
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) return {};  // the client tries again
    client_.complaints().note_reachable();
    const auto end = left_.find(message.partition);
    if (!options_.follow && end == left_.end()) return {};  // came after the end that counts
    if (end != left_.end() && message.offset >= end->second) {
      left_.erase(end);
      return {};
    }
    batch.add(message.offset, {static_cast<const char*>(message.payload), message.len}, streams_.at(message.partition));
    if (end != left_.end() && message.offset + 1 == end->second) left_.erase(end);
    return {};
  }

  Client client_;
  const TopicSourceOptions options_;
  std::map<std::int32_t, pipeline::Stream> streams_;
  TopicEnds left_;  // partitions that have not come to their end, and that end; unused when following
};

}  // namespace

Result<TopicEnds> topic_ends(const Connection& connection, const std::string& topic) {
  const Result<Client> client = make_reader(connection);
  if (!client) return std::unexpected(client.error());
  return ends_of(*client, topic);
}

Result<std::unique_ptr<pipeline::Source>> open_topic(const TopicSourceOptions& options) {
  Result<Client> client = make_reader(options.connection);
  if (!client) return std::unexpected(client.error());
  auto source = std::make_unique<TopicSource>(std::move(*client), options);
  if (Result<void> begun = source->begin(); !begun) return std::unexpected(begun.error());
  return source;
}

}  // namespace bank::kafka
