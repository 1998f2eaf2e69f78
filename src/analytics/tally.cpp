#include "analytics/tally.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace bank::analytics {
namespace {

constexpr auto units_per_one = static_cast<Uint128>(model::Amount::units_per_one);

std::string digits_of(Uint128 value) {
  std::string digits;
  do {
    digits += static_cast<char>('0' + static_cast<int>(value % 10));
    value /= 10;
  } while (value != 0);
  std::reverse(digits.begin(), digits.end());
  return digits;
}

std::string grouped(const std::string& digits) {
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

/// At most three significant digits and a suffix; `hundredths` is the value times 100. Rounded once, from the whole
/// value.
std::string shortened(Uint128 hundredths) {
  static constexpr std::array<std::string_view, 7> suffixes = {"", "k", "M", "B", "T", "Q", "Qi"};
  Uint128 unit = 100;
  for (std::size_t step = 0;; ++step, unit *= 1000) {
    const int decimals = hundredths < unit * 10 ? 2 : hundredths < unit * 100 ? 1 : 0;
    const Uint128 scale = decimals == 2 ? 100 : decimals == 1 ? 10 : 1;
    const Uint128 rounded = (hundredths * scale + unit / 2) / unit;
    if (rounded >= 1000 * scale && step + 1 < suffixes.size()) continue;
    std::string text = digits_of(rounded / scale);
    if (rounded % scale != 0) {
      std::string fraction = fmt::format("{:0{}}", static_cast<unsigned>(rounded % scale), decimals);
      while (fraction.back() == '0' && step != 0) fraction.pop_back();
      text += "." + fraction;
    }
    return text + std::string(suffixes[step]);
  }
}

}  // namespace

std::string money_text(Uint128 units) {
  std::string fraction = fmt::format("{:04}", static_cast<unsigned>(units % units_per_one));
  while (fraction.size() > 2 && fraction.back() == '0') fraction.pop_back();
  return digits_of(units / units_per_one) + "." + fraction;
}

std::string money_for_people(Uint128 units) {
  const Uint128 cents = (units + 50) / 100;
  return fmt::format("{}.{:02}", grouped(digits_of(cents / 100)), static_cast<unsigned>(cents % 100));
}

std::string money_short(Uint128 units) { return shortened((units + 50) / 100); }
std::string count_for_people(std::uint64_t count) { return grouped(digits_of(count)); }
std::string count_short(std::uint64_t count) { return shortened(static_cast<Uint128>(count) * 100); }

}  // namespace bank::analytics
