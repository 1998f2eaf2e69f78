#include "adapters/file/tail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace bank::file {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class TailTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("bank_tail_" + std::to_string(getpid()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    path_ = (folder_ / "a.jsonl").string();
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void append(std::string_view text) const { std::ofstream(path_, std::ios::app) << text; }
  void write(std::string_view text) const { std::ofstream(path_, std::ios::trunc) << text; }
  static std::vector<std::string> next(Tail& tail) {
    const auto lines = tail.next();
    EXPECT_TRUE(lines) << lines.error().message;
    return {lines->begin(), lines->end()};
  }

  std::filesystem::path folder_;
  std::string path_;
};

TEST_F(TailTest, GivesWholeLinesAsTheFileGrows) {
  Tail tail(path_, "");
  EXPECT_THAT(next(tail), IsEmpty());
  append("one\ntw");
  EXPECT_THAT(next(tail), ElementsAre("one"));
  EXPECT_EQ(tail.bytes_left(), 2);
  EXPECT_THAT(next(tail), IsEmpty());
  append("o\n\nthree\n");
  EXPECT_THAT(next(tail), ElementsAre("two", "three"));
}

TEST_F(TailTest, GoesOnWhereItStoodInAnEarlierLife) {
  append("one\ntwo\n");
  std::string position;
  {
    Tail tail(path_, "");
    EXPECT_THAT(next(tail), ElementsAre("one", "two"));
    position = tail.position();
  }
  append("three\n");
  Tail tail(path_, position);
  EXPECT_THAT(next(tail), ElementsAre("three"));
}

TEST_F(TailTest, ReadsARotatedFileToItsEndAndThenTheNewOne) {
  Tail tail(path_, "");
  append("one\n");
  EXPECT_THAT(next(tail), ElementsAre("one"));
  append("two\n");
  std::filesystem::rename(path_, path_ + ".1");
  write("three\n");
  EXPECT_THAT(next(tail), ElementsAre("two"));
  EXPECT_THAT(next(tail), ElementsAre("three"));
}

TEST_F(TailTest, ReadsATruncatedOrRewrittenFileFromItsBeginning) {
  Tail tail(path_, "");
  append("one\ntwo\n");
  EXPECT_THAT(next(tail), ElementsAre("one", "two"));
  write("x\n");
  EXPECT_THAT(next(tail), ElementsAre("x"));
  write("a line that is longer\n");
  EXPECT_THAT(next(tail), ElementsAre("a line that is longer"));
}

TEST_F(TailTest, ReadsAnotherFileOfTheNameFromItsBeginningAfterARestart) {
  append("one\ntwo\n");
  std::string position;
  {
    Tail tail(path_, "");
    EXPECT_THAT(next(tail), ElementsAre("one", "two"));
    position = tail.position();
  }
  write("uno\ndos\ntres\n");
  Tail tail(path_, position);
  EXPECT_THAT(next(tail), ElementsAre("uno", "dos", "tres"));
}

TEST_F(TailTest, LeavesOutALineThatIsTooLong) {
  Tail tail(path_, "");
  append("one\n" + std::string(3 * tail_line_bytes_max, 'x') + "\ntwo\n");
  std::vector<std::string> seen;
  for (int i = 0; i < 10; ++i) {
    for (const std::string& line : next(tail)) seen.push_back(line);
  }
  EXPECT_THAT(seen, ElementsAre("one", "two"));
  EXPECT_EQ(tail.left_out(), 1U);
}

TEST_F(TailTest, TakesWhateverForAPosition) {
  append("one\n");
  for (const char* position : {"nonsense", "::", "-5:1:x", "99999:256:0", "4:4:wrong"}) {
    Tail tail(path_, position);
    EXPECT_THAT(next(tail), ElementsAre("one")) << position;
  }
}

TEST_F(TailTest, SaysWhatItCannotRead) {
  Tail tail(folder_.string(), "");
  const auto lines = tail.next();
  ASSERT_FALSE(lines);
  EXPECT_THAT(lines.error().message, testing::HasSubstr(folder_.string()));
}

}  // namespace
}  // namespace bank::file
