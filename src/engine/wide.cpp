#include "engine/wide.h"

#include <bit>
#include <cmath>

#include "base/assert.h"

namespace bank::engine {

UInt256& UInt256::operator+=(const UInt256& other) {
  low += other.low;
  high += other.high + (low < other.low ? 1 : 0);
  return *this;
}

UInt256& UInt256::operator-=(const UInt256& other) {
  const bool borrow = low < other.low;
  low -= other.low;
  high -= other.high + (borrow ? 1 : 0);
  return *this;
}

UInt256 multiply(UInt128 a, UInt128 b) {
  constexpr UInt128 mask = ~std::uint64_t{0};
  const UInt128 a0 = a & mask;
  const UInt128 a1 = a >> 64;
  const UInt128 b0 = b & mask;
  const UInt128 b1 = b >> 64;
  const UInt128 low = a0 * b0;
  const UInt128 middle1 = a1 * b0 + (low >> 64);  // at most (2^64-1)^2 + 2^64-1: fits
  const UInt128 middle2 = a0 * b1 + (middle1 & mask);
  return {(middle2 << 64) | (low & mask), a1 * b1 + (middle1 >> 64) + (middle2 >> 64)};
}

UInt256 multiply(const UInt256& a, std::uint64_t b) {
  UInt256 product = multiply(a.low, UInt128{b});
  product.high += a.high * b;
  return product;
}

double to_double(const UInt256& value) {
  if (value.high == 0 && (value.low >> 64) == 0) return static_cast<double>(static_cast<std::uint64_t>(value.low));
  const std::uint64_t words[4] = {static_cast<std::uint64_t>(value.low), static_cast<std::uint64_t>(value.low >> 64),
                                  static_cast<std::uint64_t>(value.high), static_cast<std::uint64_t>(value.high >> 64)};
  int top = 3;
  while (words[top] == 0) --top;  // top ≥ 1
  // The leading 64 bits; all bits below them only matter as "not exactly a tie", which the lowest bit keeps.
  const int shift = std::countl_zero(words[top]);
  std::uint64_t leading = words[top] << shift;
  std::uint64_t rest = words[top - 1];
  if (shift > 0) {
    leading |= rest >> (64 - shift);
    rest <<= shift;
  }
  for (int i = top - 2; i >= 0; --i) rest |= words[i];
  if (rest != 0) leading |= 1;
  return std::ldexp(static_cast<double>(leading), 64 * top - shift);
}

double to_double(Int128 value) {
  if (value < 0) return -to_double(UInt256{UInt128{0} - static_cast<UInt128>(value), 0});
  return to_double(UInt256{static_cast<UInt128>(value), 0});
}

Int128 power_of_ten(int exponent) {
  BANK_ASSERT(exponent >= 0 && exponent <= 38);
  Int128 power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

double to_real(Int128 value, int scale) {
  static constexpr double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11, 1e12,
                                      1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1e23, 1e24, 1e25,
                                      1e26, 1e27, 1e28, 1e29, 1e30, 1e31, 1e32, 1e33, 1e34, 1e35, 1e36, 1e37, 1e38};
  BANK_ASSERT(scale >= 0 && scale <= 38);
  return to_double(value) / powers[scale];
}

}  // namespace bank::engine
