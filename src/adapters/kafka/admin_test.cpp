#include "adapters/kafka/admin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bank::kafka {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Nobody listens on port 1. What a broker answers is for tests/system/test_kafka_topics.py, which has one.
TEST(Admin, SaysInOneSentenceThatNobodyAnswers) {
  ManualClock clock;
  const auto admin =
      Admin::connect({.bootstrap_servers = "127.0.0.1:1"}, clock, {.connect_ms = 500, .request_ms = 500});
  ASSERT_FALSE(admin.has_value());
  EXPECT_EQ(admin.error().message,
            "cannot reach Kafka: no Kafka broker answers at 127.0.0.1:1 (Connection refused); is it running (make "
            "kafka-up), and is the address right (--bootstrap-server)?");
}

TEST(Admin, RefusesAPropertyThatIsNoneWithoutItsValue) {
  ManualClock clock;
  const Connection connection{.bootstrap_servers = "127.0.0.1:1", .properties = {{"sasl.pasword", "geheim"}}};
  const auto admin = Admin::connect(connection, clock, {});
  ASSERT_FALSE(admin.has_value());
  EXPECT_EQ(admin.error().kind, ErrorKind::config);
  EXPECT_THAT(admin.error().message, HasSubstr("sasl.pasword"));
  EXPECT_THAT(admin.error().message, Not(HasSubstr("geheim")));
}

TEST(IsSecret, KnowsWhatMustNotBeShown) {
  for (const char* secret :
       {"sasl.password", "ssl.key.password", "ssl.key.pem", "ssl.keystore.password", "sasl.oauthbearer.client.secret",
        "sasl.oauthbearer.config", "sasl.oauthbearer.assertion.private.key.passphrase"}) {
    EXPECT_TRUE(is_secret(secret)) << secret;
  }
  for (const char* open : {"sasl.username", "sasl.mechanism", "ssl.key.location", "ssl.ca.pem", "linger.ms"}) {
    EXPECT_FALSE(is_secret(open)) << open;
  }
}

TEST(ClusterInfo, FindsATopicByName) {
  ClusterInfo info;
  info.topics.push_back({.name = "a", .partitions = {}});
  EXPECT_EQ(info.find("a"), &info.topics[0]);
  EXPECT_EQ(info.find("b"), nullptr);
}

}  // namespace
}  // namespace bank::kafka
