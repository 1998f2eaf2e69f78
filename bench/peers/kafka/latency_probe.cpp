// How long a transaction takes until what the detector says of it is visible.
//
//   latency_probe BROKER TOPIC OUTPUT_TOPIC FILE RATE QUIET_SECONDS
//
// Sends the lines of FILE (of `bank generate`) to TOPIC at RATE a second, each with the time of its sending as its
// timestamp, to the microsecond; reads OUTPUT_TOPIC as a read_committed consumer, whose records repeat that timestamp;
// and prints, in milliseconds, {"sent": N, "seconds": S, "seen": N, "p50": …, "p99": …, "p999": …, "max": …}. The first
// two seconds don't count. It ends when all is sent and nothing has come for QUIET_SECONDS.
#include <librdkafka/rdkafka.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

using Properties = std::vector<std::pair<std::string, std::string>>;

constexpr std::int64_t us_per_second = 1'000'000;
constexpr std::int64_t warm_up_us = 2 * us_per_second;
constexpr std::size_t timestamp_bytes = sizeof("2026-01-01 00:00:00.000000") - 1;
constexpr std::string_view timestamp_key = "\"timestamp\": \"";
constexpr std::string_view account_key = "\"account_number\": \"";

[[noreturn]] void fail(std::string_view what, std::string_view why) {
  std::fprintf(stderr, "latency_probe: %.*s: %.*s\n", static_cast<int>(what.size()), what.data(),
               static_cast<int>(why.size()), why.data());
  std::exit(1);
}

void check(std::string_view what, rd_kafka_resp_err_t code) {
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) fail(what, rd_kafka_err2str(code));
}

std::int64_t now_us() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

rd_kafka_t* make_client(rd_kafka_type_t type, const Properties& properties) {
  std::array<char, 512> message{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (const auto& [name, value] : properties) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), message.data(), message.size()) != RD_KAFKA_CONF_OK) {
      fail(name, message.data());
    }
  }
  rd_kafka_t* client = rd_kafka_new(type, conf, message.data(), message.size());
  if (client == nullptr) fail("the client", message.data());
  return client;
}

std::string timestamp_text(std::int64_t us) {
  const std::time_t seconds = us / us_per_second;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
  std::snprintf(text.data() + size, text.size() - size, ".%06d", static_cast<int>(us % us_per_second));
  return text.data();
}

std::int64_t timestamp_us(std::string_view text) {
  const auto number = [&](std::size_t at, std::size_t size) {
    int value = 0;
    for (const char digit : text.substr(at, size)) value = value * 10 + (digit - '0');
    return value;
  };
  std::tm parts{};
  parts.tm_year = number(0, 4) - 1900;
  parts.tm_mon = number(5, 2) - 1;
  parts.tm_mday = number(8, 2);
  parts.tm_hour = number(11, 2);
  parts.tm_min = number(14, 2);
  parts.tm_sec = number(17, 2);
  return timegm(&parts) * us_per_second + number(20, 6);
}

// What stands behind a key, up to the quote.
std::string_view text_of(std::string_view json, std::string_view key) {
  const std::size_t at = json.find(key);
  if (at == std::string_view::npos) fail("a record has no", key);
  const std::size_t begin = at + key.size();
  return json.substr(begin, json.find('"', begin) - begin);
}

