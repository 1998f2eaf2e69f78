// `bank run` from end to end, in a folder of its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "cli/captured_terminal.h"
#include "cli/program.h"

namespace bank::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class RunTest : public ::testing::Test {
 public:
  RunTest() : directory_(std::filesystem::temp_directory_path() / ("bank_run_" + std::to_string(getpid()))) {
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
  }
  ~RunTest() override { std::filesystem::remove_all(directory_); }

 protected:
  int run(std::vector<std::string> arguments) {
    const std::string rules = BANK_SOURCE_DIR "/config/rules/default.yaml";
    const std::string data = (directory_ / "data").string();
    arguments.insert(arguments.begin(), {"run", "--rules", rules, "--data-dir", data});
    CapturedTerminal captured;
    ManualClock clock;
    const int code = run_program({"build/bank", std::move(arguments), {{"BANK_MONITOR_MEMORY_PERCENT_WARN", "95"}}, ""},
                                 clock, captured.terminal, stop_);
    out_ = captured.out.text();
    err_ = captured.err.text();
    return code;
  }
  [[nodiscard]] bool exists(const std::string& name) const {
    return std::filesystem::exists(directory_ / "data" / name);
  }

  std::filesystem::path directory_;
  std::atomic<bool> stop_{false};
  std::string out_;
  std::string err_;
};

TEST_F(RunTest, GoesFromNothingToAReport) {
  ASSERT_EQ(run({"--count", "5000", "--accounts", "200"}), 0) << err_;
  for (const char* name : {"sample_transactions.json", "labels.json", "fraud_alerts.json", "analytics_report.json",
                           "analytics_report.html"})
    EXPECT_TRUE(exists(name)) << name;
  EXPECT_FALSE(exists("health-check"));
  EXPECT_THAT(out_, HasSubstr("Transactions  5,000 of"));
  EXPECT_THAT(out_, HasSubstr("Against the labels"));
  EXPECT_THAT(out_, HasSubstr("build/bank rules explain"));
  for (const char* step : {"1/5  health check", "2/5  generate", "3/5  detect", "4/5  analyze", "5/5  summary"})
    EXPECT_THAT(err_, HasSubstr(step));
  EXPECT_EQ((out_ + err_).find('\x1b'), std::string::npos) << "no terminal, no colour";
}

TEST_F(RunTest, RunsOverDataOfOnesOwn) {
  const std::string mine = (directory_ / "mine.csv").string();
  std::ofstream(mine) << "cc_num,amt,id,ts,kind\nA,10,1,2026-01-01 00:00:00,PAYMENT\n"
                         "A,6000,2,2026-01-01 00:00:01,PAYMENT\nA,x,3,2026-01-01 00:00:02,PAYMENT\n";
  ASSERT_EQ(run({"--input", mine, "--map",
                 "account_number=cc_num,amount=amt,transaction_id=id,timestamp=ts,transaction_type=kind"}),
            0)
      << err_;
  EXPECT_FALSE(exists("sample_transactions.json"));
  EXPECT_THAT(err_, HasSubstr("2/4  detect        ok  1 alert by 8 rules"));
  EXPECT_THAT(out_, HasSubstr("Rejected      1 record, no valid transaction"));
  EXPECT_THAT(out_, Not(HasSubstr("Against the labels")));
}

TEST_F(RunTest, KeepsAMistakeFromCostingWork) {
  EXPECT_EQ(run({"--rules", "none.yaml"}), 2);
  EXPECT_THAT(err_, HasSubstr("none.yaml"));
  EXPECT_EQ(run({"--input", "-"}), 2);
  EXPECT_EQ(run({"--mode", "teleport"}), 2);
  EXPECT_FALSE(exists("sample_transactions.json"));
  EXPECT_EQ(run({"--input", (directory_ / "none.json").string()}), 1);
}

TEST_F(RunTest, SaysAtOnceThatTheDiskIsTooSmallOrTheFolderClosed) {
  EXPECT_EQ(run({"--count", "1000000000000"}), 1);
  EXPECT_THAT(err_, HasSubstr("of free space, and this run needs about"));
  std::ofstream(directory_ / "file") << "x";
  EXPECT_EQ(run({"--data-dir", (directory_ / "file").string()}), 1);
  EXPECT_THAT(err_, HasSubstr("file"));
}

TEST_F(RunTest, StopsBetweenSteps) {
  stop_ = true;
  EXPECT_EQ(run({"--count", "5000"}), 0) << "main() makes 130 of it";
  EXPECT_THAT(err_, HasSubstr("Stopped."));
  EXPECT_EQ(out_, "");
}

}  // namespace
}  // namespace bank::cli
