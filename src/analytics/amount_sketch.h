// The distribution of amounts: quantiles and a histogram, in bounded memory and without a double.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/amount.h"

namespace bank::wire {
class Reader;
}  // namespace bank::wire

namespace bank::analytics {

/// One bar of the histogram: `count` amounts in [low, high).
struct AmountBin {
  model::Amount low;
  model::Amount high;
  std::uint64_t count = 0;
  friend bool operator==(const AmountBin&, const AmountBin&) = default;
};

/// Exact up to `exact_limit` amounts, which are kept; beyond that each falls into one of 7,000 buckets whose width is
/// at most 1/128 of its lower end, and a quantile is its bucket's middle: within 0.4 % of an amount of that rank. (The
/// relative-error guarantee is that of DDSketch, Masson, Rim and Lee, VLDB 2019; whole powers of two cut into equal
/// parts are HdrHistogram's way, by Gil Tene.) Which of the two it is depends on the number of amounts alone, not on
/// how sketches were merged. Memory: 57 KiB and at most 8 bytes × exact_limit.
class AmountSketch {
 public:
  static constexpr std::size_t exact_limit = 65'536;
  static constexpr double relative_error = 0.004;  ///< Of a quantile, once it is not exact.

  AmountSketch();
  void add(model::Amount amount);
  void merge(const AmountSketch& other);

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] bool exact() const { return count_ <= exact_limit; }
  [[nodiscard]] model::Amount min() const { return min_; }  ///< Exact; 0 of nothing.
  [[nodiscard]] model::Amount max() const { return max_; }  ///< Exact; 0 of nothing.

  /// The amounts of rank ceil(p/100 × count) (nearest rank) for ascending percentages in (0, 100]. Not of an empty
  /// sketch.
  [[nodiscard]] std::vector<model::Amount> percentiles(std::span<const int> percentages) const;

  /// The bars from the first to the last that is not empty. Their ends are 0, then 1, 1.5, 2.2, 3.3, 4.7 and 6.8 of
  /// every power of ten from 0.01. Exact always.
  [[nodiscard]] std::vector<AmountBin> histogram() const;

  /// As part of what saved.h saves. False: what is read can't be; it is of no more use then.
  void save(std::string& out) const;
  [[nodiscard]] bool restore(wire::Reader& reader);

 private:
  std::vector<std::int64_t> kept_;      ///< While exact.
  std::vector<std::uint64_t> buckets_;  ///< Always.
  std::vector<std::uint64_t> bins_;
  std::uint64_t count_ = 0;
  model::Amount min_;
  model::Amount max_;
};

}  // namespace bank::analytics
