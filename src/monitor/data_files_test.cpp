#include "monitor/data_files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "monitor/test_tree.h"

namespace bank::monitor {
namespace {

constexpr std::int64_t second = 1'000'000;
constexpr std::int64_t now_us = 1'772'445'600 * second;

class DataFiles : public testing::Test {
 protected:
  /// Writes a file as if it had been done `age_s` seconds ago.
  std::string file(const std::string& name, std::string_view text, std::int64_t age_s) {
    tree_.write(name, text);
    const timespec time{now_us / second - age_s, 0};
    const timespec times[] = {time, time};
    EXPECT_EQ(utimensat(AT_FDCWD, tree_.path(name).c_str(), times, 0), 0);
    return tree_.path(name);
  }
  Check look(const std::string& path) {
    DataFilesOptions options = options_;
    options.files = {path};
    std::vector<Check> checks;
    DataFilesProvider(std::move(options), clock_).look(checks);
    EXPECT_EQ(checks.size(), 1U);
    EXPECT_EQ(checks.at(0).name, "file:" + path);
    return checks.at(0);
  }

  TestTree tree_;
  ManualClock clock_{now_us};
  DataFilesOptions options_{.files = {}, .max_age_us = 3600 * second, .record_time = {}};
};

TEST_F(DataFiles, AFreshFileIsFine) {
  const Check check = look(file("a.json", std::string(2048, 'x'), 120));
  EXPECT_EQ(check.status, Status::ok);
  EXPECT_DOUBLE_EQ(check.value.value(), 120);
  EXPECT_EQ(check.text, "2.0 KiB, written 2 min ago");
}

TEST_F(DataFiles, AnOldFileIsAWarning) {
  const std::string path = file("a.json", "{}\n", 0);
  clock_.advance_us(3600 * second - 1);
  EXPECT_EQ(look(path).status, Status::ok);
  clock_.advance_us(1);
  EXPECT_EQ(look(path).status, Status::warning);
  EXPECT_EQ(look(path).text, "3 B, written 1 h 0 min ago");
}

TEST_F(DataFiles, AMissingFileIsAWarning) {
  EXPECT_EQ(look(tree_.path("missing.json")).status, Status::warning);
  EXPECT_EQ(look(tree_.path("missing/folder.json")).text, "missing");
}

TEST_F(DataFiles, AnEmptyFileIsAWarning) {
  const Check check = look(file("a.json", "", 10));
  EXPECT_EQ(check.status, Status::warning);
  EXPECT_EQ(check.text, "empty, written 10 s ago");
}

TEST_F(DataFiles, AFolderIsUnknown) { EXPECT_EQ(look(tree_.root().string()).status, Status::unknown); }

TEST_F(DataFiles, AFileOfTheFutureIsFine) {
  const Check check = look(file("a.json", "x", -500));
  EXPECT_EQ(check.status, Status::ok);
  EXPECT_EQ(check.text, "1 B, written in the future");
}

TEST_F(DataFiles, TellsTheTimeOfTheLastWholeRecord) {
  options_.record_time = [](std::string_view record) -> std::optional<std::int64_t> {
    if (record != "second") return std::nullopt;
    return now_us - 7'200 * second;
  };
  EXPECT_EQ(look(file("a.json", "first\nsecond\ncut o", 5)).text, "18 B, written 5 s ago, last record 2 h 0 min ago");
  EXPECT_EQ(look(file("b.json", "first\n", 5)).text, "6 B, written 5 s ago");
}

TEST_F(DataFiles, FindsTheLastRecord) {
  const auto last = [&](std::string_view text) { return last_record(file("a", text, 0)); };
  EXPECT_EQ(last("a\nb\n"), "b");
  EXPECT_EQ(last("a\r\nb\r\n\r\n \n"), "b");
  EXPECT_EQ(last("only\n"), "only");
  EXPECT_EQ(last("cut"), std::nullopt);
  EXPECT_EQ(last("\n\n"), std::nullopt);
  EXPECT_EQ(last(""), std::nullopt);
  EXPECT_EQ(last_record(tree_.path("missing")), std::nullopt);
  EXPECT_EQ(last(std::string(100'000, 'x') + "\nlast\n"), "last");
  EXPECT_EQ(last("a\n" + std::string(100'000, 'x') + "\n"), std::nullopt) << "longer than what is looked at";
}

}  // namespace
}  // namespace bank::monitor
