// Money, exact.
#pragma once

#include <compare>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "model/rejection.h"

namespace bank::model {

/// An amount of money as a whole number of ten-thousandths of the currency unit. Never a double.
class Amount {
 public:
  static constexpr int decimals = 4;
  static constexpr std::int64_t units_per_one = 10'000;
  /// Amounts are below 10^14 currency units.
  static constexpr std::int64_t max_units = 100'000'000'000'000 * units_per_one - 1;

  constexpr Amount() = default;
  /// `units` ten-thousandths.
  static constexpr Amount from_units(std::int64_t units) { return Amount(units); }

  [[nodiscard]] constexpr std::int64_t units() const { return units_; }
  friend constexpr auto operator<=>(Amount, Amount) = default;

 private:
  constexpr explicit Amount(std::int64_t units) : units_(units) {}
  std::int64_t units_ = 0;
};

/// Reads the text of a JSON number (RFC 8259 grammar, exponent allowed) exactly. The value decides, not the spelling:
/// `1.50000` and `15e-1` are 1.5, `-0` is 0. Errors: bad_amount_syntax, amount_negative, amount_too_large,
/// amount_too_precise.
[[nodiscard]] std::expected<Amount, Reason> parse_amount(std::string_view json_number);

/// The same, where eight bytes are readable at the text's begin.
[[nodiscard]] std::expected<Amount, Reason> parse_amount_padded(std::string_view json_number);

/// Appends the amount with two decimals, or as many more as it needs: `5000.00`, `0.0625`. Also a JSON number.
void append_amount(std::string& out, Amount amount);
/// The same as a text of its own.
[[nodiscard]] std::string amount_text(Amount amount);

}  // namespace bank::model
