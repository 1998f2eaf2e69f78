#include "cli/topic_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bank::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(PlannedTopics, AreFive) {
  std::vector<std::string> names;
  for (const PlannedTopic& topic : planned_topics(config::Settings())) names.push_back(topic.name);
  EXPECT_THAT(names, ElementsAre("banking-transactions", "fraud-alerts", "processed-transactions", "analytics-results",
                                 "banking-transactions.dlq"));
}

TEST(DifferingSettings, NamesBothValuesAndTheReason) {
  const PlannedTopic planned{"t", "x", {{"retention.ms", "-1", "for ever"}, {"cleanup.policy", "delete", "a log"}}};
  const std::vector<kafka::TopicSetting> actual = {{.name = "cleanup.policy", .value = "delete"},
                                                   {.name = "retention.ms", .value = "5", .own = true}};
  EXPECT_THAT(differing_settings(planned, actual), ElementsAre("retention.ms is 5; bank would set -1: for ever"));
}

TEST(DifferingSettings, SaysNothingOfWhatTheBrokerDoesNotKnow) {
  const PlannedTopic planned{"t", "x", {{"retention.ms", "-1", "for ever"}}};
  EXPECT_THAT(differing_settings(planned, {}), IsEmpty());
}

}  // namespace
}  // namespace bank::cli
