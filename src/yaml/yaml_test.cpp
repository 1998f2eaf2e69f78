#include "yaml/yaml.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace bank::yaml {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

/// The tree in one line, with every mark.
void dump(const Node& node, std::string& out) {
  out += fmt::format("@{}:{}", node.mark.line, node.mark.column);
  switch (node.kind) {
    case Kind::null: out += "null"; break;
    case Kind::scalar: out += fmt::format("{}<{}>", node.plain ? "" : "quoted", node.text); break;
    case Kind::sequence:
      out += '[';
      for (const Node& item : node.items) dump(item, out);
      out += ']';
      break;
    case Kind::map:
      out += '{';
      for (const Entry& entry : node.entries) {
        out += fmt::format(" {}@{}:{}=", entry.key, entry.key_mark.line, entry.key_mark.column);
        dump(entry.value, out);
      }
      out += '}';
      break;
  }
}

std::string tree(std::string_view text) {
  const Result<Document> document = Document::parse(text, "f");
  if (!document) return document.error().message;
  std::string out;
  dump(document->root(), out);
  return out;
}

TEST(Yaml, KeepsScalarsAsTheyAreSpelled) {
  EXPECT_EQ(tree("a: 0123\nb: no\nc: '1'\nd: 1e3"),
            "@1:1{ a@1:1=@1:4<0123> b@2:1=@2:4<no> c@3:1=@3:4quoted<1> d@4:1=@4:4<1e3>}");
}

TEST(Yaml, MarksEverything) {
  EXPECT_EQ(tree("# c\nlist:\n  - a\n  - {b: \"c\", d: [e]}\nlast: |\n  x\n"),
            "@2:1{ list@2:1=@3:3[@3:5<a>@4:5{ b@4:6=@4:9quoted<c> d@4:14=@4:17[@4:18<e>]}] last@5:1=@5:7quoted<x\n>}");
}

TEST(Yaml, CountsCharactersNotBytes) { EXPECT_EQ(tree("{é: ü, ß: x}"), "@1:1{ é@1:2=@1:5<ü> ß@1:8=@1:11<x>}"); }

TEST(Yaml, NothingIsNullAtItsKey) {
  EXPECT_EQ(tree("a:\nb: ~\nc: null"), "@1:1{ a@1:1=@1:1null b@2:1=@2:4null c@3:1=@3:4null}");
  EXPECT_EQ(tree(""), "@1:1null");
  EXPECT_EQ(tree("# only a comment\n"), "@1:1null");
}

TEST(Yaml, SkipsAByteOrderMarkAndTakesWindowsLineEnds) {
  EXPECT_EQ(tree("\xef\xbb\xbf"
                 "a: 1\r\nb: 2\r\n"),
            "@1:1{ a@1:1=@1:4<1> b@2:1=@2:4<2>}");
}

struct Refused {
  std::string_view text;
  std::string_view place;
  std::string_view part;
};

class YamlRefuses : public testing::TestWithParam<Refused> {};

TEST_P(YamlRefuses, WithPlaceAndRemedy) {
  const Result<Document> document = Document::parse(GetParam().text, "f");
  ASSERT_FALSE(document.has_value()) << tree(GetParam().text);
  EXPECT_EQ(document.error().kind, ErrorKind::config);
  EXPECT_THAT(document.error().message, StartsWith(fmt::format("f:{}: ", GetParam().place)));
  EXPECT_THAT(document.error().message, HasSubstr(GetParam().part));
}

INSTANTIATE_TEST_SUITE_P(
    Table, YamlRefuses,
    testing::Values(
        Refused{"a: 1\nb: 2\na: 3\n", "3:1", "duplicate key 'a'; it stands at 1:1 already"},
        Refused{"x:\n  - {k: 1, 'k': 2}\n", "2:12", "duplicate key 'k'; it stands at 2:6 already"},
        Refused{"a: &x 1\n", "1:4", "anchors and aliases"}, Refused{"a: &x\n  b: 1\n", "1:4", "anchors and aliases"},
        Refused{"a: &x 1\nb: *x\n", "1:4", "anchors and aliases"}, Refused{"a: *x\n", "1:4", "anchors and aliases"},
        Refused{"a: !!int 1\n", "1:4", "tags (!)"}, Refused{"a: ! \"x\"\n", "1:4", "tags (!)"},
        Refused{"a: !t [1]\n", "1:4", "tags (!)"}, Refused{"\"a\" b\n", "1:5", "does not belong here"},
        Refused{"a: 1\n...\nb: 1\n", "3:1", "does not belong here"},
        Refused{"a: 1\n---\nb: 1\n", "2:1", "second document"},
        Refused{"a:\n\tb: 1\n", "2:1", "tab in the indentation"},
        Refused{"a:\n  \tb: 1\n", "2:3", "tab in the indentation"}, Refused{"a: 1\rb: 2\n", "1:5", "carriage return"},
        Refused{"a: \x01\n", "1:4", "control character 0x01"},
        Refused{std::string_view("a: 1\n\0b", 7), "2:1", "control character 0x00"},
        Refused{"a: \x04 b: c\n", "1:4", "control character 0x04"}, Refused{"a: \xff\n", "1:4", "0xff is not UTF-8"},
        Refused{"a: \xed\xa0\x80\n", "1:4", "is not UTF-8"}, Refused{"a: \xc3", "1:4", "is not UTF-8"},
        Refused{"a: \"x\n", "1:4", "opened with \" is never closed"},
        Refused{"a: 'x''\n", "1:4", "opened with ' is never closed"},
        Refused{"a: \"x\" == y\n", "1:8", "quote the whole value"},
        Refused{"a: {b} c\n", "1:8", "quote the whole value"},
        Refused{"a: b: c\n", "1:5", "quote a text that holds ': '"},
        Refused{"a: 1\n  b: 2\n", "2:4", "indent the keys of one mapping alike"},
        Refused{"a: @x\n", "1:4", "quote the text"}, Refused{"a: {b: 1\n", "2:1", "'{' is not closed"},
        Refused{"a: [1\n", "2:1", "']'"}, Refused{"? [a]\n: 1\n", "1:3", "a key must be a word"},
        Refused{"{{a}: b}\n", "1:2", "a key must be a word"}, Refused{"~: b\n", "1:1", "a key is missing"}));

