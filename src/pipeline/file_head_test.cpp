#include "pipeline/file_head.h"

#include <gtest/gtest.h>

namespace bank::pipeline {
namespace {

constexpr std::string_view header = "transaction_id,account_number,transaction_type,amount,timestamp";

FileHead head_of(std::string_view name, const std::string& head, std::optional<Layout> layout = {}) {
  const auto found = inspect_head(head, {.name = name, .layout = layout, .at_end = true}, codec::FieldNames());
  EXPECT_TRUE(found.has_value());
  return found.value_or(FileHead{});
}

TEST(FileHead, TheNameDecidesThenTheFirstByteThenTheFirstRow) {
  EXPECT_EQ(head_of("a.jsonl.gz", "[").layout, Layout::json_lines);
  EXPECT_EQ(head_of("a.json", " \n[").layout, Layout::json_array);
  EXPECT_EQ(head_of("a.json", "x").layout, Layout::json_lines);
  EXPECT_EQ(head_of("a.txt", "{").layout, Layout::json_lines);
  EXPECT_EQ(head_of("a.txt", std::string(header) + "\n").layout, Layout::csv);
  EXPECT_EQ(head_of("a.txt", "a,b\n").layout, Layout::json_lines);
  EXPECT_EQ(head_of("a.jsonl", std::string(header) + "\n", Layout::csv).layout, Layout::csv);
  EXPECT_FALSE(inspect_head("a,b\n", {.name = "a.csv", .at_end = true}, codec::FieldNames()).has_value());
}

TEST(FileHead, RecordsBeginBehindTheMarkAndTheHeader) {
  const FileHead csv = head_of("a.csv", "\xef\xbb\xbf\n" + std::string(header) + "\r\nT1");
  EXPECT_EQ(csv.begin, 3 + 1 + header.size() + 2);
  EXPECT_EQ(csv.line, 3);
  EXPECT_EQ(csv.csv_header, header);
  EXPECT_EQ(head_of("a.jsonl", "\xef\xbb\xbf{}").begin, 3U);
  EXPECT_FALSE(head_of("a.csv", " \n\n").records);
}

TEST(FileHead, SufficesWhenTheHeaderIsWhole) {
  EXPECT_FALSE(head_suffices("tr", std::nullopt));
  EXPECT_FALSE(head_suffices("transaction_id,acc", std::nullopt));
  EXPECT_TRUE(head_suffices("transaction_id,acc\n", std::nullopt));
  EXPECT_TRUE(head_suffices("[[[", Layout::json_lines));
  EXPECT_TRUE(head_suffices(std::string(head_bytes_max, ' '), std::nullopt));
}

}  // namespace
}  // namespace bank::pipeline
