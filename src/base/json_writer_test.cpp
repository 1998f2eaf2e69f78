#include "base/json_writer.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace bank {
namespace {

TEST(JsonWriter, WritesNestedValuesOnOneLine) {
  std::string out;
  JsonWriter json(out, 0);
  json.begin_object().member("a", 1).member("b", "x").key("c").begin_array().value(true).null().value(0.5);
  json.begin_object().end_object().end_array().member("d", std::uint64_t{18446744073709551615U}).end_object();
  EXPECT_EQ(out, R"({"a":1,"b":"x","c":[true,null,0.5,{}],"d":18446744073709551615})");
}

TEST(JsonWriter, Indents) {
  std::string out;
  JsonWriter json(out, 2);
  json.begin_object()
      .key("a")
      .begin_array()
      .value(1)
      .value(2)
      .end_array()
      .key("b")
      .begin_object()
      .end_object()
      .end_object();
  EXPECT_EQ(out, "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {}\n}");
}

TEST(JsonWriter, EscapesWhatJsonForbids) {
  std::string out;
  JsonWriter(out, 0).value(std::string_view("q\" b\\ n\n \x01 \0 ü 😀", 20));
  EXPECT_EQ(out, "\"q\\\" b\\\\ n\\u000a \\u0001 \\u0000 ü 😀\"");
}

TEST(JsonWriter, ReplacesBytesThatAreNotUtf8) {
  auto written = [](std::string_view text) {
    std::string out;
    JsonWriter(out, 0).value(text);
    return out;
  };
  EXPECT_EQ(written("\xff"), "\"\xEF\xBF\xBD\"");
  EXPECT_EQ(written("a\xC3"), "\"a\xEF\xBF\xBD\"") << "cut off";
  EXPECT_EQ(written("\xC0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"") << "overlong";
  EXPECT_EQ(written("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"") << "surrogate";
  EXPECT_EQ(written("\xF4\x8F\xBF\xBF"), "\"\xF4\x8F\xBF\xBF\"") << "the last code point";
}

TEST(JsonWriter, WritesNoDoubleThatJsonLacks) {
  std::string out;
  JsonWriter json(out, 0);
  json.begin_array()
      .value(std::numeric_limits<double>::infinity())
      .value(std::numeric_limits<double>::quiet_NaN())
      .value(1e300)
      .end_array();
  EXPECT_EQ(out, "[null,null,1e+300]");
}

}  // namespace
}  // namespace bank
