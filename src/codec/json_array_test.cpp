#include "codec/json_array.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
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

TEST(JsonArraySplitter, MistakesBetweenElementsAreToldAndLoseNone) {
  EXPECT_EQ(split("[{}\n{}]"),
            (Split{{"{}", "{}"}, {1, 2}, "line 2: expected ',' or ']' behind an element of the array"}));
  EXPECT_EQ(split("[1{}]"), (Split{{"1", "{}"}, {1, 1}, "line 1: expected ',' or ']' behind an element of the array"}));
  EXPECT_EQ(split("[{},\n]"), (Split{{"{}"}, {1}, "line 2: expected an element of the array before ']'"}));
  EXPECT_EQ(split("[,{},,{}]"), (Split{{"{}", "{}"}, {1, 1}, "line 1: expected an element of the array before ','"}));
  EXPECT_EQ(split("[{}]\n[{}]"), (Split{{"{}", "{}"}, {1, 2}, "line 2: text behind the end of the array"}));
  EXPECT_EQ(split("[{}],\n{}]"), (Split{{"{}", "{}"}, {1, 2}, "line 1: text behind the end of the array"}));
  EXPECT_EQ(split("[{}]\n{}]]"), (Split{{"{}", "{}"}, {1, 2}, "line 2: text behind the end of the array"}));
  EXPECT_EQ(split("[{}},\n{}"), (Split{{"{}", "}", "{}"},
                                       {1, 1, 2},
                                       "line 1: expected ',' or ']' behind an element of "
                                       "the array"}));
}

TEST(JsonArraySplitter, WhatIsNoArrayIsRefused) {
  EXPECT_THAT(split("").error, HasSubstr("line 1: expected '['"));
  EXPECT_EQ(split("\n{}"), (Split{{}, {}, "line 2: expected '[', the start of an array"}));
}

// A thousand elements, all alike; the second is the one given.
struct Style {
  std::string_view begin, element, separator, end;
};
constexpr Style styles[] = {
    {"[\n", R"({"a": "x", "b": [{"c": 1}], "d": 2})", ",\n", "\n]\n"},
    {"[", R"({"a": "x", "b": [{"c": 1}], "d": 2})", ",\n ", "]\n"},
    {"[\r\n  ", "{\r\n    \"a\": \"x\",\r\n    \"b\": [\r\n      {\"c\": 1}\r\n    ],\r\n    \"d\": 2\r\n  }",
     ",\r\n  ", "\r\n]"},
};

std::string without_separators(std::string text) {
  std::erase_if(text, [](char c) { return std::string_view(" \r\n,]").contains(c); });
  return text;
}

TEST(JsonArraySplitter, ABrokenElementCostsNoOther) {
  const std::pair<std::string_view, std::string_view> faults[] = {{"\"x\"", "\"x\"y\""},
                                                                  {"\"x\"", "\"x"},
                                                                  {"\"x\"", "x\""},
                                                                  {"\"x\"", "\"x\\\""},
                                                                  {"}]", "]"},
                                                                  {"[{", "{"},
                                                                  {"2}", "2"},
                                                                  {"2\r\n  }", "2\r\n"},
                                                                  {"{\"c\": 1}", "{\"c\": 1"},
                                                                  {"\"d\": 2", "\"d\": {"},
                                                                  {"\"d\": 2", "\"d\": "},
                                                                  {"\"d\": 2", "\"d\": [2, "},
                                                                  {"\"d\": 2", "\"d\": 2}"},
                                                                  {"\"d\": 2", "\"d\": 2]"},
                                                                  {"1}", "}"}};
  for (const Style& style : styles) {
    for (const auto& [right, wrong] : faults) {
      std::string broken(style.element);
      const std::size_t at = broken.find(right);
      if (at == std::string::npos) continue;
      broken.replace(at, right.size(), wrong);
      for (const std::size_t fault : {0u, 1u, 500u}) {
        std::string text(style.begin);
        for (std::size_t i = 0; i < 1000; ++i) {
          if (i > 0) text += style.separator;
          text += i == fault ? std::string_view(broken) : style.element;
        }
        text += style.end;
        const Split whole = split(text);
        EXPECT_GE(std::ranges::count(whole.elements, style.element), 999) << broken << " at " << fault;
        std::string kept = "[";
        for (const std::string& element : whole.elements) kept += element;
        EXPECT_TRUE(without_separators(kept) == without_separators(text)) << broken << " at " << fault;
        EXPECT_EQ(split(text, 7), whole);
      }
    }
  }
}

