// What the entries of a window come to.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "engine/wide.h"

namespace bank::engine {

/// Which of its figures are asked for: adding up only those is a good part of the speed.
enum Needs : std::uint8_t { needs_sum = 1, needs_squares = 2, needs_extremes = 4 };

/// Number, exact sum, exact sum of squares, and extremes of some whole numbers. The order of adding does not matter:
/// that is what makes every runtime's averages and deviations the same bits.
struct Totals {
  std::uint64_t count = 0;
  Int128 sum = 0;
  UInt256 squares;
  std::int64_t min = std::numeric_limits<std::int64_t>::max();  ///< Of nothing: the largest.
  std::int64_t max = std::numeric_limits<std::int64_t>::min();  ///< Of nothing: the smallest.

  /// `needs`: a union of Needs; figures beyond them are left as they are.
  void add(std::int64_t value, unsigned needs) {
    ++count;
    sum += value;
    if (needs <= needs_sum) return;
    const auto magnitude = static_cast<UInt128>(value < 0 ? -Int128{value} : Int128{value});
    squares += UInt256{magnitude * magnitude, 0};
    min = std::min(min, value);
    max = std::max(max, value);
  }

  Totals& operator+=(const Totals& other) {
    count += other.count;
    sum += other.sum;
    squares += other.squares;
    min = std::min(min, other.min);
    max = std::max(max, other.max);
    return *this;
  }
};

/// Average; `count` above 0. `scale`: decimals of the whole numbers.
[[nodiscard]] double average(const Totals& totals, int scale);

/// Population standard deviation; `count` above 0. The square root of n·Σx² − (Σx)², an exact whole number, over n.
[[nodiscard]] double standard_deviation(const Totals& totals, int scale);

}  // namespace bank::engine
