#include "generator/calendar.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace bank::generator {
namespace {

constexpr std::int64_t jan_1_2026 = 20'454;  // A Thursday.

TEST(Calendar, KnowsDatesAndWeekdays) {
  EXPECT_EQ(date_of(jan_1_2026).year, 2026);
  EXPECT_EQ(date_of(jan_1_2026).month, 1U);
  EXPECT_EQ(date_of(jan_1_2026).day, 1U);
  EXPECT_EQ(weekday_of(jan_1_2026), 3U);
  EXPECT_EQ(weekday_of(0), 3U);   // 1970-01-01 too.
  EXPECT_EQ(weekday_of(-1), 2U);  // Before it, a Wednesday.
  EXPECT_EQ(date_of(-1).year, 1969);
  EXPECT_EQ(date_of(19'782).day, 29U);  // 2024-02-29
}

TEST(Calendar, FloorsBefore1970) {
  EXPECT_EQ(floor_divide(-1, 10), -1);
  EXPECT_EQ(floor_divide(-10, 10), -1);
  EXPECT_EQ(floor_divide(9, 10), 0);
}

TEST(Calendar, AWeekIsAsBusyAsItSays) {
  double sum = 0;
  for (std::int64_t day = jan_1_2026; day < jan_1_2026 + 7; ++day)
    for (unsigned hour = 0; hour < 24; ++hour) sum += activity(day, hour);
  EXPECT_NEAR(sum, 7 * 24, 1e-9);
  EXPECT_GT(activity(jan_1_2026, 12), 5 * activity(jan_1_2026, 3));
}

TEST(Calendar, EveryoneIsPaidAboutOnceAMonthOrTwice) {
  std::array<int, pay_groups> times{};
  for (std::int64_t day = jan_1_2026; day < jan_1_2026 + 365; ++day) {
    for (unsigned group = 0; group < pay_groups; ++group)
      times[group] += (groups_paid_on(day) >> group & 1) != 0 ? 1 : 0;
  }
  for (unsigned group = 0; group < 30; ++group) EXPECT_EQ(times[group], paid_by_fortnight(group) ? 26 : 12) << group;
  EXPECT_EQ(times[30] + times[31], 0);
}

TEST(Calendar, CountsAndFindsPayees) {
  for (const std::uint32_t mask : {0x1u, 0x80000000u, 0xf0f0f0f0u, 0xffffffffu}) {
    for (const std::uint64_t customers : {0U, 1U, 31U, 32U, 33U, 100U, 1000U}) {
      std::vector<std::uint64_t> expected;
      for (std::uint64_t i = 0; i < customers; ++i) {
        if (mask >> (i % pay_groups) & 1) expected.push_back(i);
      }
      ASSERT_EQ(payees(mask, customers), expected.size());
      for (std::uint64_t k = 0; k < expected.size(); ++k) ASSERT_EQ(payee(mask, k), expected[k]);
    }
  }
}

}  // namespace
}  // namespace bank::generator
