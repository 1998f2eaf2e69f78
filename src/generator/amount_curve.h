// How amounts of one kind spread.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace bank::generator {

/// A log-logistic (Fisk) distribution, the usual one for incomes and spending: a bulk around the median, and a tail
/// that falls as a power, so that rare amounts are many times the usual one. Cut off below `least` and above `most`.
///
/// Its quantile function is median · (u / (1 − u))^(1/shape), which for shape 2 and 4 needs square roots only:
/// operations that IEEE 754 rounds correctly, so that every machine draws the same cents.
class AmountCurve {
 public:
  enum class Tail { heavy, light };  ///< Shape 2: 1 % is above ten times the median. Shape 4: 1 % is above three times.

  /// All in cents, 0 < least < median < most. Amounts come in multiples of `step` (not below `least`).
  constexpr AmountCurve(std::int64_t least, std::int64_t median, std::int64_t most, Tail tail, std::int64_t step = 1)
      : least_(least), most_(most), median_(static_cast<double>(median)), tail_(tail), step_(step) {
    low_ = share_below(least);
    width_ = share_below(most) - low_;
  }

  /// The amount in cents for 64 random bits, the median moved by `scale_64` / 64.
  [[nodiscard]] std::int64_t draw(std::uint64_t bits, std::int64_t scale_64 = 64) const {
    const double u = low_ + width_ * (static_cast<double>(bits >> 11) * 0x1p-53);
    double ratio = std::sqrt(u / (1.0 - u));
    if (tail_ == Tail::light) ratio = std::sqrt(ratio);
    std::int64_t cents = static_cast<std::int64_t>(median_ * ratio) * scale_64 / 64;
    // What the scale moved over an edge is folded back, so that the edges themselves are no more frequent than their
    // neighbours.
    if (cents < least_) cents = 2 * least_ - cents;
    if (cents > most_) cents = most_ - (cents - most_) / 4;
    return std::clamp(cents - cents % step_, least_, most_);
  }

 private:
  [[nodiscard]] constexpr double share_below(std::int64_t cents) const {
    double r = static_cast<double>(cents) / median_;
    r *= r;
    if (tail_ == Tail::light) r *= r;
    return r / (1.0 + r);
  }

  std::int64_t least_;
  std::int64_t most_;
  double median_;
  Tail tail_;
  std::int64_t step_;
  double low_ = 0;
  double width_ = 0;
};

}  // namespace bank::generator
