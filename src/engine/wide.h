// Whole numbers wider than the machine's, for exact sums of squares.
#pragma once

#include <cstdint>

#include "rules/ast.h"

namespace bank::engine {

using rules::Int128;
__extension__ using UInt128 = unsigned __int128;

/// An unsigned number of 256 bits; as many operations as a variance needs. The caller sees to it that nothing
/// overflows.
struct UInt256 {
  UInt128 low = 0;
  UInt128 high = 0;

  UInt256& operator+=(const UInt256& other);
  UInt256& operator-=(const UInt256& other);
  friend bool operator==(const UInt256&, const UInt256&) = default;
};

[[nodiscard]] UInt256 multiply(UInt128 a, UInt128 b);
/// `a` times `b`, where the product fits.
[[nodiscard]] UInt256 multiply(const UInt256& a, std::uint64_t b);

/// The nearest double, ties to even.
[[nodiscard]] double to_double(const UInt256& value);
[[nodiscard]] double to_double(Int128 value);

/// 10^exponent, 0 ≤ exponent ≤ 38.
[[nodiscard]] Int128 power_of_ten(int exponent);

/// The double that stands for `value` / 10^scale: both are converted, then divided. The one way in which exact numbers
/// become doubles here, so that every runtime gets the same bits.
[[nodiscard]] double to_real(Int128 value, int scale);

}  // namespace bank::engine
