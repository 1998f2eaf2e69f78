#include "analytics/amount_sketch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace bank::analytics {
namespace {

using model::Amount;

constexpr std::array all_percentages = {1, 5, 10, 25, 50, 75, 90, 95, 99, 100};

std::vector<std::int64_t> heavy_tail(std::size_t count, unsigned seed) {
  std::mt19937_64 random(seed);
  std::lognormal_distribution<double> shape(13, 3);
  std::vector<std::int64_t> units;
  for (std::size_t i = 0; i < count; ++i) {
    units.push_back(std::min(static_cast<std::int64_t>(std::min(shape(random), 1e18)), Amount::max_units));
  }
  return units;
}

AmountSketch sketch_of(const std::vector<std::int64_t>& units) {
  AmountSketch sketch;
  for (const std::int64_t u : units) sketch.add(Amount::from_units(u));
  return sketch;
}

/// The definition: the smallest amount that at least p percent are not above.
std::int64_t naive_percentile(std::vector<std::int64_t> units, int percentage) {
  std::sort(units.begin(), units.end());
  std::size_t rank = 1;
  while (rank * 100 < units.size() * static_cast<std::size_t>(percentage)) ++rank;
  return units[rank - 1];
}

TEST(AmountSketch, IsExactForFewAmounts) {
  for (const std::size_t count : {1U, 2U, 99U, 100U, 101U, 5'000U}) {
    const auto units = heavy_tail(count, static_cast<unsigned>(count));
    const AmountSketch sketch = sketch_of(units);
    EXPECT_TRUE(sketch.exact());
    const auto values = sketch.percentiles(all_percentages);
    for (std::size_t i = 0; i < all_percentages.size(); ++i) {
      EXPECT_EQ(values[i].units(), naive_percentile(units, all_percentages[i])) << count << " p" << all_percentages[i];
    }
    EXPECT_EQ(sketch.min().units(), *std::min_element(units.begin(), units.end()));
    EXPECT_EQ(sketch.max().units(), *std::max_element(units.begin(), units.end()));
  }
}

TEST(AmountSketch, KeepsItsErrorBoundForMany) {
  const auto units = heavy_tail(AmountSketch::exact_limit * 3, 7);
  const AmountSketch sketch = sketch_of(units);
  EXPECT_FALSE(sketch.exact());
  const auto values = sketch.percentiles(all_percentages);
  for (std::size_t i = 0; i < all_percentages.size(); ++i) {
    const auto truth = static_cast<double>(naive_percentile(units, all_percentages[i]));
    EXPECT_LE(std::abs(static_cast<double>(values[i].units()) - truth), AmountSketch::relative_error * truth)
        << "p" << all_percentages[i];
  }
}

TEST(AmountSketch, KeepsItsErrorBoundForEveryMagnitude) {
  for (std::int64_t base = 1; base < Amount::max_units / 3; base *= 3) {
    AmountSketch sketch;
    for (std::size_t i = 0; i < AmountSketch::exact_limit; ++i) sketch.add(Amount::from_units(base));
    sketch.add(Amount::from_units(0));
    sketch.add(Amount::from_units(Amount::max_units));
    const auto median = static_cast<double>(sketch.percentiles(std::array{50})[0].units());
    ASSERT_FALSE(sketch.exact());
    ASSERT_LE(std::abs(median - static_cast<double>(base)), AmountSketch::relative_error * static_cast<double>(base));
  }
}

TEST(AmountSketch, MergedIsTheSameAsOnePass) {
  for (const std::size_t count :
       {10UL, AmountSketch::exact_limit, AmountSketch::exact_limit + 1, AmountSketch::exact_limit * 2}) {
    const auto units = heavy_tail(count, 11);
    const AmountSketch whole = sketch_of(units);
    const auto cut = units.begin() + static_cast<std::ptrdiff_t>(count / 3);
    AmountSketch merged = sketch_of({units.begin(), cut});
    merged.merge(sketch_of({cut, units.end()}));
    merged.merge(AmountSketch());
    EXPECT_EQ(merged.exact(), whole.exact());
    EXPECT_EQ(merged.count(), whole.count());
    EXPECT_EQ(merged.min(), whole.min());
    EXPECT_EQ(merged.max(), whole.max());
    EXPECT_EQ(merged.percentiles(all_percentages), whole.percentiles(all_percentages)) << count;
    EXPECT_EQ(merged.histogram(), whole.histogram());
  }
}

TEST(AmountSketch, TakesMoreOnceMergedPastTheLimit) {
  const auto units = heavy_tail(AmountSketch::exact_limit, 12);
  AmountSketch merged = sketch_of(units);
  merged.merge(sketch_of(units));
  for (const std::int64_t u : units) merged.add(Amount::from_units(u));
  EXPECT_EQ(merged.count(), 3 * AmountSketch::exact_limit);
  EXPECT_FALSE(merged.exact());
}

TEST(AmountSketch, HistogramCountsExactly) {
  auto units = heavy_tail(20'000, 13);
  units.insert(units.end(), {0, 99, 100, 149, 150, 10'000, 15'000, Amount::max_units});
  const auto bins = sketch_of(units).histogram();
  ASSERT_FALSE(bins.empty());
  EXPECT_EQ(bins.front().low.units(), 0);
  EXPECT_EQ(bins.back().high.units(), Amount::max_units + 1);
  for (std::size_t i = 0; i < bins.size(); ++i) {
    ASSERT_TRUE(i == 0 || bins[i].low == bins[i - 1].high);
    const auto inside = std::count_if(units.begin(), units.end(), [&](std::int64_t u) {
      return u >= bins[i].low.units() && u < bins[i].high.units();
    });
    ASSERT_EQ(bins[i].count, static_cast<std::uint64_t>(inside)) << bins[i].low.units();
  }
}

TEST(AmountSketch, IsEmptyOfNothing) {
  EXPECT_TRUE(AmountSketch().histogram().empty());
  EXPECT_EQ(AmountSketch().count(), 0U);
}

}  // namespace
}  // namespace bank::analytics
