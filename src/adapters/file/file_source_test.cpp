#include "adapters/file/file_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <random>
#include <thread>

#include "adapters/file/event_time_order.h"
#include "adapters/file/reader.h"
#include "adapters/file/test_files.h"

namespace bank::file {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ReadAll read(const std::vector<std::string>& inputs, const SourceOptions& options = {}) {
  const auto source = make_file_source(inputs, options);
  if (!source) return {.records = {}, .error = source.error().message};
  return read_all(**source);
}

std::string open_error(const std::vector<std::string>& inputs, const SourceOptions& options = {}) {
  const auto source = make_file_source(inputs, options);
  return source ? "opened" : source.error().message;
}

const std::string header = "transaction_id,account_number,transaction_type,amount,timestamp,location,merchant,status\n";

TEST(FileSource, LinesWithTheirNumbers) {
  const TestFolder folder;
  const std::string path = folder.write("a.json", "{\"a\": 1}\n\n  \t\r\n{\"b\": 2}\r\n{\"cut\": ");
  const ReadAll all = read({path});
  EXPECT_EQ(all.error, "");
  const std::string origin = path + ":";
  EXPECT_THAT(all.records, ElementsAre(ReadRecord{"{\"a\": 1}", 1, origin}, ReadRecord{"{\"b\": 2}", 4, origin},
                                       ReadRecord{"{\"cut\": ", 5, origin}));
}

TEST(FileSource, EmptyInputs) {
  const TestFolder folder;
  for (const auto& [name, text] : std::vector<std::pair<std::string, std::string>>{
           {"empty.json", ""},
           {"blank.json", "\n \n\r\n"},
           {"mark.json", "\xef\xbb\xbf"},
           {"empty.csv", ""},
           {"header.csv", header},
           {"array.json", " [ ]\n"},
           {"empty.gz", gzip("")},
           {"empty.zst", zstd("")},
       }) {
    const ReadAll all = read({folder.write(name, text)});
    EXPECT_EQ(all.error, "") << name;
    EXPECT_TRUE(all.records.empty()) << name;
  }
}

TEST(FileSource, ByteOrderMarkIsSkipped) {
  const TestFolder folder;
  EXPECT_THAT(read({folder.write("lines", "\xef\xbb\xbf{\"a\": 1}\n")}).bytes(), ElementsAre("{\"a\": 1}"));
  EXPECT_THAT(read({folder.write("array", "\xef\xbb\xbf[{\"a\": 1}]")}).bytes(), ElementsAre("{\"a\": 1}"));
  EXPECT_THAT(read({folder.write("csv", "\xef\xbb\xbf" + header + "1,2,3,4,5,6,7,8\n")}).bytes(),
              ElementsAre("1,2,3,4,5,6,7,8"));
}

TEST(FileSource, SeveralFilesInTheOrderGivenAndGlobsSorted) {
  const TestFolder folder;
  folder.write("b2.json", "{\"n\": 4}\n");
  folder.write("b1.json", "{\"n\": 3}");
  const std::string last = folder.write("z.json", "{\"n\": 1}\n{\"n\": 2}\n");
  const ReadAll all = read({last, folder / "b*.json"});
  EXPECT_EQ(all.error, "");
  EXPECT_THAT(all.records, ElementsAre(ReadRecord{"{\"n\": 1}", 1, last + ":"}, ReadRecord{"{\"n\": 2}", 2, last + ":"},
                                       ReadRecord{"{\"n\": 3}", 1, (folder / "b1.json:")},
                                       ReadRecord{"{\"n\": 4}", 1, (folder / "b2.json:")}));
}

TEST(FileSource, AFileWhoseNameLooksLikeAGlob) {
  const TestFolder folder;
  EXPECT_THAT(read({folder.write("a[1].json", "{}\n")}).bytes(), ElementsAre("{}"));
}

TEST(FileSource, WhatCannotBeReadIsSaidBeforeAnythingIs) {
  const TestFolder folder;
  const std::string good = folder.write("good.json", "{}\n");
  EXPECT_THAT(open_error({good, folder / "gone.json"}),
              testing::EndsWith("gone.json: cannot read: No such file or directory"));
  EXPECT_THAT(open_error({good, folder / "*.csv"}), HasSubstr("no file matches '"));
  EXPECT_THAT(open_error({folder / ""}), HasSubstr("is a folder; name files, or a glob"));
  EXPECT_THAT(open_error({"-", "-"}), HasSubstr("named twice"));
  EXPECT_THAT(open_error({folder.write("other.csv", "a,b\n1,2\n")}), HasSubstr("other.csv: "));
  if (::geteuid() != 0) {
    const std::string locked = folder.write("locked.json", "{}\n");
    ::chmod(locked.c_str(), 0);
    EXPECT_THAT(open_error({locked}), HasSubstr("locked.json: cannot read: Permission denied"));
  }
}

TEST(FileSource, AReadErrorNamesTheByte) {
  // A file that opens and whose bytes cannot be read, for root too.
  EXPECT_THAT(open_error({"/proc/self/mem"}),
              HasSubstr("/proc/self/mem: reading failed at byte 0: Input/output error"));
}

TEST(FileSource, CompressionIsToldByContent) {
  const TestFolder folder;
  const std::string text = "{\"a\": 1}\n{\"b\": 2}\n";
  const std::string skippable("\x50\x2a\x4d\x18\x03\x00\x00\x00xyz", 11);
  for (const auto& [name, bytes] : std::vector<std::pair<std::string, std::string>>{
           {"a.json", gzip(text)},
           {"b.json", zstd(text)},
           {"members.gz", gzip(text.substr(0, 5)) + gzip("") + gzip(text.substr(5))},
           {"frames.zst", zstd(text.substr(0, 5)) + skippable + zstd(text.substr(5))},
           {"skippable.zst", skippable + zstd(text)},
           {"padded.gz", gzip(text) + std::string(1000, '\0')},
       }) {
    const ReadAll all = read({folder.write(name, bytes)});
    EXPECT_EQ(all.error, "") << name;
    EXPECT_THAT(all.bytes(), ElementsAre("{\"a\": 1}", "{\"b\": 2}")) << name;
  }
}

std::string many_lines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += fmt::format("{{\"number\": {}, \"padding\": \"{}\"}}\n", i,
                        std::string(static_cast<std::size_t>(i % 300), 'x'));
  return text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(FileSource, ManyBatchesLoseNothing) {
  const TestFolder folder;
  const std::string text = many_lines(20'000);
  for (const auto& [name, bytes] :
       std::vector<std::pair<std::string, std::string>>{{"a.json", text},
                                                        {"a.gz", gzip(text)},
                                                        {"a.zst", zstd(text)},
                                                        {"unfinished.json", text.substr(0, text.size() - 1)}}) {
    const std::string path = folder.write(name, bytes);
    const ReadAll all = read({path});
    EXPECT_EQ(all.error, "");
    EXPECT_GT(all.batches, 5u);
    ASSERT_EQ(all.bytes(), lines_of(text)) << name;
    for (std::size_t i = 0; i < all.records.size(); ++i)
      ASSERT_EQ(all.records[i].number, static_cast<std::int64_t>(i) + 1);
  }
}

// Every way to compress a text; those of several parts are cut at `cut`.
std::vector<std::pair<std::string, std::string>> compressed(std::string_view text, std::size_t cut) {
  const std::string_view first = text.substr(0, cut);
  const std::string_view second = text.substr(cut);
  return {{"plain", std::string(text)},
          {"gzip", gzip(text)},
          {"gzip members", gzip(first) + gzip(second) + gzip("")},
          {"zstd", zstd(text)},
          {"zstd with a checksum", zstd(text, true)},
          {"zstd frames", zstd(first) + zstd(second, true) + zstd("")}};
}

TEST(OpenBytes, TextsThatEndWhereTheRoomEnds) {
  const TestFolder folder;
  std::string text;
  for (int i = 0; i < 64; ++i) text += static_cast<char>('a' + i % 26);
  for (std::size_t size = 1; size <= text.size(); ++size) {
    for (const auto& [how, bytes] : compressed(std::string_view(text).substr(0, size), size / 2)) {
      const std::string path = folder.write("text", bytes);
      for (const std::size_t room : {1u, 2u, 8u, 16u, 32u, 64u}) {
        const auto stream =
            open_bytes(Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), "text", nullptr, nullptr).value();
        std::string got;
        std::string block(room, '\0');
        for (;;) {
          const Result<std::size_t> n = stream->read(block);
          ASSERT_TRUE(n.has_value()) << how << " of " << size << " by " << room << ": " << n.error().message;
          if (*n == 0) break;
          got.append(block, 0, *n);
        }
        ASSERT_EQ(got, text.substr(0, size)) << how << " by " << room;
      }
    }
  }
}

TEST(FileSource, TextsOfEverySizeAroundItsBuffers) {
  const TestFolder folder;
  const std::string text = many_lines(5000);
  constexpr std::size_t head = 16 << 10;
  for (const std::size_t edge : {head, batch_bytes, head + batch_bytes, 2 * batch_bytes, head + 2 * batch_bytes}) {
    for (std::size_t size = edge - 8; size <= edge + 8; ++size) {
      const std::string cut = text.substr(0, size);
      for (const auto& [how, bytes] : compressed(cut, std::min(head, size))) {
        const ReadAll all = read({folder.write("text.jsonl", bytes)});
        ASSERT_EQ(all.error, "") << how << " of " << size;
        ASSERT_EQ(all.bytes(), lines_of(cut)) << how << " of " << size;
      }
    }
  }
}

TEST(FileSource, DamagedCompressionGivesWhatCameBefore) {
  const TestFolder folder;
  const std::string text = many_lines(20'000);
  std::string damaged_gzip = gzip(text);
  damaged_gzip[damaged_gzip.size() - 6] =
      static_cast<char>(damaged_gzip[damaged_gzip.size() - 6] ^ 1);  // in the checksum
  std::string damaged_zstd = zstd(text) + zstd(text);
  damaged_zstd.replace(zstd(text).size(), 4, "oops");
  for (const auto& [name, bytes, count, error] :
       std::vector<std::tuple<std::string, std::string, std::size_t, std::string>>{
           {"cut.gz", gzip(text).substr(0, gzip(text).size() / 2), 5000, "cut.gz: the gzip data is cut short at byte"},
           {"cut.zst", zstd(text).substr(0, zstd(text).size() / 2), 1, "cut.zst: the zstd data is cut short at byte"},
           {"damaged.gz", damaged_gzip, 20'000, "damaged.gz: damaged gzip data at byte"},
           {"trailing.gz", gzip(text) + "garbage", 20'000, "trailing.gz: damaged gzip data at byte"},
           {"damaged.zst", damaged_zstd, 20'000, "damaged.zst: damaged zstd data at byte"},
       }) {
    const ReadAll all = read({folder.write(name, bytes)});
    EXPECT_THAT(all.error, HasSubstr(error));
    EXPECT_GE(all.records.size(), count) << name;
    std::vector<std::string> expected = lines_of(text);
    expected.resize(all.records.size());
    EXPECT_EQ(all.bytes(), expected) << name;
  }
}

TEST(FileSource, ALongLineIsWholeUpToAPiece) {
  const TestFolder folder;
  const std::string longest(piece_bytes - 1, 'x');
  const ReadAll all = read({folder.write("long.json", "{}\n" + longest + "\n{\"after\": 1}\n")});
  EXPECT_EQ(all.error, "");
  ASSERT_EQ(all.records.size(), 3u);
  EXPECT_EQ(all.records[1].bytes, longest);
  EXPECT_EQ(all.records[1].piece, 0);
  EXPECT_EQ(all.records[2].bytes, "{\"after\": 1}");
  EXPECT_EQ(all.records[2].number, 3);
}

TEST(FileSource, AnEndlessLineComesInPieces) {
  const TestFolder folder;
  std::string endless;
  while (endless.size() < 2 * piece_bytes + 1000) endless += "\xc3\xa9\xe2\x82\xac";  // characters that must not be cut
  for (const std::string newline : {"\n", ""}) {
    for (const std::string& text :
         std::vector<std::string>{endless, "[{\"a\": \"" + endless + "\"}", endless.substr(0, piece_bytes)}) {
      SourceOptions options;
      options.layout = Layout::json_lines;
      const ReadAll all =
          read({folder.write("endless.json", "{}\n" + text + newline + (newline.empty() ? "" : "{\"after\": 1}\n"))},
               options);
      EXPECT_EQ(all.error, "");
      std::string joined;
      std::int32_t piece = 0;
      std::vector<std::string> others;
      for (const ReadRecord& record : all.records) {
        ASSERT_LE(record.bytes.size(), piece_bytes);
        if (record.piece == 0) {
          others.push_back(record.bytes);
          continue;
        }
        EXPECT_EQ(record.piece, ++piece);
        EXPECT_EQ(record.number, 2);
        EXPECT_NE(record.bytes.front() & 0xc0, 0x80);
        joined += record.bytes;
      }
      EXPECT_TRUE(joined == text);
      EXPECT_TRUE(others == (newline.empty() ? std::vector<std::string>{"{}"}
                                             : std::vector<std::string>{"{}", "{\"after\": 1}"}));
    }
  }
}

TEST(FileSource, ArraysPrettyOrOnOneLine) {
  const TestFolder folder;
  const std::string pretty = folder.write("pretty.json", "[\n  {\n    \"a\": 1\n  },\n  {\"b\": \"]},{\"}\n]\n");
  EXPECT_THAT(read({pretty}).records, ElementsAre(ReadRecord{"{\n    \"a\": 1\n  }", 2, pretty + ":"},
                                                  ReadRecord{"{\"b\": \"]},{\"}", 5, pretty + ":"}));
  EXPECT_THAT(read({folder.write("one.json", R"([{"a":1},{"b":2}, 3])")}).bytes(),
              ElementsAre("{\"a\":1}", "{\"b\":2}", "3"));
}

TEST(FileSource, AnArrayOfManyBatches) {
  const TestFolder folder;
  const std::vector<std::string> elements = lines_of(many_lines(20'000));
  std::string text = "[";
  for (const std::string& element : elements) text += (text.size() > 1 ? ",\n" : "") + element;
  const ReadAll all = read({folder.write("array.json", text + "]")});
  EXPECT_EQ(all.error, "");
  EXPECT_GT(all.batches, 5u);
  ASSERT_EQ(all.bytes(), elements);
  for (std::size_t i = 0; i < all.records.size(); ++i)
    ASSERT_EQ(all.records[i].number, static_cast<std::int64_t>(i) + 1);
}

TEST(FileSource, ABrokenArrayGivesWhatCameBefore) {
  const TestFolder folder;
  const ReadAll cut = read({folder.write("cut.json", "[{\"a\": 1},\n{\"b\": 2},\n{\"c\":")});
  EXPECT_THAT(cut.bytes(), ElementsAre("{\"a\": 1}", "{\"b\": 2}", "{\"c\":"));
  EXPECT_THAT(cut.error, HasSubstr("cut.json: line 3: "));
}

TEST(FileSource, AMistakeInOneInputIsToldBehindTheLast) {
  const TestFolder folder;
  const ReadAll all = read({folder.write("one.json", "[{\"a\": 1}\n{\"a\": 2}]"),
                            folder.write("two.json", "[{\"b\": 1}"), folder.write("three.json", "{\"c\": 1}\n")});
  EXPECT_THAT(all.bytes(), ElementsAre("{\"a\": 1}", "{\"a\": 2}", "{\"b\": 1}", "{\"c\": 1}"));
  EXPECT_THAT(all.error, HasSubstr("one.json: line 2: expected ','"));
  EXPECT_THAT(all.error, HasSubstr("two.json: line 1: "));
}

TEST(FileSource, AHugeElementComesInPieces) {
  const TestFolder folder;
  const std::string huge = "{\"a\": \"" + std::string(2 * piece_bytes, 'x') + "\"}";
  const ReadAll all = read({folder.write("huge.json", "[{\"b\": 1},\n" + huge + ",\n{\"c\": 2}]\n")});
  EXPECT_EQ(all.error, "");
  std::string joined;
  std::vector<std::string> others;
  for (const ReadRecord& record : all.records) {
    (record.piece == 0 ? others.emplace_back() : joined) += record.bytes;
    EXPECT_TRUE(record.piece == 0 || record.number == 2);
  }
  EXPECT_TRUE(joined == huge);
  EXPECT_THAT(others, ElementsAre("{\"b\": 1}", "{\"c\": 2}"));
  EXPECT_EQ(all.records.back().number, 3);
}

TEST(FileSource, CsvWithQuotedNewlines) {
  const TestFolder folder;
  const std::string path =
      folder.write("a.csv", header + "1,2,3,4,5,6,7,8\r\n\n1,2,3,4,5,\"two\nlines\",7,8\nx,,,,,,,");
  const ReadAll all = read({path});
  EXPECT_EQ(all.error, "");
  EXPECT_THAT(all.records, ElementsAre(ReadRecord{"1,2,3,4,5,6,7,8", 2, path + ":"},
                                       ReadRecord{"1,2,3,4,5,\"two\nlines\",7,8", 4, path + ":"},
                                       ReadRecord{"x,,,,,,,", 6, path + ":"}));
}

TEST(FileSource, ACsvOfManyBatches) {
  const TestFolder folder;
  for (const std::string filling : {"plain", "\"two\n lines, \"\"quoted\"\"\""}) {
    std::string text = header;
    std::vector<std::string> rows;
    for (int i = 0; i < 30'000; ++i)
      rows.push_back(fmt::format("T{},A1,PAYMENT,10,2026-01-01 00:00:00,{},,", i, filling));
    for (const std::string& row : rows) text += row + "\n";
    const ReadAll all = read({folder.write("many.csv", text)});
    EXPECT_EQ(all.error, "");
    EXPECT_GT(all.batches, 4u);
    ASSERT_EQ(all.bytes(), rows);
    const std::int64_t lines_each = filling == "plain" ? 1 : 2;
    for (std::size_t i = 0; i < rows.size(); ++i)
      ASSERT_EQ(all.records[i].number, 2 + lines_each * static_cast<std::int64_t>(i));
  }
}

TEST(FileSource, TheLayoutIsToldByContentOrName) {
  const TestFolder folder;
  const auto layout_of = [&](const std::string& name, const std::string& text) {
    const auto source = FileSource::open({folder.write(name, text)}, {});
    if (!source) return std::string("error");
    const ReadAll all = read_all(**source);
    return std::string((*source)->streams()[0].format == pipeline::Format::csv ? "csv" : "json") +
           std::to_string(all.records.size());
  };
  const std::string row = "T1,A1,PAYMENT,10,2026-01-01 00:00:00,,,\n";
  EXPECT_EQ(layout_of("a.csv", header + row), "csv1");
  EXPECT_EQ(layout_of("a.csv.gz", gzip(header + row)), "csv1");
  EXPECT_EQ(layout_of("no_ending", header + row), "csv1");
  EXPECT_EQ(layout_of("data.txt", "garbage, at first\n{}\n"), "json2");
  EXPECT_EQ(layout_of("data.jsonl", "garbage\n{}\n"), "json2");
  EXPECT_EQ(layout_of("a.json", "[{}, {}, {}]"), "json3");
  EXPECT_EQ(layout_of("a.jsonl", "[1]\n[2]\n"), "json2");
  EXPECT_EQ(layout_of("wrong.csv", "{\"a\": 1}\n"), "error");
}

TEST(FileSource, ALayoutThatIsAskedForIsTaken) {
  const TestFolder folder;
  SourceOptions json;
  json.never_csv = true;
  EXPECT_THAT(read({folder.write("lines.csv", "{}\n" + header)}, json).bytes(), testing::SizeIs(2));
  EXPECT_THAT(read({folder.write("array.csv", "[{}]")}, json).bytes(), ElementsAre("{}"));
  SourceOptions options;
  options.layout = Layout::json_lines;
  EXPECT_THAT(read({folder.write("a.json", "[1, 2]\n{}\n")}, options).bytes(), ElementsAre("[1, 2]", "{}"));
  options.layout = Layout::json_array;
  EXPECT_THAT(read({folder.write("b.json", "{}\n{}\n")}, options).error, HasSubstr("b.json: line 1: expected '['"));
  options.layout = Layout::csv;
  EXPECT_THAT(open_error({folder.write("c.json", "{}\n")}, options), HasSubstr("c.json: "));
}

TEST(FileSource, APipeDeliversWhatItHas) {
  const TestFolder folder;
  const std::string path = folder / "pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  std::atomic<bool> stop = false;
  std::thread producer([&] {
    std::ofstream out(path);
    out << "{\"n\": 1}\n{\"n\":" << std::flush;
    while (!stop) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  SourceOptions options;
  options.stop = &stop;
  const auto source = make_file_source({path}, options);
  ASSERT_TRUE(source.has_value());
  // The first record comes although the pipe is still open and the buffer far from full.
  auto batch = (*source)->next();
  ASSERT_TRUE(batch.has_value());
  ASSERT_NE(*batch, nullptr);
  std::vector<pipeline::RawRecord> records;
  (*batch)->split(records);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].bytes, "{\"n\": 1}");
  // A stop ends the waiting; the line that is not complete is not taken for one.
  stop = true;
  batch = (*source)->next();
  ASSERT_TRUE(batch.has_value());
  EXPECT_EQ(*batch, nullptr);
  producer.join();
}

TEST(FileSource, APipeWithoutAWriterCanBeStopped) {
  const TestFolder folder;
  const std::string path = folder / "pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  std::atomic<bool> stop = false;
  SourceOptions options;
  options.stop = &stop;
  const auto source = make_file_source({path}, options);
  ASSERT_TRUE(source.has_value());
  std::thread user([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    stop = true;
  });
  const auto batch = (*source)->next();
  user.join();
  ASSERT_TRUE(batch.has_value());
  EXPECT_EQ(*batch, nullptr);
}

// Gives `text` through a pipe that stays open, raises the stop flag once all of it lies in the pipe, and reads.
ReadAll read_stopped(const std::string& text, SourceOptions options) {
  const TestFolder folder;
  const std::string path = folder / "pipe";
  if (::mkfifo(path.c_str(), 0600) != 0) throw std::runtime_error("cannot make " + path);
  const Descriptor pipe(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  std::atomic<bool> stop = false;
  options.stop = &stop;
  const auto source = make_file_source({path}, options);
  if (!source) return {.records = {}, .error = source.error().message};
  if (::write(pipe.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw std::runtime_error("the pipe is too small");
  std::thread user([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stop = true;
  });
  ReadAll all = read_all(**source);
  user.join();
  return all;
}

TEST(FileSource, AStopWhileWaitingLeavesOutNothingThatIsWhole) {
  const std::string lines = "{\"a\": 1}\n{\"b\": 2}\n";
  for (const auto& [text, records] : std::vector<std::pair<std::string, std::vector<std::string>>>{
           {lines + "{\"c\":", {"{\"a\": 1}", "{\"b\": 2}"}},
           {"[{\"a\": 1}, {\"b\": 2}, {\"c\"", {"{\"a\": 1}", "{\"b\": 2}"}},
           {"{\"c\":", {}},
           {header + "1,2,3,4,5,6,7,8\n1,2", {"1,2,3,4,5,6,7,8"}},
       }) {
    const ReadAll all = read_stopped(text, {});
    EXPECT_EQ(all.error, "") << text;
    EXPECT_EQ(all.bytes(), records) << text;
  }
}

TEST(FileSource, AStopBeforeTheHeaderIsWholeIsNoErrorInIt) {
  SourceOptions csv;
  csv.layout = Layout::csv;
  for (const std::string text : {"", "tr", "transaction_id,acc", "\n \ntransaction_id,acc"}) {
    for (const SourceOptions& options : {SourceOptions{}, csv}) {
      const ReadAll all = read_stopped(text, options);
      EXPECT_EQ(all.error, "") << text;
      EXPECT_TRUE(all.records.empty()) << text;
    }
  }
}

// A stream of bytes whose next read is never known to wait, as with compressed data that comes through a pipe.
class StoppedBytes final : public ByteStream {
 public:
  explicit StoppedBytes(std::string text) : text_(std::move(text)) {}
  Result<std::size_t> read(std::span<char> room) override {
    const std::size_t n = text_.copy(room.data(), room.size());
    text_.erase(0, n);
    stopped_ = n == 0;
    return n;
  }
  [[nodiscard]] bool idle() const override { return false; }
  [[nodiscard]] bool stopped() const override { return stopped_; }

 private:
  std::string text_;
  bool stopped_ = false;
};

TEST(RecordReader, AStopWithinABatchLeavesOutNothingThatIsWhole) {
  const pipeline::Stream stream{.origin = "in:"};
  const std::string text = many_lines(5000);
  RecordReader reader({.bytes = std::make_unique<StoppedBytes>(text + "{\"cut\":"), .head = {}}, stream,
                      std::make_shared<BufferPool>(batch_bytes));
  std::vector<std::string> got;
  for (;;) {
    const auto batch = reader.next();
    ASSERT_TRUE(batch.has_value()) << batch.error().message;
    if (*batch == nullptr) break;
    std::vector<pipeline::RawRecord> records;
    (*batch)->split(records);
    for (const pipeline::RawRecord& record : records) got.emplace_back(record.bytes);
  }
  EXPECT_EQ(got, lines_of(text));
}

TEST(FileSource, ANameThatIsNotUtf8) {
  const TestFolder folder;
  EXPECT_THAT(read({folder.write("caf\xe9.json", "{}\n")}).records[0].origin, testing::EndsWith("/caf%E9.json:"));
  EXPECT_THAT(read({folder.write("caf\xc3\xa9.json", "{}\n")}).records[0].origin,
              testing::EndsWith("/caf\xc3\xa9.json:"));
}

TEST(FileSource, TellsHowFarItIs) {
  const TestFolder folder;
  const std::string text = many_lines(5000);
  ReadProgress progress;
  const auto source = make_file_source({folder.write("a.json", text), folder.write("b.json", text)}, {}, &progress);
  ASSERT_TRUE(source.has_value());
  EXPECT_EQ(progress.bytes_total, 2 * text.size());
  EXPECT_EQ(progress.bytes, 0u);
  read_all(**source);
  EXPECT_EQ(progress.bytes, 2 * text.size());
}

std::string record(int id, const std::string& time) {
  return fmt::format(
      R"({{"transaction_id": "T{}", "account_number": "A1", "transaction_type": "PAYMENT", "amount": 1, "timestamp": "2026-01-01 {}"}})",
      id, time);
}

TEST(EventTimeOrder, SortsStablyAcrossFilesAndKeepsTheNumbers) {
  const TestFolder folder;
  const std::string a = folder.write(
      "a.json", record(1, "10:00:00") + "\n" + record(2, "09:00:00") + "\nbroken\n" + record(3, "10:00:00"));
  const std::string b =
      folder.write("b.json.gz", gzip(record(4, "09:30:00") + "\n{}\n" + record(5, "10:00:00") + "\n"));
  SourceOptions options;
  options.order = Order::event_time;
  const ReadAll all = read({a, b}, options);
  EXPECT_EQ(all.error, "");
  EXPECT_THAT(all.records,
              ElementsAre(ReadRecord{"broken", 3, a + ":"}, ReadRecord{"{}", 2, b + ":"},
                          ReadRecord{record(2, "09:00:00"), 2, a + ":"}, ReadRecord{record(4, "09:30:00"), 1, b + ":"},
                          ReadRecord{record(1, "10:00:00"), 1, a + ":"}, ReadRecord{record(3, "10:00:00"), 4, a + ":"},
                          ReadRecord{record(5, "10:00:00"), 3, b + ":"}));
}

TEST(EventTimeOrder, AShuffledFileComesOutAsIfItHadNeverBeen) {
  const TestFolder folder;
  std::vector<std::string> sorted;
  for (int i = 0; i < 8000; ++i)
    sorted.push_back(record(i, fmt::format("{:02}:{:02}:{:02}", i / 3600, i / 60 % 60, i % 60)));
  std::vector<std::string> shuffled = sorted;
  std::ranges::shuffle(shuffled, std::mt19937(7));
  std::string text;
  for (const std::string& line : shuffled) text += line + "\n";
  SourceOptions options;
  options.order = Order::event_time;
  const ReadAll all = read({folder.write("shuffled.json", text)}, options);
  EXPECT_EQ(all.error, "");
  EXPECT_GT(all.batches, 2u);
  EXPECT_EQ(all.bytes(), sorted);
  for (const ReadRecord& found : all.records)
    ASSERT_EQ(found.bytes, shuffled[static_cast<std::size_t>(found.number) - 1]);
}

TEST(EventTimeOrder, AnErrorComesAfterWhatCameBeforeIt) {
  const TestFolder folder;
  const std::string text = record(2, "11:00:00") + "\n" + record(1, "10:00:00") + "\n";
  const std::string path = folder.write("cut.gz", gzip(text) + gzip(text).substr(0, 20));
  SourceOptions options;
  options.order = Order::event_time;
  const ReadAll all = read({path}, options);
  EXPECT_THAT(all.bytes(), ElementsAre(record(1, "10:00:00"), record(2, "11:00:00")));
  EXPECT_THAT(all.error, HasSubstr("cut short at byte"));
}

// Raises the stop flag after `batches` batches, as a user may at any time.
class StoppingSource final : public pipeline::Source {
 public:
  StoppingSource(std::unique_ptr<pipeline::Source> source, std::size_t batches, std::atomic<bool>& stop)
      : source_(std::move(source)), batches_left_(batches), stop_(stop) {}
  Result<std::unique_ptr<pipeline::RawBatch>> next() override {
    if (batches_left_-- == 1) stop_ = true;
    return source_->next();
  }

 private:
  std::unique_ptr<pipeline::Source> source_;
  std::size_t batches_left_;
  std::atomic<bool>& stop_;
};

TEST(EventTimeOrder, AStopWhileItReadsKeepsWhatItHasRead) {
  const TestFolder folder;
  std::string text;
  std::vector<std::string> lines;
  for (int i = 0; i < 20'000; ++i) {
    lines.push_back(record(i, fmt::format("{:02}:{:02}:{:02}", i / 3600, i / 60 % 60, i % 60)));
    text += lines.back() + "\n";
  }
  std::atomic<bool> stop = false;
  auto files = FileSource::open({folder.write("a.json", text)}, {}).value();
  EventTimeOrder order(std::make_unique<StoppingSource>(std::move(files), 3, stop), {}, &stop);
  EXPECT_FALSE(order.finishing());
  const ReadAll all = read_all(order);
  EXPECT_TRUE(order.finishing());
  EXPECT_EQ(all.error, "");
  EXPECT_EQ(all.batches, 3u);
  EXPECT_GT(all.records.size(), 3000u);
  EXPECT_LT(all.records.size(), 6000u);
  lines.resize(all.records.size());
  EXPECT_EQ(all.bytes(), lines);
}

TEST(EventTimeOrder, AStopAfterItHasReadIsLeftToTheRun) {
  const TestFolder folder;
  std::atomic<bool> stop = false;
  EventTimeOrder order(FileSource::open({folder.write("a.json", record(1, "10:00:00"))}, {}).value(), {}, &stop);
  ASSERT_TRUE(order.next().has_value());
  stop = true;
  EXPECT_FALSE(order.finishing());
}

TEST(EventTimeOrder, PiecesAndCsv) {
  const TestFolder folder;
  const std::string path = folder.write(
      "a.csv", header + "T1,A1,PAYMENT,1,2026-01-01 10:00:00,\"a\nb\",,\nT2,A1,PAYMENT,1,2026-01-01 09:00:00,,,\n");
  const std::string endless =
      folder.write("b.json", record(3, "08:00:00") + "\n" + std::string(piece_bytes + 10, 'x') + "\n");
  SourceOptions options;
  options.order = Order::event_time;
  const ReadAll all = read({path, endless}, options);
  ASSERT_EQ(all.records.size(), 5u);
  EXPECT_EQ(all.records[0].piece, 1);
  EXPECT_EQ(all.records[1].piece, 2);
  EXPECT_EQ(all.records[2].bytes, record(3, "08:00:00"));
  EXPECT_EQ(all.records[3].number, 4);
  EXPECT_EQ(all.records[4].bytes, "T1,A1,PAYMENT,1,2026-01-01 10:00:00,\"a\nb\",,");
}

}  // namespace
}  // namespace bank::file
