// The tree against a plain sorted list.
#include "engine/large_history.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

#include "engine/history.h"
#include "rules/load.h"

namespace bank::engine {
namespace {

std::shared_ptr<const Plan> plan() {
  auto rules = rules::parse_rules(R"(version: 1
rules:
  - {id: A, severity: LOW, score: 1, reason: r, when: 'sum(amount, 50s) > stddev(amount, 100s, hour < 12) and count(20s) > 1 and distinct(location, 60s) > 2 and distinct(amount, 30s, hour < 12) > 1'}
)",
                                  "t");
  if (!rules) throw std::runtime_error(rules.error().message);
  return Plan::compile(*rules);
}

class LargeHistoryTest : public ::testing::TestWithParam<int> {};

TEST_P(LargeHistoryTest, AnswersAsAListWould) {
  const auto shared = plan();
  const Plan& compiled = *shared;
  const std::int64_t max_lateness = GetParam();
  Histories memory(compiled);
  BlockPool blocks(compiled.layout());
  LargeHistory history(compiled, blocks, memory.symbols());
  std::vector<Entry> list;  // by time, then arrival
  std::mt19937_64 random(static_cast<std::uint64_t>(GetParam()));
  std::int64_t now = 1000;
  std::int64_t newest = 0;
  constexpr std::int64_t keep = 5000;
  for (int step = 0; step < 12'000; ++step) {
    now += static_cast<std::int64_t>(random() % 3);
    const std::int64_t time = now - static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(max_lateness + 1));
    newest = std::max(newest, time);
    const std::int64_t edge = newest - keep;
    history.prune(edge);
    std::erase_if(list, [&](const Entry& entry) { return entry.time_us < edge; });

    // Questions as of `time`, before the entry is in.
    const std::int64_t from = std::max(edge, time - static_cast<std::int64_t>(random() % 3000));
    for (std::uint32_t m = 0; m < compiled.measures().size(); ++m) {
      const Measure& measure = compiled.measures()[m];
      Totals expected;
      for (const Entry& entry : list) {
        if (entry.time_us < from || entry.time_us > time) continue;
        if (measure.flag != Measure::no_flag && (entry.words[0] >> measure.flag & 1) == 0) continue;
        if (measure.column == Measure::no_column) {
          ++expected.count;
        } else {
          expected.add(entry.values[measure.column], measure.needs);
        }
      }
      const Totals got = history.totals(m, from, time);
      ASSERT_EQ(got.count, expected.count) << step;
      ASSERT_TRUE(got.sum == expected.sum && got.squares == expected.squares);
      ASSERT_EQ(got.min, expected.min);
      ASSERT_EQ(got.max, expected.max);
    }
    for (const std::uint32_t q : compiled.distinct_queries()) {
      const Query& query = compiled.queries()[q];
      const std::int64_t window_from = std::max(edge, time - query.window_us / 20'000);
      std::set<std::uint64_t> expected;
      const Measure& measure = compiled.measures()[query.measure];
      for (const Entry& entry : list) {
        if (entry.time_us < window_from || entry.time_us > time) continue;
        if (measure.flag != Measure::no_flag && (entry.words[0] >> measure.flag & 1) == 0) continue;
        const std::uint64_t key = query.by_symbol ? entry.words[query.distinct_column]
                                                  : static_cast<std::uint64_t>(entry.values[query.distinct_column]);
        if (!query.by_symbol || key != 0) expected.insert(key);
      }
      const std::uint64_t own = 1 + random() % 9;
      const auto got = history.distinct(q, window_from, time, own);
      ASSERT_EQ(got.count, expected.size()) << step;
      ASSERT_EQ(got.has_own, expected.contains(own)) << step;
    }
    const auto latest = history.latest(time, edge);
    const Entry* expected_latest = nullptr;
    for (const Entry& entry : list) {
      if (entry.time_us <= time) expected_latest = &entry;
    }
    ASSERT_EQ(latest.block.bytes() == nullptr, expected_latest == nullptr);
    if (expected_latest != nullptr) {
      ASSERT_EQ(latest.block.ids_low()[latest.index], expected_latest->id.low);
    }

    if (time < edge) continue;  // judged, but too old to join: it asked about a range that ends before it begins
    Entry entry = memory.make_entry();
    entry.time_us = time;
    entry.id = {random(), random()};
    for (auto& value : entry.values) value = static_cast<std::int64_t>(random() % 9 + 1);
    entry.words[0] = static_cast<std::uint32_t>(random() % 2);
    for (std::size_t w = 1; w < entry.words.size(); ++w) {
      entry.words[w] = random() % 5 == 0 ? Symbols::null : memory.symbols().acquire(std::to_string(random() % 9));
    }
    ASSERT_FALSE(history.holds(entry.id, edge));
    history.insert(entry);
    ASSERT_TRUE(history.holds(entry.id, edge));
    list.insert(
        std::upper_bound(list.begin(), list.end(), time, [](std::int64_t t, const Entry& e) { return t < e.time_us; }),
        entry);
    for (const Entry& old : {list.front(), list[list.size() / 2]}) ASSERT_TRUE(history.holds(old.id, edge));
  }
  EXPECT_GE(history.entries(), list.size());
  EXPECT_LE(history.entries(), list.size() + BlockPool::largest);
  history.prune(INT64_MAX);
  EXPECT_EQ(history.entries(), 0U);
  EXPECT_EQ(memory.symbols().size(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Lateness, LargeHistoryTest, ::testing::Values(0, 5, 500, 4000, 7000));

}  // namespace
}  // namespace bank::engine
