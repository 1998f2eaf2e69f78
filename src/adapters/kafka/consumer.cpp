#include "adapters/kafka/consumer.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <vector>

namespace bank::kafka {
namespace {

constexpr int call_timeout_ms = 10'000;
constexpr int look_ms = 100;

}  // namespace

Result<Client> make_consumer(const DetectorOptions& options, const Callbacks& callbacks) {
  std::vector<Property> chosen = {
      {"queued.min.messages", "500000"},  // far less, and the client idles between two fetches
      // Of each worker. Some thousandths of a second's work; more would be memory that has left the caches when its
      // turn comes.
      {"queued.max.messages.kbytes", "4096"},
      {"session.timeout.ms", "10000"},
      {"heartbeat.interval.ms", "2000"},
      {"fetch.error.backoff.ms", "100"},
      {"topic.metadata.refresh.interval.ms", "60000"},
      {"statistics.interval.ms", "0"},
      // While a fetch waits for records of the partitions that are read to their ends, others are not fetched.
      {"fetch.wait.max.ms", "20"}};
  if (!oversleeps()) chosen.emplace_back("fetch.queue.backoff.ms", "1");
  std::vector<Property> required = {{"group.id", options.group},           {"enable.auto.commit", "false"},
                                    {"enable.auto.offset.store", "false"}, {"isolation.level", "read_committed"},
                                    {"auto.offset.reset", "error"},        {"partition.assignment.strategy", "range"},
                                    {"enable.partition.eof", "true"},      {"allow.auto.create.topics", "false"}};
  if (!options.instance.empty()) required.emplace_back("group.instance.id", options.instance);
  return Client::make(RD_KAFKA_CONSUMER, options.connection, chosen, required, callbacks);
}

Result<void> check_topics(const Client& consumer, const DetectorOptions& options) {
  for (const std::string& topic :
       {options.transactions_topic, options.alerts_topic, options.processed_topic, options.dead_letter_topic}) {
    if (topic.empty()) continue;
    const Topic handle(rd_kafka_topic_new(consumer.get(), topic.c_str(), nullptr));
    const struct rd_kafka_metadata* metadata = nullptr;
    const rd_kafka_resp_err_t code = rd_kafka_metadata(consumer.get(), 0, handle.get(), &metadata, call_timeout_ms);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      rd_kafka_poll(consumer.get(), 0);
      return std::unexpected(consumer.error(fmt::format("cannot look up topic {}", topic), code));
    }
    const rd_kafka_resp_err_t of_topic =
        metadata->topic_cnt == 1 ? metadata->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    rd_kafka_metadata_destroy(metadata);
    if (of_topic == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || of_topic == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC) {
      return fail(fmt::format("topic {} does not exist at {}; `bank topics create` makes what is missing", topic,
                              options.connection.bootstrap_servers));
    }
    if (of_topic != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return std::unexpected(consumer.error(fmt::format("cannot use topic {}", topic), of_topic));
    }
  }
  return {};
}

std::optional<Error> consumer_error(const Client& consumer, const DetectorOptions& options) {
  std::array<char, 512> reason{};
  const rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(consumer.get(), reason.data(), reason.size());
  if (fatal == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID) {
    return Error{ErrorKind::runtime,
                 fmt::format("another detector has joined group {} as instance {}, and takes this one's place; each "
                             "needs a name of its own (kafka.instance)",
                             options.group, options.instance)};
  }
  if (fatal != RD_KAFKA_RESP_ERR_NO_ERROR) return consumer.error("the consumer gave up", reason.data());
  // The client says so once, and goes on trying; without the group nothing would ever be assigned.
  if (const std::string refusal = consumer.complaints().refusal(); !refusal.empty()) {
    return Error{ErrorKind::runtime,
                 fmt::format("cannot take part in group {}: {}; the user needs the right to read as this group, and to "
                             "read topic {}",
                             options.group, refusal, options.transactions_topic)};
  }
  return std::nullopt;
}

void look_for_broker(const Client& consumer) {
  const struct rd_kafka_metadata* metadata = nullptr;
  if (rd_kafka_metadata(consumer.get(), 0, nullptr, &metadata, look_ms) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  rd_kafka_metadata_destroy(metadata);
  consumer.complaints().note_reachable();
}

}  // namespace bank::kafka
