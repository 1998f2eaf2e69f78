#include "analytics/named_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "base/hash.h"

namespace bank::analytics {
namespace {

void count(NamedTable<Tally>& table, const std::string& name, std::uint64_t times = 1) {
  Tally& tally = table.at(name, hash64(name));
  tally.count += times;
  tally.volume += times * 10;
}

TEST(NamedTable, HoldsEveryNameWhileTheyFit) {
  NamedTable<Tally> table(50'000);
  std::map<std::string, std::uint64_t> naive;
  std::mt19937 random(1);
  for (int i = 0; i < 200'000; ++i) {
    const std::string name = "ACC-" + std::to_string(random() % 40'000);
    count(table, name);
    ++naive[name];
  }
  EXPECT_TRUE(table.exact());
  EXPECT_EQ(table.distinct(), naive.size());
  for (const auto& entry : table.entries()) ASSERT_EQ(entry.value.count, naive.at(std::string(entry.name)));
}

TEST(NamedTable, TakesNamesOfAnyLength) {
  NamedTable<Tally> table(8);
  const std::string longest(1 << 20, 'x');
  count(table, "");
  count(table, longest);
  count(table, "y");
  count(table, longest);
  ASSERT_EQ(table.entries().size(), 3U);
  EXPECT_EQ(table.entries()[0].name, "");
  EXPECT_EQ(table.entries()[1].name, longest);
  EXPECT_EQ(table.entries()[1].value.count, 2U);
}

TEST(NamedTable, TellsNamesWithEqualHashesApart) {
  NamedTable<Tally> table(8);
  table.at("a", 7).count = 1;
  table.at("b", 7).count = 2;
  EXPECT_EQ(table.at("a", 7).count, 1U);
  EXPECT_EQ(table.at("b", 7).count, 2U);
}

TEST(NamedTable, ListsTheLargestFirstAndEqualOnesByName) {
  NamedTable<Tally> table(8);
  count(table, "b", 2);
  count(table, "c", 3);
  count(table, "a", 2);
  count(table, "d", 1);
  const auto top = table.top(3, [](const Tally& tally) { return tally.count; });
  ASSERT_EQ(top.size(), 3U);
  EXPECT_EQ(top[0]->name, "c");
  EXPECT_EQ(top[1]->name, "a");
  EXPECT_EQ(top[2]->name, "b");
  EXPECT_EQ(table.top(9, [](const Tally& tally) { return tally.count; }).size(), 4U);
}

/// A heavy tail over 20,000 names in a table of 1,000.
struct Overflow {
  NamedTable<Tally> whole{1'000};
  NamedTable<Tally> merged{1'000};
  std::map<std::string, std::uint64_t> naive;

  Overflow() {
    NamedTable<Tally> half{1'000};
    std::mt19937 random(2);
    for (int i = 0; i < 300'000; ++i) {
      const std::uint64_t rank = random() % 3 == 0 ? random() % 20 : random() % 20'000;
      const std::string name = "M" + std::to_string(rank);
      count(whole, name);
      count(i % 2 == 0 ? merged : half, name);
      ++naive[name];
    }
    merged.merge(half);
  }
};

TEST(NamedTable, BoundsItsErrorOnceItForgets) {
  const Overflow data;
  for (const auto* table : {&data.whole, &data.merged}) {
    EXPECT_FALSE(table->exact());
    EXPECT_LE(table->entries().size(), 1'000U);
    for (const auto& entry : table->entries()) {
      const std::uint64_t truth = data.naive.at(std::string(entry.name));
      ASSERT_LE(entry.value.count, truth);
      ASSERT_GE(entry.value.count + table->count_error(), truth);
      ASSERT_GE(entry.value.volume + table->volume_error(), truth * 10);
    }
  }
}

TEST(NamedTable, KeepsTheHeavyOnesWhenItForgets) {
  const Overflow data;
  for (const auto* table : {&data.whole, &data.merged}) {
    for (const auto* entry : table->top(20, [](const Tally& tally) { return tally.count; })) {
      EXPECT_LT(std::stoi(std::string(entry->name.substr(1))), 20) << entry->name;
    }
    EXPECT_NEAR(static_cast<double>(table->distinct()), 20'000.0, 20'000 * 0.03);
  }
}

TEST(DistinctEstimator, StaysWithinThreePercent) {
  for (const std::uint64_t n : {0U, 1U, 10U, 1'000U, 40'000U, 60'000U, 1'000'000U}) {
    DistinctEstimator estimator;
    for (std::uint64_t i = 0; i < n; ++i) estimator.add(hash64("ACC-" + std::to_string(i)));
    EXPECT_NEAR(static_cast<double>(estimator.estimate()), static_cast<double>(n), 0.03 * static_cast<double>(n)) << n;
  }
}

}  // namespace
}  // namespace bank::analytics
