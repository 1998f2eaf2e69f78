#include "engine/totals.h"

#include <cmath>

namespace bank::engine {

double average(const Totals& totals, int scale) {
  return to_real(totals.sum, scale) / static_cast<double>(totals.count);
}

double standard_deviation(const Totals& totals, int scale) {
  const auto sum = static_cast<UInt128>(totals.sum < 0 ? -totals.sum : totals.sum);
  UInt256 numerator = multiply(totals.squares, totals.count);
  numerator -= multiply(sum, sum);  // never below zero: Cauchy–Schwarz
  return std::sqrt(to_double(numerator)) / static_cast<double>(totals.count) / static_cast<double>(power_of_ten(scale));
}

}  // namespace bank::engine
