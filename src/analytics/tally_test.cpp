#include "analytics/tally.h"

#include <gtest/gtest.h>

namespace bank::analytics {
namespace {

TEST(Money, IsWrittenExactly) {
  EXPECT_EQ(money_text(0), "0.00");
  EXPECT_EQ(money_text(1), "0.0001");
  EXPECT_EQ(money_text(12'345'600), "1234.56");
  EXPECT_EQ(money_text(12'345'610), "1234.561");
  const auto largest = static_cast<Uint128>(model::Amount::max_units);
  EXPECT_EQ(money_text(largest * 1'000'000'000'000), "99999999999999999900000000.00");
}

TEST(Money, IsGroupedForPeople) {
  EXPECT_EQ(money_for_people(0), "0.00");
  EXPECT_EQ(money_for_people(9'999'950), "1,000.00") << "cents are rounded";
  EXPECT_EQ(money_for_people(12'345'678'900), "1,234,567.89");
  EXPECT_EQ(count_for_people(999), "999");
  EXPECT_EQ(count_for_people(1'000), "1,000");
}

TEST(Money, IsShortenedToThreeDigits) {
  EXPECT_EQ(count_short(0), "0");
  EXPECT_EQ(count_short(7), "7");
  EXPECT_EQ(count_short(999), "999");
  EXPECT_EQ(count_short(1'000), "1k");
  EXPECT_EQ(count_short(1'234), "1.23k");
  EXPECT_EQ(count_short(12'345), "12.3k");
  EXPECT_EQ(count_short(5'000'000), "5M");
  EXPECT_EQ(count_short(1'200'000), "1.2M");
  EXPECT_EQ(count_short(1'050'000), "1.05M");
  EXPECT_EQ(count_short(9'999), "10k");
  EXPECT_EQ(count_short(999'499), "999k");
  EXPECT_EQ(count_short(999'500), "1M");
  EXPECT_EQ(money_short(125'000), "12.5");
  EXPECT_EQ(money_short(12'500), "1.25");
  EXPECT_EQ(money_short(8'455'000'000'000), "846M");
}

}  // namespace
}  // namespace bank::analytics
