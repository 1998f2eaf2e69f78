#include "cli/generate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "cli/captured_terminal.h"
#include "cli/program.h"

namespace bank::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class GenerateTest : public ::testing::Test {
 public:
  // In a directory without a configuration.
  GenerateTest() : before_(std::filesystem::current_path()) {
    directory_ = std::filesystem::temp_directory_path() / ("bank_generate_" + std::to_string(getpid()));
    std::filesystem::create_directories(directory_);
    std::filesystem::current_path(directory_);
  }
  ~GenerateTest() override {
    std::filesystem::current_path(before_);
    std::filesystem::remove_all(directory_);
  }

 protected:
  int run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "generate");
    CapturedTerminal captured;
    const int code =
        run_program({"bank", std::move(arguments), {}, "bank 1.2.3 (commit abc)"}, clock_, captured.terminal, stop_);
    err_ = captured.err.text();
    return code;
  }
  static std::string text(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static std::ptrdiff_t lines(const std::string& path) { return std::ranges::count(text(path), '\n'); }

  std::filesystem::path before_;
  std::filesystem::path directory_;
  ManualClock clock_{1'767'268'800'000'000};  // 2026-01-01 12:00:00
  std::atomic<bool> stop_{false};
  std::string err_;
};

TEST_F(GenerateTest, NeedsNoFlags) {
  EXPECT_EQ(run({}), 0);
  EXPECT_EQ(lines("data/sample_transactions.json"), 10'000);
  EXPECT_GT(lines("data/labels.json"), 50);
  EXPECT_THAT(err_, HasSubstr("10,000 transactions of 500 accounts"));
  EXPECT_THAT(err_, HasSubstr("2026-01-01"));
  EXPECT_THAT(err_, HasSubstr("card_testing"));
}

TEST_F(GenerateTest, LeavesTheLabelsOfTheSampleAlone) {
  EXPECT_EQ(run({"--count", "10", "--output", "mine.json"}), 0);
  EXPECT_EQ(lines("mine.json"), 10);
  EXPECT_FALSE(std::filesystem::exists("data/labels.json"));
}

TEST_F(GenerateTest, TakesCsvFromTheFormatOrTheName) {
  EXPECT_EQ(run({"--count", "10", "--format", "csv"}), 0);
  EXPECT_THAT(text("data/sample_transactions.csv"), StartsWith("transaction_id,"));
  EXPECT_THAT(text("data/labels.csv"), StartsWith("transaction_id,scenario,case"));
  EXPECT_EQ(run({"--count", "10", "--output", "mine.csv"}), 0);
  EXPECT_EQ(lines("mine.csv"), 11);
  EXPECT_EQ(run({"--count", "10", "--format", "jsonl", "--output", "json.csv"}), 0);
  EXPECT_THAT(text("json.csv"), StartsWith("{"));
}

TEST_F(GenerateTest, StartsOnTheDayThatItIsTold) {
  EXPECT_EQ(run({"--count", "1", "--output", "a.json", "--start", "2024-02-29"}), 0);
  EXPECT_THAT(text("a.json"), StartsWith("{\"transaction_id\": \"TXN-20240229-00000001\""));
}

TEST_F(GenerateTest, StreamsWithTheTimeOfDay) {
  const std::int64_t before_us = clock_.wall_us();
  EXPECT_EQ(run({"--stream", "--interval", "0.5", "--count", "241", "--output", "live.json"}), 0);
  EXPECT_EQ(lines("live.json"), 241);
  EXPECT_THAT(text("live.json"), HasSubstr("\"2026-01-01 12:00:00\""));
  EXPECT_THAT(text("live.json"), HasSubstr("\"2026-01-01 12:02:00\""));
  EXPECT_NEAR(static_cast<double>(clock_.wall_us() - before_us), 120e6, 2e3);
}

TEST_F(GenerateTest, SaysWhatWasDoneWhenItIsStopped) {
  stop_ = true;
  EXPECT_EQ(run({"--output", "some.json"}), 0);  // main() makes it 130.
  EXPECT_THAT(err_, HasSubstr("Stopped before the end (10,000 were asked for); every record written is complete."));
  EXPECT_EQ(text("some.json"), "");
}

TEST_F(GenerateTest, SaysWhatIsWrongAndLeavesNothing) {
  const auto refuse = [this](std::vector<std::string> arguments, const std::string& message) {
    EXPECT_EQ(run(std::move(arguments)), 2);
    EXPECT_THAT(err_, HasSubstr(message));
    EXPECT_TRUE(std::filesystem::is_empty(directory_));
  };
  refuse({"--rate", "5"}, "--rate sets the pace of a stream: add --stream");
  refuse({"--interval", "5"}, "--interval sets the pace of a stream");
  refuse({"--stream", "--interval", "0"}, "must be above 0");
  refuse({"--stream", "--rate", "0"}, "the rate must be from");
  refuse({"--start", "2026-02-30"}, "write YYYY-MM-DD");
  refuse({"--start", "yesterday"}, "write YYYY-MM-DD");
  refuse({"--per-day", "0"}, "above 0");
  refuse({"--count", "100000000000", "--accounts", "1"}, "ask for at least");
  refuse({"--output", "same.json", "--labels", "same.json"}, "one file");
}

TEST_F(GenerateTest, FailsWhereItCannotWrite) {
  EXPECT_EQ(run({"--output", directory_.string()}), 1);
  EXPECT_THAT(err_, HasSubstr("is a folder"));
}

}  // namespace
}  // namespace bank::cli
