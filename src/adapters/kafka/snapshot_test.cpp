#include "adapters/kafka/snapshot.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "rules/load.h"

namespace bank::kafka {
namespace {

constexpr const char* rules_text = R"(version: 1
rules:
  - id: BUSY
    severity: LOW
    score: 10
    when: count(10m) >= 3
    reason: "{count(10m)} in 10 minutes"
)";

class SnapshotTest : public testing::Test {
 protected:
  void SetUp() override {
    plan_ = plan_of(rules_text);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static std::shared_ptr<const engine::Plan> plan_of(const std::string& text) {
    const auto rules = rules::parse_rules(text, "rules.yaml");
    EXPECT_TRUE(rules) << rules.error().message;
    return engine::Plan::compile(*rules);
  }

  std::unique_ptr<Partition> make() { return std::make_unique<Partition>(3, plan_, options_); }

  // Ten accounts, one transaction each ten seconds, offsets from `first`.
  static Batch batch(std::int64_t first, std::int64_t count) {
    Batch made;
    for (std::int64_t i = first; i < first + count; ++i) {
      const std::int64_t second = i * 10;
      made.append(i, "key",
                  fmt::format(R"({{"transaction_id":"T{}","account_number":"A{}","transaction_type":"PAYMENT",)"
                              R"("amount":1.5,"timestamp":"2026-01-01 {:02}:{:02}:{:02}"}})",
                              i, i % 20, second / 3600, second / 60 % 60, second % 60));
    }
    return made;
  }
  std::string judge(Partition& partition, std::int64_t first, std::int64_t count) {
    Batch records = batch(first, count);
    Chunk chunk;
    partition.judge(records, clock_, chunk);
    return chunk.judged.alerts;
  }

  std::string folder_ = testing::TempDir() + "snapshot_test";
  std::shared_ptr<const engine::Plan> plan_;
  JudgingOptions options_{.topic = "t"};
  ManualClock clock_;
};

TEST_F(SnapshotTest, ARestoredPartitionGoesOnAsTheSavedOne) {
  const auto first = make();
  judge(*first, 0, 1000);
  const std::string saved = save_partition(*first);
  EXPECT_EQ(snapshot_offset(saved, *make()), 1000);
  const auto second = make();
  const auto restored = restore_partition(saved, *second);
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_EQ(second->position(), 1000);
  EXPECT_EQ(second->replay_point(), first->replay_point());
  const std::string alerts = judge(*first, 1000, 500);
  EXPECT_FALSE(alerts.empty());
  EXPECT_EQ(judge(*second, 1000, 500), alerts);
  EXPECT_EQ(second->replay_point(), first->replay_point());
}

TEST_F(SnapshotTest, DamageIsSeen) {
  const auto partition = make();
  judge(*partition, 0, 50);
  const std::string saved = save_partition(*partition);
  for (std::size_t i = 0; i < saved.size(); i += 7) {
    std::string damaged = saved;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    EXPECT_EQ(snapshot_offset(damaged, *make()), -1) << i;
    EXPECT_FALSE(restore_partition(damaged, *make())) << i;
    EXPECT_EQ(snapshot_offset(std::string_view(saved).substr(0, i), *make()), -1) << i;
    EXPECT_FALSE(restore_partition(std::string_view(saved).substr(0, i), *make())) << i;
  }
}

TEST_F(SnapshotTest, OfOtherRulesOrColumnsIsRefused) {
  const auto partition = make();
  judge(*partition, 0, 50);
  const std::string saved = save_partition(*partition);
  const auto refused_by = [&](const std::shared_ptr<const engine::Plan>& plan, const JudgingOptions& options) {
    Partition other(3, plan, options);
    return snapshot_offset(saved, other) == -1 && !restore_partition(saved, other);
  };
  EXPECT_FALSE(refused_by(plan_, options_));

  std::string longer = rules_text;
  longer.replace(longer.find("10m"), 3, "20m");
  EXPECT_TRUE(refused_by(plan_of(longer), options_));

  JudgingOptions later = options_;
  later.engine.lateness_us += 1;
  EXPECT_TRUE(refused_by(plan_, later));

  JudgingOptions mapped = options_;
  ASSERT_TRUE(mapped.names.map("account_number=card"));
  EXPECT_TRUE(refused_by(plan_, mapped));

  partition->set_lineage(1);
  EXPECT_EQ(snapshot_offset(saved, *partition), -1);
}

TEST_F(SnapshotTest, IsWrittenOnlyWhenItsRecordsAreCommitted) {
  std::atomic<std::int64_t> committed = 0;
  const auto partition = make();
  judge(*partition, 0, 100);
  partition->set_position(300'000);  // as if it had read so many
  {
    Snapshots snapshots(folder_, "t", [&](std::int32_t) { return committed.load(); }, [](const std::string&) {});
    snapshots.consider_last(*partition);
    EXPECT_EQ(snapshots.load(3), "");
  }
  {
    Snapshots snapshots(folder_, "t", [&](std::int32_t) { return committed.load(); }, [](const std::string&) {});
    EXPECT_EQ(snapshots.load(3), "");
    committed = 300'000;
    snapshots.consider_last(*partition);
  }
  Snapshots snapshots(folder_, "t", [&](std::int32_t) { return committed.load(); }, [](const std::string&) {});
  EXPECT_EQ(snapshot_offset(snapshots.load(3), *partition), 300'000);
  EXPECT_EQ(snapshots.load(4), "");
}

TEST_F(SnapshotTest, AFolderThatCannotBeWrittenIsToldOnce) {
  std::vector<std::string> told;
  {
    Snapshots snapshots(
        folder_ + "/missing", "t", [](std::int32_t) { return std::int64_t{1'000'000'000}; },
        [&](const std::string& text) { told.push_back(text); });
    const auto partition = make();
    judge(*partition, 0, 100);
    for (std::int64_t position : {300'000, 900'000}) {
      partition->set_position(position);
      snapshots.consider_last(*partition);
    }
  }
  ASSERT_EQ(told.size(), 1);
  EXPECT_THAT(told[0], testing::HasSubstr("goes on without"));
}

}  // namespace
}  // namespace bank::kafka
