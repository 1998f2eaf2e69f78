#include "model/amount.h"

#include <gtest/gtest.h>

#include <expected>
#include <limits>
#include <string>

namespace bank::model {
namespace {

std::expected<Amount, Reason> parse(std::string_view text) {
  const auto amount = parse_amount(text);
  const std::string padded = std::string(text) + "00.0000e";  // what follows must not matter
  EXPECT_EQ(parse_amount_padded(std::string_view(padded).substr(0, text.size())), amount) << text;
  return amount;
}

std::int64_t units_of(std::string_view text) {
  const auto amount = parse(text);
  EXPECT_TRUE(amount) << text << ": " << to_string(amount ? Reason::not_json : amount.error());
  return amount ? amount->units() : -1;
}

// The reason's word, or "fine".
std::string_view verdict_of(std::string_view text) {
  const auto amount = parse(text);
  return amount ? "fine" : to_string(amount.error());
}

TEST(ParseAmount, PlainNumbers) {
  EXPECT_EQ(units_of("0"), 0);
  EXPECT_EQ(units_of("1"), 10'000);
  EXPECT_EQ(units_of("123.45"), 1'234'500);
  EXPECT_EQ(units_of("0.0001"), 1);
  EXPECT_EQ(units_of("5000.5"), 50'005'000);
  EXPECT_EQ(units_of("12.345"), 123'450);
  EXPECT_EQ(units_of("99999999999999.9999"), Amount::max_units);
}

TEST(ParseAmount, TheValueDecidesNotTheSpelling) {
  EXPECT_EQ(units_of("1e3"), 10'000'000);
  EXPECT_EQ(units_of("1E+3"), 10'000'000);
  EXPECT_EQ(units_of("15e-1"), 15'000);
  EXPECT_EQ(units_of("1.50000"), 15'000);
  EXPECT_EQ(units_of("0.00001e1"), 1);
  EXPECT_EQ(units_of("1000000e-10"), 1);
  EXPECT_EQ(units_of("0.000000000000000000000012e23"), 12'000);
  EXPECT_EQ(units_of("1" + std::string(1000, '0') + "e-1000"), 10'000);
  EXPECT_EQ(units_of("1." + std::string(1000, '0')), 10'000);
  EXPECT_EQ(units_of("0." + std::string(1000, '0') + "25e1001"), 25'000);
  EXPECT_EQ(units_of("0e999999999999"), 0);
  EXPECT_EQ(units_of("0.000e-99999999999999999999999999"), 0);
  EXPECT_EQ(units_of("1e0000000000000000000000000000002"), 1'000'000);
  EXPECT_EQ(units_of("9.99999999999999999e13"), Amount::max_units);
}

TEST(ParseAmount, MinusZeroIsZero) {
  EXPECT_EQ(units_of("-0"), 0);
  EXPECT_EQ(units_of("-0.000"), 0);
  EXPECT_EQ(units_of("-0e5"), 0);
}

TEST(ParseAmount, Refusals) {
  EXPECT_EQ(verdict_of("-1"), "amount_negative");
  EXPECT_EQ(verdict_of("-0.00001"), "amount_negative");
  EXPECT_EQ(verdict_of("-1e400"), "amount_negative");
  EXPECT_EQ(verdict_of("100000000000000"), "amount_too_large");
  EXPECT_EQ(verdict_of("1e14"), "amount_too_large");
  EXPECT_EQ(verdict_of("1e400"), "amount_too_large");
  EXPECT_EQ(verdict_of("9223372036854775808"), "amount_too_large");
  EXPECT_EQ(verdict_of("1e99999999999999999999999999999999"), "amount_too_large");
  EXPECT_EQ(verdict_of("123456789012345.00001"), "amount_too_large");
  EXPECT_EQ(verdict_of("1.00005"), "amount_too_precise");
  EXPECT_EQ(verdict_of("1e-400"), "amount_too_precise");
  EXPECT_EQ(verdict_of("99999999999999.99999"), "amount_too_precise");
  EXPECT_EQ(verdict_of("1e-99999999999999999999999999999999"), "amount_too_precise");
}

TEST(ParseAmount, WhatIsNoJsonNumber) {
  for (const std::string_view text :
       {"",   "-",   "+1",       "01",   "-01", "00",    "1.", ".5",    "-.5",   "1e",  "1e+", "1e1.0", "1 ",
        " 1", "NaN", "Infinity", "0x10", "1,5", "1_000", "$5", "1.2.3", "1e5e5", "--1", "12a", "1.5x",  "\"12\""}) {
    EXPECT_EQ(verdict_of(text), "bad_amount_syntax") << text;
  }
  EXPECT_EQ(verdict_of(std::string_view("1\0", 2)), "bad_amount_syntax");
}

TEST(ParseAmount, AMegabyteOfDigitsTakesNoLongerThanItsLength) {
  const std::string zeros(1'000'000, '0');
  EXPECT_EQ(verdict_of("1" + zeros), "amount_too_large");
  EXPECT_EQ(verdict_of("0." + zeros + "1"), "amount_too_precise");
  EXPECT_EQ(units_of("0." + zeros + "1e1000001"), 10'000);
}

std::string text_of(std::int64_t units) {
  std::string out = "x";
  append_amount(out, Amount::from_units(units));
  return out.substr(1);
}

TEST(AppendAmount, TwoDecimalsOrMoreAsNeeded) {
  EXPECT_EQ(text_of(0), "0.00");
  EXPECT_EQ(text_of(50'000'000), "5000.00");
  EXPECT_EQ(text_of(1'234'500), "123.45");
  EXPECT_EQ(text_of(625), "0.0625");
  EXPECT_EQ(text_of(1), "0.0001");
  EXPECT_EQ(text_of(10'010), "1.001");
  EXPECT_EQ(text_of(1'000), "0.10");
  EXPECT_EQ(text_of(Amount::max_units), "99999999999999.9999");
}

TEST(AppendAmount, DifferencesMayBeNegative) {
  EXPECT_EQ(text_of(-1), "-0.0001");
  EXPECT_EQ(text_of(-12'500), "-1.25");
  EXPECT_EQ(text_of(std::numeric_limits<std::int64_t>::min()), "-922337203685477.5808");
}

// Every text of up to five of the bytes that matter.
TEST(ParseAmount, ShortTextsAreReadTheSameAtOnce) {
  constexpr std::string_view alphabet = "0159.-e/:";
  for (std::size_t size = 0; size <= 5; ++size) {
    std::size_t texts = 1;
    for (std::size_t i = 0; i < size; ++i) texts *= alphabet.size();
    for (std::size_t number = 0; number < texts; ++number) {
      std::string text;
      for (std::size_t i = 0, rest = number; i < size; ++i, rest /= alphabet.size()) {
        text += alphabet[rest % alphabet.size()];
      }
      static_cast<void>(parse(text));  // it compares
      if (testing::Test::HasFailure()) return;
    }
  }
  for (const std::string_view text : {"12345678", "1234567.", "123456.7", "12345.67", "1234.567", "123.4567",
                                      "12.34567", "1.234567", ".1234567", "00000000", "0.000000", "99999999"}) {
    static_cast<void>(parse(text));
  }
}

}  // namespace
}  // namespace bank::model
