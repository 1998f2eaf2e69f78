#include "adapters/spark/file_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/spark/test_records.h"

namespace bank::spark {
namespace {

using testing::HasSubstr;

/// Every record of the chunks: its line, and its id or what was refused.
std::vector<std::string> records_of(Packer& packer) {
  std::map<std::pair<std::int64_t, std::int32_t>, std::string> records;
  UnpackedChunk unpacked;
  for (const Routed& routed : drain(packer)) {
    EXPECT_TRUE(unpacked.read(routed.chunk).has_value());
    for (std::size_t i = 0; i < unpacked.transactions().size(); ++i) {
      const auto& transaction = unpacked.transactions()[i];
      records[{unpacked.numbers()[i], 0}] =
          fmt::format("{} {}", transaction.transaction_id, transaction.location.value_or("-"));
    }
    for (const Refused& refused : unpacked.refused()) {
      records[{refused.number, refused.piece}] = fmt::format("{}:{} {}", to_string(refused.rejection.reason),
                                                             refused.value.size(), refused.value.substr(0, 40));
    }
  }
  std::vector<std::string> lines;
  for (const auto& [place, text] : records) lines.push_back(fmt::format("{} {}", place.first, text));
  return lines;
}

/// A part of a text, given in blocks of so many bytes.
void feed(const FilePart& part, std::string_view text, std::size_t block, Packer& packer) {
  auto feed = FileFeed::open(part, packer.setup());
  ASSERT_TRUE(feed.has_value()) << feed.error().message;
  for (std::size_t begin = 0;; begin += block) {
    const bool last = begin + block >= text.size();
    const Try<bool> more = (*feed)->take(text.substr(begin, block), last, packer);
    ASSERT_TRUE(more.has_value()) << more.error().message;
    if (!*more) return;
    ASSERT_FALSE(last);
  }
}

std::vector<std::string> whole(std::string_view text, pipeline::Layout layout, std::size_t block,
                               const std::string& header = "", std::int64_t line = 1) {
  Packer packer(setup(""), 2, "");
  feed({.origin = "f:", .layout = layout, .csv_header = header, .line = line}, text, block, packer);
  return records_of(packer);
}

std::string line_of(int id, std::string_view location = "L") {
  return fmt::format(
      R"({{"transaction_id": "T{}", "account_number": "A{}", "transaction_type": "P", "amount": 1, "timestamp": "2026-01-01 00:00:00", "location": "{}"}})",
      id, id % 3, location);
}

TEST(FileFeed, LinesAreTheSameHoweverTheyAreCut) {
  std::string text = "\n" + line_of(1) + "\r\n  \n" + line_of(2) + "\nrubbish\n" + line_of(3) + "\n\n" + line_of(4);
  const std::vector<std::string> expected = {"2 T1 L", "4 T2 L", "5 not_json:7 rubbish", "6 T3 L", "8 T4 L"};
  for (std::size_t block = 1; block < text.size() + 2; ++block) {
    ASSERT_EQ(whole(text, pipeline::Layout::json_lines, block), expected) << block;
  }
}

TEST(FileFeed, PartsOfAFileTakeEachRecordOnce) {
  std::string text;
  for (int i = 0; i < 40; ++i) text += (i % 7 == 3 ? "\n" : "") + line_of(i) + "\n";
  text += line_of(40);
  const std::vector<std::string> expected = whole(text, pipeline::Layout::json_lines, 1000);
  ASSERT_EQ(expected.size(), 41U);
  for (std::size_t part = 1; part < text.size() + 50; part += part < 300 ? 1 : 97) {
    Packer packer(setup(""), 2, "");
    for (std::size_t begin = 0; begin < text.size(); begin += part) {
      // As Native.openFile() says: from the byte before on, but at the file's begin.
      const std::size_t from = begin == 0 ? 0 : begin - 1;
      const std::string_view before = std::string_view(text).substr(0, from);
      const FilePart of{.origin = "f:",
                        .line = 1 + static_cast<std::int64_t>(std::ranges::count(before, '\n')),
                        .skip = begin > 0,
                        .length = begin + part - from};
      feed(of, std::string_view(text).substr(from), 1 + part * 3 / 4, packer);
    }
    ASSERT_EQ(records_of(packer), expected) << part;
  }
}

TEST(FileFeed, ElementsOfAnArrayAndRowsOfCsvAreTheSameHoweverTheyAreCut) {
  const std::string array = "[\n  " + line_of(1) + ",\n  " + line_of(2) + ", 5,\n" + line_of(3) + "]\n";
  const std::vector<std::string> elements = {"2 T1 L", "3 T2 L", "3 not_object:1 5", "4 T3 L"};
  const std::string rows =
      "T1,A,P,1,2026-01-01 00:00:00,\"a\nb\"\n\nT2,A,P,x,2026-01-01 00:00:00,\nT3,A,P,1,2026-01-01 00:00:00,L";
  const std::string header = "transaction_id,account_number,transaction_type,amount,timestamp,location";
  const std::vector<std::string> cells = {"2 T1 a\nb", "5 bad_amount_syntax:29 T2,A,P,x,2026-01-01 00:00:00,",
                                          "6 T3 L"};
  for (std::size_t block = 1; block < array.size() + 2; ++block) {
    // Two records on one line have one number: the map of this test keeps the accepted and refused apart by piece only.
    auto found = whole(array, pipeline::Layout::json_array, block);
    ASSERT_EQ(found.size(), 3U);
    ASSERT_EQ(found[0], elements[0]);
    ASSERT_EQ(found[2], elements[3]);
    ASSERT_EQ(whole(rows, pipeline::Layout::csv, block, header, 2), cells) << block;
  }
}

TEST(FileFeed, TellsWhatIsWrongWithAnArrayBehindWhatCouldBeRead) {
  Packer packer(setup(""), 1, "");
  auto feed = FileFeed::open({.origin = "f.json:", .layout = pipeline::Layout::json_array}, packer.setup());
  ASSERT_TRUE(feed.has_value());
  const std::string text = "[" + line_of(1) + ",\n" + line_of(2);
  const Try<bool> taken = (*feed)->take(text, true, packer);
  ASSERT_FALSE(taken.has_value());
  EXPECT_EQ(taken.error().kind, Fault::Kind::machine);
  EXPECT_THAT(taken.error().message, HasSubstr("f.json: line "));
  EXPECT_EQ(packer.counts().accepted, 2U);
}

TEST(FileFeed, ARecordWithoutEndComesInPieces) {
  std::string text = line_of(1) + "\n";
  text.append(40'000'000, 'x');
  text += "\n" + line_of(2) + "\n";
  const auto found = whole(text, pipeline::Layout::json_lines, 1 << 20);
  ASSERT_EQ(found.size(), 5U);
  EXPECT_THAT(found[1], HasSubstr("2 too_long:16777215 xxx"));
  EXPECT_THAT(found[3], HasSubstr("2 too_long:6445570 xxx"));
  EXPECT_EQ(whole(text, pipeline::Layout::json_lines, 100'000'000), found);
}

TEST(FileFeed, RefusesPartsOfWhatCannotBeCutAndAWrongHeader) {
  const auto of = setup("");
  EXPECT_EQ(FileFeed::open({.layout = pipeline::Layout::json_array, .skip = true}, *of).error().kind,
            Fault::Kind::border);
  EXPECT_EQ(FileFeed::open({.layout = pipeline::Layout::csv, .length = 5}, *of).error().kind, Fault::Kind::border);
  const auto opened = FileFeed::open({.origin = "f:", .layout = pipeline::Layout::csv, .csv_header = "a,b"}, *of);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().kind, Fault::Kind::rules);
  EXPECT_THAT(opened.error().message, HasSubstr("transaction_id"));
}

TEST(FileFeed, InspectingSaysWhereTheRecordsBegin) {
  const auto of = setup("");
  EXPECT_EQ(*inspect_file(*of, "a.jsonl", "auto", "\xef\xbb\xbf{}", true),
            R"({"layout":"jsonl","begin":3,"line":1,"header":"","splittable":true})");
  EXPECT_EQ(*inspect_file(*of, "a.json", "auto", "\n[{}", false),
            R"({"layout":"json","begin":0,"line":1,"header":"","splittable":false})");
  EXPECT_EQ(
      *inspect_file(*of, "a.csv", "auto", "\ntransaction_id,account_number,transaction_type,amount,timestamp\r\nT",
                    true),
      R"({"layout":"csv","begin":66,"line":3,"header":"transaction_id,account_number,transaction_type,amount,timestamp","splittable":false})");
  EXPECT_EQ(inspect_file(*of, "a.csv", "auto", "a,b\n", true).error().kind, Fault::Kind::rules);
  EXPECT_EQ(inspect_file(*of, "a", "xml", "", true).error().kind, Fault::Kind::border);
}

}  // namespace
}  // namespace bank::spark