TEST(Yaml, BoundsDepthAndSize) {
  EXPECT_THAT(tree(std::string(100, '[') + std::string(100, ']')), HasSubstr("f:1:65: nested more than 64 deep"));
  EXPECT_THAT(tree(std::string(100'000, '[')), HasSubstr("f:1:"));
  std::string nested;
  for (int i = 0; i < 5'000; ++i) nested += "- ";
  EXPECT_THAT(tree(nested), HasSubstr("nested more than 64 deep"));
  EXPECT_THAT(tree(std::string(max_file_bytes + 1, ' ')), HasSubstr("longer than"));
}

TEST(Yaml, TellsAllDuplicatesInOrder) {
  EXPECT_EQ(tree("b: 1\na: 1\na: 2\nb: 2\n"),
            "f:3:1: duplicate key 'a'; it stands at 2:1 already, keep one of them\n"
            "f:4:1: duplicate key 'b'; it stands at 1:1 already, keep one of them");
}

TEST(Yaml, LoadsFilesAndSaysWhyNot) {
  const Result<Document> missing = Document::load("/no/such/file.yaml");
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().kind, ErrorKind::config);
  EXPECT_EQ(missing.error().message, "cannot open /no/such/file.yaml: No such file or directory");
  const Result<Document> folder = Document::load("/");
  ASSERT_FALSE(folder.has_value());
  EXPECT_EQ(folder.error().message, "cannot read /: Is a directory");
}

struct Spelled {
  std::string_view yaml;  ///< `k: …`; its text holds an X, or is looked for at its end.
  std::string_view place;
};

class TextMapFinds : public testing::TestWithParam<Spelled> {};

TEST_P(TextMapFinds, TheFilesPlace) {
  const Result<Document> document = Document::parse(GetParam().yaml, "f");
  ASSERT_TRUE(document.has_value()) << document.error().message;
  const Node& node = *document->root().find("k");
  const std::size_t x = node.text.find('X');
  const Mark mark = document->text_map(node).at(x == std::string::npos ? node.text.size() : x);
  EXPECT_EQ(fmt::format("{}:{}", mark.line, mark.column), GetParam().place) << node.text;
}

INSTANTIATE_TEST_SUITE_P(
    Table, TextMapFinds,
    testing::Values(Spelled{"k: abX", "1:6"}, Spelled{"k:   é X", "1:8"}, Spelled{"k: 'aX'", "1:6"},
                    Spelled{"k: 'it''s X'", "1:11"}, Spelled{"k: \"aX\"", "1:6"},
                    Spelled{R"(k: "\"\\\u00e9X")", "1:15"}, Spelled{R"(k: "\x41\U0001F600X")", "1:19"},
                    Spelled{"k: a\n  b X", "2:5"}, Spelled{"k: a\n\n  b X", "3:5"}, Spelled{"k: \"a\n  b X\"", "2:5"},
                    Spelled{"k: \"a \\\n  b X\"", "2:5"}, Spelled{"k: 'a\n\n\n b X'", "4:4"},
                    Spelled{"k: |\n  a\n   bX\n", "3:5"}, Spelled{"k: |-  # c\n\n  a\n\n  X", "5:3"},
                    Spelled{"k: >\n  a\n  b\n    more X\n", "4:10"}, Spelled{"k: >\r\n  a\r\n  X\r\n", "3:3"},
                    Spelled{"k: abc", "1:7"}, Spelled{"k: 'abc'", "1:8"}));

}  // namespace
}  // namespace bank::yaml
