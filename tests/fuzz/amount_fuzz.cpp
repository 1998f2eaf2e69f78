// Amounts, against arithmetic on strings of digits.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <regex>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "model/amount.h"

namespace {

using bank::model::Amount;
using bank::model::Reason;

// The value times 10^4, shifted digit by digit; nullopt where the exponent is too large for such play.
std::optional<std::expected<Amount, Reason>> parse_slowly(const std::string& text) {
  static const std::regex number(R"((-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([-+]?[0-9]+))?)");
  std::smatch parts;
  if (!std::regex_match(text, parts, number)) return std::unexpected(Reason::bad_amount_syntax);
  std::string whole = parts[2];
  std::string fraction = parts[3];
  if ((whole + fraction).find_first_not_of('0') == std::string::npos) return Amount{};
  if (parts[1] == "-") return std::unexpected(Reason::amount_negative);
  std::string exponent = parts[4];
  if (exponent.size() > 4) return std::nullopt;
  int shift = 4 + (exponent.empty() ? 0 : std::stoi(exponent));
  for (; shift > 0; --shift) {
    whole += fraction.empty() ? '0' : fraction[0];
    if (!fraction.empty()) fraction.erase(0, 1);
  }
  for (; shift < 0; ++shift) {
    fraction.insert(0, 1, whole.empty() ? '0' : whole.back());
    if (!whole.empty()) whole.pop_back();
  }
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size()));
  if (whole.size() > 18) return std::unexpected(Reason::amount_too_large);
  if (fraction.find_first_not_of('0') != std::string::npos) return std::unexpected(Reason::amount_too_precise);
  return Amount::from_units(std::stoll("0" + whole));
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 300) return 0;  // std::regex recurses
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto amount = bank::model::parse_amount(text);
  const auto slow = parse_slowly(text);
  BANK_ASSERT(!slow || amount == *slow);
  if (amount) {
    BANK_ASSERT(amount->units() >= 0 && amount->units() <= Amount::max_units);
    std::string written;
    append_amount(written, *amount);
    BANK_ASSERT(written.size() > 3 && written.find('.') <= written.size() - 3);
    BANK_ASSERT(bank::model::parse_amount(written) == amount);
  }
  return 0;
}