TEST(JsonArraySplitter, ABrokenElementOfAnArrayOnOneLineKeepsWhatFollows) {
  const Split whole = split(R"([{"a": 1}, {"a": "x"y"}, {"a": 2}])");
  std::string kept;
  for (const std::string& element : whole.elements) kept += element;
  EXPECT_THAT(kept, HasSubstr(R"({"a": "x"y"}, {"a": 2})"));
  EXPECT_NE(whole.error, "");
}

TEST(JsonArraySplitter, ALineBreakEndsAString) {
  EXPECT_EQ(split("[\"a\n, {\"b\\\n}, \"c\\\n]"), (Split{{"\"a", "{\"b\\\n}", "\"c\\"}, {1, 2, 3}, ""}));
}

// Valid elements with their line breaks in every place, so that nested objects begin lines as elements do.
class RandomArray {
 public:
  explicit RandomArray(unsigned seed) : random_(seed) {}
  std::string space() { return std::string(pick(2), '\n') + std::string(pick(2), ' '); }
  std::string value(unsigned depth) {
    static constexpr std::string_view scalars[] = {"1", "\"}\"", "\"{\\\"\"", "null", "\",\"", "\"[\\\\\""};
    const unsigned kind = pick(depth == 0 ? 1 : 3);
    if (kind == 0) return std::string(scalars[pick(std::size(scalars))]);
    std::string out(1, kind == 1 ? '[' : '{');
    for (unsigned i = 0, n = pick(4); i < n; ++i) {
      if (i > 0) out += ',' + space();
      out += space();
      if (kind == 2) out += "\"k\"" + space() + ':' + space();
      out += value(depth - 1) + space();
    }
    return out + (kind == 1 ? ']' : '}');
  }

 private:
  unsigned pick(std::size_t n) { return static_cast<unsigned>(random_() % n); }
  std::mt19937 random_;
};

TEST(JsonArraySplitter, AValidArrayIsSplitAtItsElementsHoweverItIsLaidOut) {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    RandomArray random(seed);
    std::vector<std::string> elements;
    std::string text = "[";
    for (int i = 0; i < 6; ++i) {
      elements.push_back(random.value(4));
      text += (i > 0 ? "," : "") + random.space() + elements.back() + random.space();
    }
    const Split whole = split(text + "]");
    ASSERT_EQ(whole.elements, elements) << text;
    ASSERT_EQ(whole.error, "") << text;
  }
}

TEST(JsonArraySplitter, WhatTheEndCutsShortIsDelivered) {
  EXPECT_EQ(
      split("[{},\n{\"a\": [1, "),
      (Split{{"{}", "{\"a\": [1, "}, {1, 2}, "line 2: the input ends within the array's element that begins here"}));
  EXPECT_EQ(split("[\"a\\").elements, (std::vector<std::string>{"\"a\\"}));
  EXPECT_EQ(split("[tru").elements, (std::vector<std::string>{"tru"}));
  EXPECT_EQ(split("[{}\n"), (Split{{"{}"}, {1}, "line 2: the input ends before the array's ']'"}));
}

TEST(JsonArraySplitter, NestingAndLengthHaveNoLimit) {
  const std::string deep = "[" + std::string(100'000, '[') + std::string(100'000, ']') + "]";
  EXPECT_EQ(split(deep).elements.at(0).size(), 200'000u);
  std::string deep_objects;
  for (int i = 0; i < 100; ++i) deep_objects += "{\"a\":\n";
  deep_objects += "1" + std::string(100, '}');
  EXPECT_EQ(split("[\n" + deep_objects + ",\n{}]"), (Split{{deep_objects, "{}"}, {2, 103}, ""}));

  JsonArraySplitter splitter;
  std::vector<JsonArraySplitter::Element> elements;
  ASSERT_TRUE(splitter.feed("[\n{\"a", elements));
  const std::string mib(1 << 20, 'x');
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(splitter.feed(mib, elements));
  ASSERT_TRUE(splitter.feed("\"}\n]", elements));
  ASSERT_TRUE(splitter.finish(elements));
  EXPECT_EQ(elements.at(0).end - elements.at(0).begin, (std::uint64_t{100} << 20) + 5);
}

}  // namespace
}  // namespace bank::codec
