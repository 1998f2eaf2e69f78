#include "yaml/values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>
#include <string_view>

namespace bank::yaml {
namespace {

using testing::HasSubstr;

constexpr std::int64_t second = 1'000'000;

TEST(Duration, ReadsWholeNumbersOfAUnit) {
  EXPECT_EQ(parse_duration_us("30s"), 30 * second);
  EXPECT_EQ(parse_duration_us("5m"), 300 * second);
  EXPECT_EQ(parse_duration_us("2h"), 7'200 * second);
  EXPECT_EQ(parse_duration_us("7d"), 604'800 * second);
  EXPECT_EQ(parse_duration_us("0s"), 0);
  EXPECT_EQ(parse_duration_us("3660d"), max_duration_us);
}

TEST(Duration, MayBeFinerThanASecondWhereThatIsAskedFor) {
  EXPECT_EQ(parse_duration_us("250ms", FinestUnit::microsecond), 250'000);
  EXPECT_EQ(parse_duration_us("1500us", FinestUnit::microsecond), 1'500);
  EXPECT_EQ(parse_duration_us("5m", FinestUnit::microsecond), 300 * second);
  EXPECT_EQ(parse_duration_us("5x", FinestUnit::microsecond).error(),
            "'5x' is not a duration; write a whole number and one of us ms s m h d, as in 5m");
  EXPECT_FALSE(parse_duration_us("250ms").has_value());
  EXPECT_FALSE(parse_duration_us("1500us").has_value());
}

TEST(Duration, RefusesTheRest) {
  for (const std::string_view text :
       {"", "s", "5", "5x", "-5m", "+5m", "5 m", "5M", "05m", "1.5h", "5mm", "m5", "1h30m"}) {
    const auto duration = parse_duration_us(text);
    ASSERT_FALSE(duration.has_value()) << text;
    EXPECT_EQ(duration.error(),
              "'" + std::string(text) + "' is not a duration; write a whole number and one of s m h d, as in 5m");
  }
  for (const std::string_view text : {"3661d", "316224001s", "99999999999999999999s"}) {
    const auto duration = parse_duration_us(text);
    ASSERT_FALSE(duration.has_value()) << text;
    EXPECT_THAT(duration.error(), HasSubstr("is too long; the longest duration is 3660d"));
  }
}

TEST(Duration, IsWrittenInTheLargestUnitThatFits) {
  for (const std::string_view text :
       {"0s", "1us", "1500us", "250ms", "59s", "90s", "5m", "90m", "24h", "36h", "7d", "3660d"}) {
    std::string written;
    append_duration(written, parse_duration_us(text, FinestUnit::microsecond).value());
    EXPECT_EQ(written, text);
  }
}

TEST(Integer, KeepsItsBounds) {
  EXPECT_EQ(parse_integer("0", 0, 100), 0);
  EXPECT_EQ(parse_integer("100", 0, 100), 100);
  EXPECT_EQ(parse_integer("-3", -5, 5), -3);
  EXPECT_EQ(parse_integer("101", 0, 100).error(), "101 is out of range; write a whole number from 0 to 100");
  EXPECT_EQ(parse_integer("99999999999999999999", 0, std::numeric_limits<std::int64_t>::max()).error(),
            "99999999999999999999 is out of range; write a whole number, 0 or more");
  for (const std::string_view text : {"", "-", "+1", "01", "1.0", "0x10", "1_000", " 1", "1e3", "ten"}) {
    EXPECT_EQ(parse_integer(text, 0, 100).error(), "'" + std::string(text) + "' is not a whole number from 0 to 100");
  }
}

TEST(Boolean, IsTrueOrFalseOnly) {
  EXPECT_EQ(parse_boolean("true"), true);
  EXPECT_EQ(parse_boolean("false"), false);
  for (const std::string_view text : {"", "yes", "no", "True", "on", "1"})
    EXPECT_FALSE(parse_boolean(text).has_value()) << text;
}

/// The messages of reading each key's value with the getter of its name.
std::string told(std::string_view text) {
  const Result<Document> document = Document::parse(text, "f");
  if (!document) return document.error().message;
  Problems problems("f");
  static constexpr std::array<std::string_view, 4> keys{"integer", "duration", "boolean", "text"};
  if (!check_keys(document->root(), "the file", keys, problems)) return problems.error().message;
  if (const Node* node = document->root().find("integer")) (void)get_integer(*node, "integer", 0, 9, problems);
  if (const Node* node = document->root().find("duration")) (void)get_duration_us(*node, "duration", problems);
  if (const Node* node = document->root().find("boolean")) (void)get_boolean(*node, "boolean", problems);
  if (const Node* node = document->root().find("text")) (void)get_text(*node, "text", problems);
  return problems.empty() ? "" : problems.error().message;
}

TEST(Getters, TakeWhatIsRight) { EXPECT_EQ(told("integer: 5\nduration: 5m\nboolean: true\ntext: 12\n"), ""); }

TEST(Getters, SayWhatIsWrongWhereAndWhatWouldBeRight) {
  EXPECT_EQ(told("integer: \"5\"\nduration:\nboolean: [true]\ntext: {a}\n"),
            "f:1:10: 'integer' must be a whole number; write it without quotes\n"
            "f:2:1: 'duration' must be a duration, as in 5m, and is nothing\n"
            "f:3:10: 'boolean' must be true or false, and is a list\n"
            "f:4:7: 'text' must be a text, and is a mapping; quote a text that begins with { or [");
  EXPECT_EQ(told("text: ''\n"), "f:1:7: 'text' is empty; write a text");
}

TEST(Getters, KnowTheirKeys) {
  EXPECT_EQ(told("intger: 1\nzzzzzzzzzz: 2\n"),
            "f:1:1: unknown key 'intger' in the file; did you mean 'integer'?\n"
            "f:2:1: unknown key 'zzzzzzzzzz' in the file; known are integer, duration, boolean and text");
  EXPECT_EQ(told("- a\n"), "f:1:1: the file must be a mapping (key: value), and is a list");
}

}  // namespace
}  // namespace bank::yaml
