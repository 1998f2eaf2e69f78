#include "codec/json_array.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace bank::codec {
namespace {

using testing::HasSubstr;

struct Split {
  std::vector<std::string> elements;
  std::vector<std::int64_t> lines;
  std::string error;  // empty: none
  friend bool operator==(const Split&, const Split&) = default;
};

Split split(std::string_view text, std::size_t chunk = std::string_view::npos) {
  JsonArraySplitter splitter;
  std::vector<JsonArraySplitter::Element> elements;
  Split result;
  for (std::size_t at = 0; at < text.size() && result.error.empty(); at += std::min(chunk, text.size() - at)) {
    const std::size_t before = elements.size();
    const std::uint64_t kept = splitter.keep_from();
    if (Result<void> fed = splitter.feed(text.substr(at, chunk), elements); !fed) result.error = fed.error().message;
    for (std::size_t i = before; i < elements.size(); ++i) EXPECT_GE(elements[i].begin, kept);
  }
  if (result.error.empty()) {
    if (Result<void> finished = splitter.finish(elements); !finished) result.error = finished.error().message;
  }
  for (const auto& element : elements) {
    result.elements.emplace_back(text.substr(element.begin, element.end - element.begin));
    result.lines.push_back(element.line);
  }
  return result;
}

TEST(JsonArraySplitter, OneLine) {
  EXPECT_EQ(split(R"([{"a": 1}, {"b":[2,{"c":"]}"}]},{}])"),
            (Split{{R"({"a": 1})", R"({"b":[2,{"c":"]}"}]})", "{}"}, {1, 1, 1}, ""}));
}

TEST(JsonArraySplitter, PrettyPrinted) {
  EXPECT_EQ(split("\n[\n  {\n    \"a\": 1\n  },\r\n  {\n    \"b\": \"\\\"}\"\n  }\n]\n\n"),
            (Split{{"{\n    \"a\": 1\n  }", "{\n    \"b\": \"\\\"}\"\n  }"}, {3, 6}, ""}));
}

TEST(JsonArraySplitter, EmptyArrays) {
  EXPECT_EQ(split("[]"), (Split{{}, {}, ""}));
  EXPECT_EQ(split(" \n[ \t\r\n ] \n"), (Split{{}, {}, ""}));
}

TEST(JsonArraySplitter, ElementsThatAreNoObjectsAreDeliveredToo) {
  EXPECT_EQ(split(R"([1, "a,]\\" ,null,[2,[]],-1e5])"),
            (Split{{"1", R"("a,]\\")", "null", "[2,[]]", "-1e5"}, {1, 1, 1, 1, 1}, ""}));
}

TEST(JsonArraySplitter, TheAnswerDoesNotDependOnTheChunks) {
  const std::string texts[] = {
      "[\n {\"a\": \"x\\\\\\\"}{\\u0041\", \"n\": [1, 2,\n {}]},\n 12,\n \"s\\\"]\" ,{\"long\": "
      "\"0123456789012345678901234567890\"}]\n",
      "[{\"a\": 1} {\"b\": 2}]", "[{\"a\": 1}] x", "[{\"a\": \"b\\"};
  for (const std::string& text : texts) {
    const Split whole = split(text);
    EXPECT_FALSE(whole.elements.empty());
    for (std::size_t chunk = 1; chunk < text.size(); ++chunk) EXPECT_EQ(split(text, chunk), whole) << chunk;
  }
}

TEST(JsonArraySplitter, MistakesAreToldWithTheirLine) {
  EXPECT_THAT(split("").error, HasSubstr("line 1: expected '['"));
  EXPECT_THAT(split("\n{}").error, HasSubstr("line 2: expected '['"));
  EXPECT_EQ(split("[{}\n{}]"), (Split{{"{}"}, {1}, "line 2: expected ',' or ']' behind an element of the array"}));
  EXPECT_EQ(split("[1{}]"), (Split{{"1"}, {1}, "line 1: expected ',' or ']' behind an element of the array"}));
  EXPECT_EQ(split("[{},\n]"), (Split{{"{}"}, {1}, "line 2: expected an element of the array before ']'"}));
  EXPECT_EQ(split("[,{}]"), (Split{{}, {}, "line 1: expected an element of the array before ','"}));
  EXPECT_EQ(split("[{}]\n[]"), (Split{{"{}"}, {1}, "line 2: text behind the end of the array"}));
}

TEST(JsonArraySplitter, WhatTheEndCutsShortIsDelivered) {
  EXPECT_EQ(
      split("[{},\n{\"a\": [1, "),
      (Split{{"{}", "{\"a\": [1, "}, {1, 2}, "line 2: the input ends within the array's element that begins here"}));
  EXPECT_EQ(split("[\"a\\").elements, (std::vector<std::string>{"\"a\\"}));
  EXPECT_EQ(split("[tru").elements, (std::vector<std::string>{"tru"}));
  EXPECT_EQ(split("[{}\n"), (Split{{"{}"}, {1}, "line 2: the input ends before the array's ']'"}));
}

TEST(JsonArraySplitter, NestingHasNoLimitAndAnElementHas) {
  const std::string deep = "[" + std::string(100'000, '[') + std::string(100'000, ']') + "]";
  EXPECT_EQ(split(deep).elements.at(0).size(), 200'000u);

  JsonArraySplitter splitter;
  std::vector<JsonArraySplitter::Element> elements;
  ASSERT_TRUE(splitter.feed("[\n{\"a", elements));
  const std::string mib(1 << 20, 'x');
  Result<void> fed;
  int fed_mib = 0;
  while (fed && fed_mib < 100) {
    fed = splitter.feed(mib, elements);
    ++fed_mib;
  }
  EXPECT_EQ(fed_mib, 64);
  ASSERT_FALSE(fed);
  EXPECT_THAT(fed.error().message, HasSubstr("line 2: "));
}

}  // namespace
}  // namespace bank::codec
