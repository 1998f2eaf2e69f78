#include "pipeline/forgetting.h"

#include <gtest/gtest.h>

#include <string>

#include "base/hash.h"
#include "engine/plan.h"
#include "rules/load.h"

namespace bank::pipeline {
namespace {

constexpr std::int64_t minute_us = 60'000'000;

constexpr std::string_view rules = R"(version: 1
rules:
  - {id: OFTEN, severity: LOW, score: 1, when: count(50m) >= 3, reason: "r"}
)";

/// A partition with a reach of an hour: 50 minutes, and twice 5.
class Partition {
 public:
  Partition() : plan_(engine::Plan::compile(*rules::parse_rules(rules, "test.yaml"))), engine_(plan_, options) {}

  /// One transaction of each of so many new accounts.
  void see(int accounts, std::int64_t time_us) {
    for (int i = 0; i < accounts; ++i) {
      const std::string account = "A" + std::to_string(next_account_++);
      model::Transaction transaction;
      transaction.transaction_id = account;
      transaction.account_number = account;
      transaction.transaction_type = "PAYMENT";
      transaction.time = model::EventTime::from_us(time_us);
      transaction.account_hash = hash64(account);
      judgements_.clear();
      engine_.judge({&transaction, 1}, judgements_);
      trusted_.note(transaction.account_hash, time_us);
    }
    forgetting.sweep(trusted_, engine_);
  }
  [[nodiscard]] std::uint64_t accounts() const { return engine_.statistics().accounts; }

 private:
  static constexpr engine::Options options{.lateness_us = 5 * minute_us};
  std::shared_ptr<const engine::Plan> plan_;
  engine::Engine engine_;
  engine::Judgements judgements_;
  TrustedTime trusted_;
  int next_account_ = 0;

 public:
  Forgetting forgetting{reach_us_of(*plan_, options)};
};

TEST(Forgetting, ReachesOverTheLongestWindowAndTwiceTheLateness) {
  EXPECT_EQ(Partition().forgetting.reach_us(), 60 * minute_us);
}

TEST(Forgetting, DropsAccountsThatWereSilentForTheReach) {
  Partition partition;
  partition.see(100, 0);
  EXPECT_EQ(partition.forgetting.before_us(), -60 * minute_us);
  partition.see(20, 59 * minute_us);  // the first are an hour old in a minute
  EXPECT_EQ(partition.accounts(), 120U);
  partition.see(20, 95 * minute_us);
  EXPECT_EQ(partition.accounts(), 40U);
  EXPECT_EQ(partition.forgetting.before_us(), 35 * minute_us);
}

TEST(Forgetting, SweepsTwiceInTheReach) {
  Partition partition;
  partition.see(20, 0);
  partition.see(20, 61 * minute_us);
  EXPECT_EQ(partition.accounts(), 20U);
  partition.see(20, 90 * minute_us);
  EXPECT_EQ(partition.forgetting.before_us(), 1 * minute_us) << "not yet half a reach further";
  partition.see(20, 92 * minute_us);
  EXPECT_EQ(partition.forgetting.before_us(), 32 * minute_us);
}

TEST(Forgetting, WaitsForATimeThatCanBeTrusted) {
  Partition partition;
  partition.see(5, 0);
  partition.see(5, 1000 * minute_us);
  EXPECT_EQ(partition.accounts(), 10U);
  EXPECT_EQ(partition.forgetting.before_us(), no_time);
}

TEST(Forgetting, GoesOnWhereASavedOneStood) {
  Partition partition;
  partition.forgetting.set_before_us(10 * minute_us);
  partition.see(20, 99 * minute_us);  // the edge is at 39 minutes: 29 further
  EXPECT_EQ(partition.forgetting.before_us(), 10 * minute_us);
  partition.see(20, 101 * minute_us);
  EXPECT_EQ(partition.forgetting.before_us(), 41 * minute_us);
}

}  // namespace
}  // namespace bank::pipeline
