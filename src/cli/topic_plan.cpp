#include "cli/topic_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/kafka.h"

namespace bank::cli {
namespace {

constexpr PlannedSetting as_produced = {"compression.type", "producer",
                                        "compressed once, by whoever sends, and never again"};
constexpr PlannedSetting deleted = {"cleanup.policy", "delete", "a log: a later record of an account replaces none"};

// Record times are event times in these. Kafka counts its retention by them: with seven days, a replay of last year's
// transactions would be gone within minutes; and it refuses records from more than an hour ahead, which are for the
// detector to judge.
constexpr PlannedSetting event_time = {"message.timestamp.type", "CreateTime", "a record's time is its event's"};
constexpr PlannedSetting any_time = {"message.timestamp.after.max.ms", "9223372036854775807",
                                     "events that are dated ahead are judged, not refused"};
constexpr PlannedSetting no_age = {"retention.ms", "-1",
                                   "age is that of the event: by it, older transactions would go as soon as they came"};
constexpr PlannedSetting by_size = {"retention.bytes", "4294967296",
                                    "so the oldest go when a partition has 4 GiB, some 40 million transactions"};

// These count from when they were written, of whatever day the transaction is.
constexpr PlannedSetting append_time = {"message.timestamp.type", "LogAppendTime",
                                        "a record's time is when it was written, so retention counts from there"};
constexpr PlannedSetting month = {"retention.ms", "2592000000", "30 days, for those who look into them"};
constexpr PlannedSetting day = {"retention.ms", "86400000", "a day: the next figures replace them soon"};
constexpr PlannedSetting large = {"max.message.bytes", "2097152",
                                  "the largest record that may come in, with the headers that say what was wrong"};

}  // namespace

std::vector<PlannedTopic> planned_topics(const config::Settings& settings) {
  return {
      {settings.string("kafka.transactions_topic"),
       "transactions, keyed by account",
       {deleted, as_produced, event_time, any_time, no_age, by_size}},
      {settings.string("kafka.alerts_topic"), "alerts", {deleted, as_produced, append_time, month}},
      {settings.string("kafka.processed_topic"),
       "transactions with risk and decision",
       {deleted, as_produced, event_time, any_time, no_age, by_size}},
      {settings.string("kafka.analytics_topic"), "live analytics", {deleted, as_produced, append_time, day}},
      {dead_letter_topic(settings),
       "records that are no valid transaction",
       {deleted, as_produced, append_time, month, large}},
  };
}

std::vector<std::string> differing_settings(const PlannedTopic& planned,
                                            const std::vector<kafka::TopicSetting>& actual) {
  std::vector<std::string> differences;
  for (const PlannedSetting& wanted : planned.settings) {
    const auto found = std::ranges::find(actual, wanted.name, &kafka::TopicSetting::name);
    // A broker that doesn't know a setting has nothing that could differ.
    if (found == actual.end() || found->value == wanted.value) continue;
    differences.push_back(
        fmt::format("{} is {}; bank would set {}: {}", wanted.name, found->value, wanted.value, wanted.why));
  }
  return differences;
}

}  // namespace bank::cli
