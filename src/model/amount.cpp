#include "model/amount.h"

#include <array>
#include <bit>
#include <cstring>
#include <optional>

namespace bank::model {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

constexpr std::int64_t pow10(int n) {
  std::int64_t power = 1;
  for (; n > 0; --n) power *= 10;
  return power;
}

// `digits` or `digits.digits` with at most 14 and 4 digits and no leading zero: nearly every amount there is. nullopt
// says nothing about the text but that the general way has to read it.
std::optional<Amount> parse_simple(std::string_view text) {
  const char* p = text.data();
  const char* const end = p + text.size();
  std::int64_t units = 0;
  const char* const whole = p;
  while (p != end && is_digit(*p)) {
    if (p - whole == 14) return std::nullopt;
    units = units * 10 + (*p++ - '0');
  }
  if (p == whole || (*whole == '0' && p - whole > 1)) return std::nullopt;
  if (p == end) return Amount::from_units(units * Amount::units_per_one);
  if (*p++ != '.' || p == end || end - p > Amount::decimals) return std::nullopt;
  static constexpr std::array<std::int64_t, 5> scale = {10'000, 1'000, 100, 10, 1};
  const std::int64_t missing = scale[static_cast<std::size_t>(end - p)];
  for (; p != end; ++p) {
    if (!is_digit(*p)) return std::nullopt;
    units = units * 10 + (*p - '0');
  }
  return Amount::from_units(units * missing);
}

// The number that eight digits spell, given as their values, the first in the lowest byte.
constexpr std::uint64_t number_of(std::uint64_t digits) {
  digits = digits * 10 + (digits >> 8);  // pairs, in every other byte
  constexpr std::uint64_t mask = 0x0000'00ff'0000'00ff;
  constexpr std::uint64_t outer = 100 + (std::uint64_t{1'000'000} << 32);
  constexpr std::uint64_t inner = 1 + (std::uint64_t{10'000} << 32);
  return ((digits & mask) * outer + (digits >> 16 & mask) * inner) >> 32;
}
static_assert(number_of(0x0807'0605'0403'0201) == 12'345'678);

// The same as parse_simple, for texts of one to eight bytes, all digits at once.
std::optional<Amount> parse_short(const char* p, std::size_t size) {
  constexpr std::uint64_t ones = 0x0101'0101'0101'0101;
  std::uint64_t bytes;
  std::memcpy(&bytes, p, 8);
  if constexpr (std::endian::native == std::endian::big) bytes = std::byteswap(bytes);
  // To the upper end, with zeros in front: 0 to 9 for digits, 0x1e for a point.
  std::uint64_t digits = (bytes ^ '0' * ones) << (64 - 8 * size);
  const std::uint64_t points = digits & 0x10 * ones;
  std::size_t decimals = 0;
  if (points != 0) {
    const int bits_before = std::countr_zero(points) / 8 * 8;
    decimals = 7 - static_cast<std::size_t>(bits_before) / 8;
    if (decimals == 0 || decimals > Amount::decimals) return std::nullopt;
    if ((digits >> bits_before & 0xff) != ('.' ^ '0')) return std::nullopt;
    const std::uint64_t before = digits & ((std::uint64_t{1} << bits_before) - 1);
    digits = digits >> bits_before >> 8 << 8 << bits_before | before << 8;
  }
  if (((digits | (digits + 6 * ones)) & 0xf0 * ones) != 0) return std::nullopt;
  const std::size_t whole = size - decimals - (points != 0 ? 1 : 0);
  if (whole == 0 || (whole > 1 && *p == '0')) return std::nullopt;
  static constexpr std::array<std::int64_t, 5> scale = {10'000, 1'000, 100, 10, 1};
  return Amount::from_units(static_cast<std::int64_t>(number_of(digits)) * scale[decimals]);
}

// The parts of a JSON number.
struct Number {
  bool negative = false;
  std::string_view whole;
  std::string_view fraction;
  std::int64_t exponent = 0;
};

// A text of n bytes can shift its digits by less than n places with its own length, so that all exponents beyond this
// mean the same: far too large or far too small.
constexpr std::int64_t exponent_limit = std::int64_t{1} << 50;

std::string_view take_digits(std::string_view text, std::size_t& at) {
  const std::size_t begin = at;
  while (at < text.size() && is_digit(text[at])) ++at;
  return text.substr(begin, at - begin);
}

std::optional<Number> split_number(std::string_view text) {
  Number number;
  std::size_t at = 0;
  if (at < text.size() && text[at] == '-') {
    number.negative = true;
    ++at;
  }
  number.whole = take_digits(text, at);
  if (number.whole.empty() || (number.whole.size() > 1 && number.whole[0] == '0')) return std::nullopt;
  if (at < text.size() && text[at] == '.') {
    number.fraction = take_digits(text, ++at);
    if (number.fraction.empty()) return std::nullopt;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    const bool negative = at < text.size() && text[at] == '-';
    if (negative || (at < text.size() && text[at] == '+')) ++at;
    const std::string_view digits = take_digits(text, at);
    if (digits.empty()) return std::nullopt;
    for (const char c : digits) {
      number.exponent = number.exponent * 10 + (c - '0');
      if (number.exponent > exponent_limit) number.exponent = exponent_limit;
    }
    if (negative) number.exponent = -number.exponent;
  }
  if (at != text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::expected<Amount, Reason> parse_amount(std::string_view json_number) {
  if (const std::optional<Amount> amount = parse_simple(json_number)) return *amount;

  const std::optional<Number> number = split_number(json_number);
  if (!number) return std::unexpected(Reason::bad_amount_syntax);

  // The digits d(0) … d(n-1) of whole and fraction together stand for d(0)…d(n-1) * 10^-fraction * 10^exponent. In
  // units (ten-thousandths) digit i counts 10^place(i), with place(i) as below.
  const std::size_t size = number->whole.size() + number->fraction.size();
  const auto digit = [&](std::size_t i) {
    return (i < number->whole.size() ? number->whole[i] : number->fraction[i - number->whole.size()]) - '0';
  };
  const auto place = [&](std::size_t i) {
    return static_cast<std::int64_t>(number->whole.size()) - 1 - static_cast<std::int64_t>(i) + number->exponent +
           Amount::decimals;
  };
  std::size_t first = 0;
  while (first < size && digit(first) == 0) ++first;
  if (first == size) return Amount{};  // zero, whatever its sign and exponent
  if (number->negative) return std::unexpected(Reason::amount_negative);
  std::size_t last = size - 1;
  while (digit(last) == 0) --last;

  // 10^14 units of one are 10^18 units, whose digit has place 18.
  if (place(first) >= 18) return std::unexpected(Reason::amount_too_large);
  if (place(last) < 0) return std::unexpected(Reason::amount_too_precise);
  std::int64_t units = 0;
  for (std::size_t i = first; i <= last; ++i) units = units * 10 + digit(i);
  return Amount::from_units(units * pow10(static_cast<int>(place(last))));
}

std::expected<Amount, Reason> parse_amount_padded(std::string_view json_number) {
  if (!json_number.empty() && json_number.size() <= 8) {
    if (const std::optional<Amount> amount = parse_short(json_number.data(), json_number.size())) return *amount;
  }
  return parse_amount(json_number);
}

void append_amount(std::string& out, Amount amount) {
  const std::int64_t units = amount.units();
  if (units < 0) out += '-';
  char buffer[24];
  char* const end = buffer + sizeof buffer;
  char* p = end;
  const std::uint64_t magnitude = units < 0 ? 0 - static_cast<std::uint64_t>(units) : static_cast<std::uint64_t>(units);
  std::uint64_t whole = magnitude / Amount::units_per_one;
  std::uint64_t fraction = magnitude % Amount::units_per_one;
  for (int i = 0; i < Amount::decimals; ++i) {
    const char c = static_cast<char>('0' + fraction % 10);
    fraction /= 10;
    // Zeros at the end are left out beyond the second decimal.
    if (i < 2 && c == '0' && p == end) continue;
    *--p = c;
  }
  *--p = '.';
  do {
    *--p = static_cast<char>('0' + whole % 10);
    whole /= 10;
  } while (whole != 0);
  out.append(p, end);
}

std::string amount_text(Amount amount) {
  std::string text;
  append_amount(text, amount);
  return text;
}

}  // namespace bank::model
