#include "adapters/kafka/producer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace bank::kafka {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::int16_t produce_request = 0;

/// On librdkafka's own imitation of a broker.
class Producer : public testing::Test {
 protected:
  Producer() {
    rd_kafka_mock_topic_create(cluster_, "transactions", 3, 1);
    options_.connection.bootstrap_servers = rd_kafka_mock_cluster_bootstraps(cluster_);
  }
  ~Producer() override {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(owner_);
    fs::remove_all(folder_);
  }

  [[nodiscard]] std::unique_ptr<TransactionProducer> open() { return TransactionProducer::open(options_).value(); }
  void set(const std::string& name, const std::string& value) {
    options_.connection.properties.emplace_back(name, value);
  }
  static void send(TransactionProducer& producer, int from, int to) {
    for (int i = from; i < to; ++i) {
      const std::string number = std::to_string(i);
      producer.send({.key = "A" + number, .value = "{\"n\":" + number + "}", .time = model::EventTime::from_us(i)});
    }
  }
  [[nodiscard]] std::string spool() const {
    std::ifstream file(options_.spool);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static std::string lines(int from, int to) {
    std::string text;
    for (int i = from; i < to; ++i) text += "{\"n\":" + std::to_string(i) + "}\n";
    return text;
  }

  static rd_kafka_t* make_owner() {
    char message[512];
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
    return rd_kafka_new(RD_KAFKA_PRODUCER, conf, message, sizeof(message));
  }

  rd_kafka_t* owner_ = make_owner();
  rd_kafka_mock_cluster_t* cluster_ = rd_kafka_mock_cluster_new(owner_, 1);
  fs::path folder_ = fs::temp_directory_path() / ("bank-producer-" + std::to_string(getpid()) + "-" +
                                                  testing::UnitTest::GetInstance()->current_test_info()->name());
  std::atomic<bool> stop_ = false;
  SystemClock clock_;
  ProducerOptions options_{.connection = {},
                           .topic = "transactions",
                           .spool = (folder_ / "spool.json").string(),
                           .stop = stop_,
                           .clock = clock_};
};

TEST_F(Producer, DeliversAndCounts) {
  const auto producer = open();
  EXPECT_EQ(producer->partitions(), 3);
  send(*producer, 0, 1000);
  ASSERT_TRUE(producer->finish().has_value());
  EXPECT_EQ(producer->deliveries().sent, 1000U);
  EXPECT_EQ(producer->deliveries().delivered, 1000U);
  EXPECT_EQ(producer->deliveries().delivered_bytes, lines(0, 1000).size() - 1000);
  EXPECT_EQ(producer->deliveries().undelivered, 0U);
  EXPECT_FALSE(fs::exists(options_.spool));
}

TEST_F(Producer, WaitsWhileTheLocalQueueIsFull) {
  set("queue.buffering.max.messages", "10");
  int waits = 0;
  options_.on_wait = [&] { ++waits; };
  const auto producer = open();
  send(*producer, 0, 500);
  ASSERT_TRUE(producer->finish().has_value());
  EXPECT_EQ(producer->deliveries().delivered, 500U);
  EXPECT_GT(waits, 10);
}

TEST_F(Producer, SpoolsATooLargeRecordAloneAndGoesOn) {
  const auto producer = open();
  send(*producer, 0, 10);
  const std::string large = "{\"large\":\"" + std::string(1'200'000, 'x') + "\"}";
  producer->send({.key = "A", .value = large, .time = {}});
  EXPECT_FALSE(producer->ended());
  send(*producer, 10, 20);
  const Result<void> finished = producer->finish();
  ASSERT_FALSE(finished.has_value());
  EXPECT_THAT(finished.error().message, HasSubstr("a record is larger than the topic takes"));
  EXPECT_THAT(finished.error().message, HasSubstr("1 record not delivered: `bank replay " + options_.spool));
  EXPECT_EQ(producer->deliveries().delivered, 20U);
  EXPECT_EQ(spool(), large + "\n");
}

TEST_F(Producer, EndsWhenTheBrokerRefusesAndSpoolsTheRestInOrder) {
  rd_kafka_mock_push_request_errors(cluster_, produce_request, 1, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  rd_kafka_mock_topic_create(cluster_, "single", 1, 1);
  options_.topic = "single";
  const auto producer = open();
  send(*producer, 0, 100);
  const std::int64_t deadline_ns = clock_.monotonic_ns() + 10'000'000'000;
  while (!producer->ended() && clock_.monotonic_ns() < deadline_ns) producer->serve();
  ASSERT_TRUE(producer->ended());
  send(*producer, 100, 150);
  const Result<void> finished = producer->finish();
  ASSERT_FALSE(finished.has_value());
  EXPECT_THAT(finished.error().message, HasSubstr("uthorization"));
  EXPECT_EQ(spool(), lines(static_cast<int>(producer->deliveries().delivered), 150));
  EXPECT_EQ(producer->deliveries().undelivered, 150 - producer->deliveries().delivered);
}

TEST_F(Producer, EndsWhenNoBrokerAnswersInTime) {
  set("message.timeout.ms", "1000");
  const auto producer = open();
  send(*producer, 0, 50);
  while (producer->deliveries().delivered < 50) producer->serve();
  rd_kafka_mock_broker_set_down(cluster_, 1);
  send(*producer, 50, 80);
  const Result<void> finished = producer->finish();
  ASSERT_FALSE(finished.has_value());
  EXPECT_THAT(finished.error().message, StartsWith("cannot send to topic transactions: "));
  EXPECT_EQ(spool(), lines(50, 80));
}

TEST_F(Producer, AStopLeavesTheBrokerAFewSecondsOnly) {
  ManualClock clock;
  int waits = 0;
  const ProducerOptions options{.connection = options_.connection,
                                .topic = options_.topic,
                                .spool = options_.spool,
                                .stop = stop_,
                                .clock = clock,
                                .on_wait = [&] { clock.advance_us(3'000'000), ++waits; }};
  const auto producer = TransactionProducer::open(options).value();
  rd_kafka_mock_broker_set_down(cluster_, 1);
  send(*producer, 0, 30);
  stop_ = true;
  EXPECT_FALSE(producer->finish().has_value());
  EXPECT_EQ(waits, 5);  // at 0, 3, 6, 9 and 12 seconds
  EXPECT_EQ(spool(), lines(0, 30));
}

TEST_F(Producer, WantsATopicThatExists) {
  options_.topic = "nope";
  const auto producer = TransactionProducer::open(options_);
  ASSERT_FALSE(producer.has_value());
  EXPECT_THAT(producer.error().message, HasSubstr("there is no such topic"));
}

TEST_F(Producer, WantsItsGuaranteesLeftAlone) {
  set("enable.idempotence", "false");
  const auto producer = TransactionProducer::open(options_);
  ASSERT_FALSE(producer.has_value());
  EXPECT_EQ(producer.error().kind, ErrorKind::config);
}

TEST_F(Producer, SaysWhereTheSpoolFailedToo) {
  options_.spool = "/proc/nowhere/spool.json";
  const auto producer = open();
  producer->send({.key = "A", .value = std::string(1'200'000, 'x'), .time = {}});
  const Result<void> finished = producer->finish();
  ASSERT_FALSE(finished.has_value());
  EXPECT_THAT(finished.error().message, HasSubstr("not all of them kept: /proc/nowhere"));
}

}  // namespace
}  // namespace bank::kafka
