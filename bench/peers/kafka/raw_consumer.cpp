// The limit: librdkafka hands every record of a topic to a callback that does nothing.
//
//   raw_consumer BROKER TOPIC [PROPERTY=VALUE…]     prints {"records": N, "seconds": S}, S from the first record to the
//   last
//
// bank's own settings of the client; no group to join, nothing to commit.
#include <librdkafka/rdkafka.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using Time = std::chrono::steady_clock;

struct Progress {
  std::int64_t records = 0;
  Time::time_point first;
};

[[noreturn]] void fail(std::string_view what, std::string_view why) {
  std::fprintf(stderr, "raw_consumer: %.*s: %.*s\n", static_cast<int>(what.size()), what.data(),
               static_cast<int>(why.size()), why.data());
  std::exit(1);
}

void set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  std::array<char, 512> message{};
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), message.data(), message.size()) != RD_KAFKA_CONF_OK) {
    fail(name, message.data());
  }
}

void check(std::string_view what, rd_kafka_resp_err_t code) {
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) fail(what, rd_kafka_err2str(code));
}

void on_record(rd_kafka_message_t* message, void* opaque) {
  check("consuming", message->err);
  auto& progress = *static_cast<Progress*>(opaque);
  if (progress.records++ == 0) progress.first = Time::now();
}

int partition_count(rd_kafka_t* client, const std::string& topic) {
  rd_kafka_topic_t* handle = rd_kafka_topic_new(client, topic.c_str(), nullptr);
  const struct rd_kafka_metadata* metadata = nullptr;
  check("asking for the topic", rd_kafka_metadata(client, 0, handle, &metadata, 10'000));
  const int count = metadata->topic_cnt == 1 ? metadata->topics[0].partition_cnt : 0;
  rd_kafka_metadata_destroy(metadata);
  rd_kafka_topic_destroy(handle);
  if (count == 0) fail(topic, "no such topic");
  return count;
}

// Begins to consume all partitions, from their beginnings, into one queue. Returns how many records there are.
std::int64_t assign(rd_kafka_t* client, const std::string& topic, rd_kafka_queue_t* queue) {
  rd_kafka_topic_partition_list_t* partitions = rd_kafka_topic_partition_list_new(4);
  std::int64_t records = 0;
  const int count = partition_count(client, topic);
  for (int number = 0; number < count; ++number) {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    check("asking for offsets", rd_kafka_query_watermark_offsets(client, topic.c_str(), number, &begin, &end, 10'000));
    records += end - begin;
    rd_kafka_topic_partition_list_add(partitions, topic.c_str(), number)->offset = RD_KAFKA_OFFSET_BEGINNING;
  }
  check("assigning", rd_kafka_assign(client, partitions));
  for (int number = 0; number < count; ++number) {
    rd_kafka_queue_t* own = rd_kafka_queue_get_partition(client, topic.c_str(), number);
    rd_kafka_queue_forward(own, queue);
    rd_kafka_queue_destroy(own);
  }
  rd_kafka_topic_partition_list_destroy(partitions);
  return records;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) fail("usage", "raw_consumer BROKER TOPIC [PROPERTY=VALUE…]");
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", arguments[1]);
  set(conf, "group.id", "raw-consumer");
  set(conf, "enable.auto.commit", "false");
  set(conf, "isolation.level", "read_committed");
  set(conf, "queued.min.messages", "500000");
  for (int i = 3; i < count; ++i) {
    const std::string property = arguments[i];
    const std::size_t equals = property.find('=');
    if (equals == std::string::npos) fail(property, "is not PROPERTY=VALUE");
    set(conf, property.substr(0, equals), property.substr(equals + 1));
  }
  std::array<char, 512> message{};
  rd_kafka_t* client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, message.data(), message.size());
  if (client == nullptr) fail("the client", message.data());
  rd_kafka_queue_t* queue = rd_kafka_queue_new(client);

  Progress progress;
  const std::int64_t records = assign(client, arguments[2], queue);
  while (progress.records < records) rd_kafka_consume_callback_queue(queue, 100, on_record, &progress);
  const std::chrono::duration<double> seconds = Time::now() - progress.first;
  std::printf("{\"records\": %lld, \"seconds\": %.6f}\n", static_cast<long long>(progress.records), seconds.count());
  std::fflush(stdout);
  std::_Exit(0);  // what is left to free and to close is not measured
}
