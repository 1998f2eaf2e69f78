#include "generator/random.h"

#include <gtest/gtest.h>

#include "generator/amount_curve.h"

namespace bank::generator {
namespace {

// SplitMix64 from seed 0 gives this sequence in its authors' code.
TEST(Mix64, IsSplitMix64) {
  EXPECT_EQ(mix64(0x9e3779b97f4a7c15u), 0xe220a8397b1dcdafu);
  EXPECT_EQ(mix64(2 * 0x9e3779b97f4a7c15u), 0x6e789e6aa1b965f4u);
}

// What xoshiro256** gives after seeding with SplitMix64 from 0, as in other implementations (Rust's rand_xoshiro,
// seed_from_u64(0)).
TEST(Random, IsXoshiro256StarStar) {
  Random random(0);
  EXPECT_EQ(random.next(), 0x99ec5f36cb75f2b4u);
  EXPECT_EQ(random.next(), 0xbf6e1f784956452au);
}

TEST(Random, StaysInBounds) {
  Random random(1);
  bool low = false;
  bool high = false;
  for (int i = 0; i < 10'000; ++i) {
    const std::int64_t value = random.between(-2, 2);
    ASSERT_GE(value, -2);
    ASSERT_LE(value, 2);
    low |= value == -2;
    high |= value == 2;
  }
  EXPECT_TRUE(low && high);
}

TEST(Choice, KeepsTheWeights) {
  const std::array<double, 3> weights{1, 0, 3};
  const Choice<10> choice(weights);
  std::array<int, 3> counts{};
  Random random(7);
  for (int i = 0; i < 40'000; ++i) ++counts[choice.pick(random.next())];
  EXPECT_NEAR(counts[0], 10'000, 400);
  EXPECT_EQ(counts[1], 0);
  EXPECT_NEAR(counts[2], 30'000, 400);
}

TEST(AmountCurve, HasItsMedianItsTailAndItsEdges) {
  constexpr AmountCurve curve(500, 4'000, 400'000, AmountCurve::Tail::heavy, 10);
  Random random(3);
  int below_median = 0;
  int tenfold = 0;
  constexpr int draws = 100'000;
  for (int i = 0; i < draws; ++i) {
    const std::int64_t cents = curve.draw(random.next());
    ASSERT_GE(cents, 500);
    ASSERT_LE(cents, 400'000);
    ASSERT_EQ(cents % 10, 0);
    below_median += cents < 4'000 ? 1 : 0;
    tenfold += cents > 40'000 ? 1 : 0;
  }
  EXPECT_NEAR(below_median, draws / 2.0, draws / 100.0);
  EXPECT_NEAR(tenfold, draws / 100.0, draws / 500.0);
}

TEST(AmountCurve, StaysWithinItsEdgesWhateverTheScale) {
  constexpr AmountCurve curve(500, 4'000, 400'000, AmountCurve::Tail::heavy, 7);
  for (const std::int64_t scale_64 : {32, 64, 159, 256}) {
    for (const std::uint64_t bits : {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{1} << 63}) {
      EXPECT_GE(curve.draw(bits, scale_64), 500);
      EXPECT_LE(curve.draw(bits, scale_64), 400'000);
    }
  }
}

}  // namespace
}  // namespace bank::generator
