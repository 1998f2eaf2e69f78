#include "codec/csv.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "model/transaction.h"

namespace bank::codec {
namespace {

constexpr std::size_t npos = std::string_view::npos;

std::vector<std::string> rows_of(std::string_view text) {
  std::vector<std::string> rows;
  std::size_t from = 0;
  while (from < text.size()) {
    const std::size_t end = find_row_end(text, from, true);
    rows.emplace_back(text.substr(from, end == npos ? npos : end - from));
    if (end == npos) break;
    from = end + 1;
  }
  return rows;
}

using Rows = std::vector<std::string>;

TEST(FindRowEnd, PlainRowsEndAtTheirNewline) {
  EXPECT_EQ(find_row_end("a,b\nc,d\n", 0), 3u);
  EXPECT_EQ(find_row_end("a,b\nc,d\n", 4), 7u);
  EXPECT_EQ(find_row_end("a,b\nc,d", 4), npos);
  EXPECT_EQ(find_row_end("", 0), npos);
  EXPECT_EQ(find_row_end("a\n", 2), npos);
}

TEST(FindRowEnd, ANewlineInAQuotedCellEndsNoRow) {
  EXPECT_EQ(rows_of("a,\"b\nc\",d\ne\n"), (Rows{"a,\"b\nc\",d", "e"}));
  EXPECT_EQ(rows_of("\"a\"\"\n\"\"\",b\r\nc"), (Rows{"\"a\"\"\n\"\"\",b\r", "c"}));
}

TEST(FindRowEnd, AQuoteInsideOfACellIsAByteLikeAnyOther) {
  EXPECT_EQ(rows_of("a,5\" pipe,b\nc,d\n"), (Rows{"a,5\" pipe,b", "c,d"}));
  EXPECT_EQ(rows_of("\"a\"b\"\nc\n"), (Rows{"\"a\"b\"", "c"}));
}

TEST(FindRowEnd, AnUnclosedQuoteCostsOneRowAtTheEndOfTheInput) {
  EXPECT_EQ(find_row_end("a,\"b\nc,d\n", 0, false), npos);
  EXPECT_EQ(rows_of("a,\"b\nc,d\ne,f"), (Rows{"a,\"b", "c,d", "e,f"}));
  EXPECT_EQ(rows_of("\"a"), (Rows{"\"a"}));
}

TEST(FindRowEnd, AQuoteThatTheNextQuotedCellSeemsToCloseCostsOneRow) {
  std::string text = "\"a\"\",b\n";
  for (int i = 0; i < 20'000; ++i) text += "c,d\n";
  text += "e,\"y\"\n";
  const Rows rows = rows_of(text);
  ASSERT_EQ(rows.size(), 20'002u);
  EXPECT_EQ(rows.front(), "\"a\"\",b");
  EXPECT_EQ(rows.back(), "e,\"y\"");
  EXPECT_EQ(rows_of("a,\"b\nc,\"d\"\ne\n"), (Rows{"a,\"b", "c,\"d\"", "e"}));
  EXPECT_EQ(rows_of("\"a\nb\" c\nd\n"), (Rows{"\"a", "b\" c", "d"}));
  EXPECT_EQ(rows_of("\"a\nb\"\r\nc\n"), (Rows{"\"a\nb\"\r", "c"}));
  EXPECT_EQ(rows_of("\"a\nb\""), (Rows{"\"a\nb\""}));
}

TEST(FindRowEnd, AnUnclosedQuoteCostsOneRowOfALongInput) {
  std::string text = "a,\"b\n";
  while (text.size() <= model::max_record_bytes) text += "some more rows\n";
  EXPECT_EQ(find_row_end(text, 0), 4u);
  text.resize(model::max_record_bytes);
  EXPECT_EQ(find_row_end(text, 0), npos);
  // A quote that closes it later than that doesn't count, or the answer would depend on how much of the text is at
  // hand.
  text.resize(model::max_record_bytes + 1, 'x');
  EXPECT_EQ(find_row_end(text + "\"\n", 0), 4u);
}

TEST(FindRowEnd, TheAnswerIsTheSameHoweverMuchTextFollows) {
  const std::string text = "a,\"b\n\"\"c\",d\n\"e\n";
  for (std::size_t n = 0; n <= text.size(); ++n) {
    const std::size_t end = find_row_end(std::string_view(text).substr(0, n), 0);
    EXPECT_EQ(end, n > 11 ? 11 : npos) << n;
  }
  const std::string mistaken = "a,\"b\nc,\"d\"\n";
  for (std::size_t n = 0; n <= mistaken.size(); ++n) {
    EXPECT_EQ(find_row_end(std::string_view(mistaken).substr(0, n), 0), n > 8 ? 4 : npos) << n;
  }
}

TEST(FindRowEnd, ALongRowWithoutQuotesIsFoundWhole) {
  const std::string text = std::string(2 * model::max_record_bytes, 'x') + "\ny";
  EXPECT_EQ(find_row_end(text, 0), 2 * model::max_record_bytes);
  const std::string quoted = "\"a\"," + text;
  EXPECT_EQ(find_row_end(quoted, 0), 2 * model::max_record_bytes + 4);
}

TEST(AppendCsvCell, QuotesWhatNeedsQuotes) {
  std::string out;
  append_csv_cell(out, "plain text");
  append_csv_cell(out, "");
  EXPECT_EQ(out, "plain text");
  out.clear();
  append_csv_cell(out, "a,b");
  append_csv_cell(out, "say \"hi\"");
  append_csv_cell(out, "a\nb");
  append_csv_cell(out, "a\r");
  EXPECT_EQ(out, "\"a,b\"\"say \"\"hi\"\"\"\"a\nb\"\"a\r\"");
}

}  // namespace
}  // namespace bank::codec
