#include "engine/wide.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <random>

namespace bank::engine {
namespace {

// Schoolbook multiplication on 32-bit digits, as an independent check.
UInt256 slow_multiply(UInt128 a, UInt128 b) {
  UInt256 sum;
  for (int bit = 0; bit < 128; ++bit) {
    if (((b >> bit) & 1) == 0) continue;
    UInt256 shifted{a << bit, bit == 0 ? UInt128{0} : a >> (128 - bit)};
    sum += shifted;
  }
  return sum;
}

TEST(UInt256, MultipliesLikeAddingAndShifting) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    const UInt128 a = ((UInt128{random()} << 64) | random()) >> (random() % 128);
    const UInt128 b = ((UInt128{random()} << 64) | random()) >> (random() % 128);
    EXPECT_EQ(multiply(a, b), slow_multiply(a, b));
  }
  const UInt128 all = ~UInt128{0};
  EXPECT_EQ(multiply(all, all), slow_multiply(all, all));
}

TEST(UInt256, SubtractionUndoesAddition) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 1000; ++i) {
    const UInt256 a = multiply((UInt128{random()} << 60) | random(), UInt128{random()});
    const UInt256 b = multiply((UInt128{random()} << 60) | random(), UInt128{random()});
    UInt256 sum = a;
    sum += b;
    sum -= b;
    EXPECT_EQ(sum, a);
  }
}

TEST(UInt256, ConvertsToTheNearestDouble) {
  EXPECT_EQ(to_double(UInt256{0, 0}), 0.0);
  EXPECT_EQ(to_double(UInt256{1, 0}), 1.0);
  EXPECT_EQ(to_double(UInt256{UInt128{1} << 64, 0}), std::ldexp(1.0, 64));
  EXPECT_EQ(to_double(UInt256{0, UInt128{1} << 127}), std::ldexp(1.0, 255));
  // 2^64 + 2^11 is a tie between 2^64 and 2^64 + 2^12: to even. One more breaks the tie.
  EXPECT_EQ(to_double(UInt256{(UInt128{1} << 64) + 2048, 0}), std::ldexp(1.0, 64));
  EXPECT_EQ(to_double(UInt256{(UInt128{1} << 64) + 2049, 0}), std::ldexp(1.0, 64) + 4096);
  EXPECT_EQ(to_double(UInt256{1, (UInt128{1} << 64) + 2048}), std::ldexp(std::ldexp(1.0, 64) + 4096, 128));
  EXPECT_EQ(to_double(UInt256{0, (UInt128{1} << 64) + 2048}), std::ldexp(1.0, 192));
}

TEST(UInt256, AgreesWithTheCompilerBelow128Bits) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 10'000; ++i) {
    const UInt128 value = ((UInt128{random()} << 64) | random()) >> (random() % 128);
    EXPECT_EQ(to_double(UInt256{value, 0}), static_cast<double>(value));
    const auto negative = -static_cast<Int128>(value >> 1);
    EXPECT_EQ(to_double(negative), static_cast<double>(negative));
  }
}

TEST(Exact, BecomesTheNearestQuotient) {
  EXPECT_EQ(to_real(12345, 2), 123.45);
  EXPECT_EQ(to_real(-1, 1), -0.1);
  EXPECT_EQ(to_real(1, 38), 1e-38);
}

}  // namespace
}  // namespace bank::engine