// Reads the output until it is told that all is sent, and nothing more has come for a while.
class Reader {
 public:
  Reader(const std::string& broker, const std::string& topic, std::int64_t quiet_us) : quiet_us_(quiet_us) {
    // A group of its own: the members of another process's group may not have left it yet.
    client_ = make_client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", broker},
                                              {"group.id", "latency-probe-" + std::to_string(getpid())},
                                              {"enable.auto.commit", "false"},
                                              {"auto.offset.reset", "earliest"},
                                              {"isolation.level", "read_committed"}});
    rd_kafka_poll_set_consumer(client_);
    rd_kafka_topic_partition_list_t* topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, topic.c_str(), RD_KAFKA_PARTITION_UA);
    check("subscribing", rd_kafka_subscribe(client_, topics));
    rd_kafka_topic_partition_list_destroy(topics);
  }

  void run(std::int64_t counts_from_us, const std::atomic<bool>& all_sent) {
    std::int64_t last_us = now_us();
    while (!all_sent || now_us() - last_us < quiet_us_) {
      rd_kafka_message_t* message = rd_kafka_consumer_poll(client_, 100);
      if (message == nullptr) {
        if (!all_sent) last_us = now_us();
        continue;
      }
      check("consuming", message->err);
      last_us = now_us();
      const std::string_view value(static_cast<const char*>(message->payload), message->len);
      const std::string_view timestamp = text_of(value, timestamp_key);
      if (timestamp.size() != timestamp_bytes) fail("not a timestamp that was sent", timestamp);
      const std::int64_t sent_us = timestamp_us(timestamp);
      if (sent_us >= counts_from_us) latencies_us_.push_back(last_us - sent_us);
      rd_kafka_message_destroy(message);
    }
    std::sort(latencies_us_.begin(), latencies_us_.end());
  }

  [[nodiscard]] std::size_t seen() const { return latencies_us_.size(); }

  [[nodiscard]] double percentile_ms(double share) const {
    if (latencies_us_.empty()) return 0;
    const auto rank = static_cast<std::size_t>(share * static_cast<double>(latencies_us_.size() - 1));
    return static_cast<double>(latencies_us_[rank]) / 1e3;
  }

 private:
  std::int64_t quiet_us_;
  rd_kafka_t* client_;
  std::vector<std::int64_t> latencies_us_;
};

void produce(rd_kafka_t* client, const std::string& topic, std::string line) {
  const std::string account(text_of(line, account_key));
  const std::string_view old = text_of(line, timestamp_key);
  const std::int64_t sent_us = now_us();
  line.replace(static_cast<std::size_t>(old.data() - line.data()), old.size(), timestamp_text(sent_us));
  check("producing",
        rd_kafka_producev(client, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_KEY(account.data(), account.size()),
                          RD_KAFKA_V_VALUE(line.data(), line.size()), RD_KAFKA_V_TIMESTAMP(sent_us / 1000),
                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END));
}

std::int64_t send(rd_kafka_t* client, const std::string& topic, const std::string& file, double rate) {
  std::ifstream lines(file);
  if (!lines) fail(file, "can't be read");
  const auto start = std::chrono::steady_clock::now();
  std::int64_t sent = 0;
  const auto tick =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(rate / 1000));  // a sleep for each record is too much
  for (std::string line; std::getline(lines, line); ++sent) {
    if (sent % tick == 0) {
      const auto due_us = static_cast<std::int64_t>(static_cast<double>(sent) / rate * 1e6);
      std::this_thread::sleep_until(start + std::chrono::microseconds(due_us));
    }
    produce(client, topic, std::move(line));
    rd_kafka_poll(client, 0);
  }
  check("flushing", rd_kafka_flush(client, 60'000));
  return sent;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 7) fail("usage", "latency_probe BROKER TOPIC OUTPUT_TOPIC FILE RATE QUIET_SECONDS");
  const std::string broker = arguments[1];
  rd_kafka_t* producer = make_client(RD_KAFKA_PRODUCER, {{"bootstrap.servers", broker},
                                                         {"enable.idempotence", "true"},
                                                         {"compression.type", "lz4"},
                                                         {"partitioner", "murmur2_random"},
                                                         {"linger.ms", "1"}});
  Reader reader(broker, arguments[3], static_cast<std::int64_t>(std::strtod(arguments[6], nullptr) * us_per_second));
  std::atomic<bool> all_sent = false;
  const std::int64_t start_us = now_us();
  std::thread reading([&] { reader.run(start_us + warm_up_us, all_sent); });
  const std::int64_t sent = send(producer, arguments[2], arguments[4], std::strtod(arguments[5], nullptr));
  const double seconds = static_cast<double>(now_us() - start_us) / 1e6;
  all_sent = true;
  reading.join();
  std::printf(
      "{\"sent\": %lld, \"seconds\": %.3f, \"seen\": %zu, \"p50\": %.3f, \"p99\": %.3f, \"p999\": %.3f, \"max\": "
      "%.3f}\n",
      static_cast<long long>(sent), seconds, reader.seen(), reader.percentile_ms(0.5), reader.percentile_ms(0.99),
      reader.percentile_ms(0.999), reader.percentile_ms(1));
  std::fflush(stdout);
  std::_Exit(0);
}
