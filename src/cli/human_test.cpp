#include "cli/human.h"

#include <gtest/gtest.h>

#include <limits>

namespace bank::cli {
namespace {

TEST(Human, GroupsDigits) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1000), "1,000");
  EXPECT_EQ(with_commas(1234567), "1,234,567");
  EXPECT_EQ(with_commas(-999), "-999");
  EXPECT_EQ(with_commas(-1000), "-1,000");
  EXPECT_EQ(with_commas(std::numeric_limits<std::int64_t>::min()), "-9,223,372,036,854,775,808");
}

TEST(Human, WritesBytesInTheUnitThatSuits) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(1023), "1023 B");
  EXPECT_EQ(human_bytes(1024), "1.0 KiB");
  EXPECT_EQ(human_bytes(12'897'485), "12.3 MiB");
  EXPECT_EQ(human_bytes(1024 * 1024 - 1), "1.0 MiB");
  EXPECT_EQ(human_bytes(std::numeric_limits<std::int64_t>::max()), "8192.0 PiB");
}

TEST(Human, WritesTimesInTheUnitThatSuits) {
  EXPECT_EQ(human_seconds(0), "0 ms");
  EXPECT_EQ(human_seconds(0.085), "85 ms");
  EXPECT_EQ(human_seconds(0.9996), "1.0 s");
  EXPECT_EQ(human_seconds(4.12), "4.1 s");
  EXPECT_EQ(human_seconds(59.97), "1 min 00 s");
  EXPECT_EQ(human_seconds(125), "2 min 05 s");
  EXPECT_EQ(human_seconds(3725), "1 h 02 min");
}

TEST(Human, RoundsRatesToThreeDigits) {
  EXPECT_EQ(human_rate(2'312'345), "2,310,000/s");
  EXPECT_EQ(human_rate(999.6), "1,000/s");
  EXPECT_EQ(human_rate(12), "12/s");
  EXPECT_EQ(human_rate(std::numeric_limits<double>::infinity()), "-");
}

TEST(Human, WritesPercent) {
  EXPECT_EQ(human_percent(0.9344), "93.4 %");
  EXPECT_EQ(human_percent(1, 0), "100 %");
}

TEST(Human, BarsAreAsLongAsTheirFraction) {
  EXPECT_EQ(bar(0, 10), "");
  EXPECT_EQ(bar(1, 4), "████");
  EXPECT_EQ(bar(2, 4), "████");
  EXPECT_EQ(bar(0.5, 3), "█▌");
  EXPECT_EQ(bar(1e-9, 10), "▏") << "what is there must be seen";
  EXPECT_EQ(bar(std::numeric_limits<double>::quiet_NaN(), 10), "");
}

}  // namespace
}  // namespace bank::cli
