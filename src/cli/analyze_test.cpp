#include "cli/analyze.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/captured_terminal.h"
#include "cli/program.h"

namespace bank::cli {
namespace {

using ::testing::HasSubstr;

class AnalyzeTest : public ::testing::Test {
 protected:
  AnalyzeTest() {
    directory_ = std::filesystem::temp_directory_path() / ("bank_analyze_" + std::to_string(getpid()));
    std::filesystem::create_directories(directory_);
    environment_.emplace_back("BANK_DATA_DIR", directory_.string());
    write("sample_transactions.json",
          transaction("T1", "A", "6000.00") + transaction("T2", "B", "10.5") + "not json\n");
  }
  ~AnalyzeTest() override { std::filesystem::remove_all(directory_); }

  static std::string transaction(const std::string& id, const std::string& account, const std::string& amount) {
    return R"({"transaction_id": ")" + id + R"(", "account_number": ")" + account +
           R"(", "transaction_type": "PAYMENT", "amount": )" + amount +
           R"(, "timestamp": "2026-03-02 10:00:00", "location": "Online-Portal", "merchant": null, "status": "COMPLETED"})" +
           "\n";
  }
  static std::string alert(const std::string& id, const std::string& timestamp = "2026-03-02 10:00:00") {
    return R"({"alert_id": ")" + id +
           R"(:HIGH_AMOUNT", "alert_type": "HIGH_AMOUNT", "severity": "HIGH", "score": 60, "reason": "r", )" +
           R"("transaction_id": ")" + id + R"(", "account_number": "A", "amount": 6000.00, "timestamp": ")" +
           timestamp + R"(", "rules_version": "v", "detected_at": "2026-03-02T10:00:01.000000Z", "source": "f:1"})" +
           "\n";
  }
  void write(const std::string& name, const std::string& text) const { std::ofstream(directory_ / name) << text; }
  [[nodiscard]] std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(directory_ / name).rdbuf();
    return text.str();
  }
  [[nodiscard]] std::string path(const std::string& name) const { return (directory_ / name).string(); }
  [[nodiscard]] bool exists(const std::string& name) const { return std::filesystem::exists(directory_ / name); }

  int run(std::vector<std::string> arguments, bool stop = false) {
    CapturedTerminal captured;
    ManualClock clock;
    const std::atomic<bool> stopped{stop};
    arguments.insert(arguments.begin(), "analyze");
    Invocation invocation;
    invocation.arguments = std::move(arguments);
    invocation.environment = environment_;
    const int code = run_program(invocation, clock, captured.terminal, stopped);
    out_ = captured.out.text();
    err_ = captured.err.text();
    return code;
  }

  std::filesystem::path directory_;
  std::vector<std::pair<std::string, std::string>> environment_;
  std::string out_;
  std::string err_;
};

TEST_F(AnalyzeTest, WritesBothReportsAndSaysWhatIsInThem) {
  write("fraud_alerts.json", alert("T1"));
  ASSERT_EQ(run({}), 0) << err_;
  EXPECT_EQ(out_, "");
  EXPECT_THAT(err_, HasSubstr("2 transactions of 2 accounts"));
  EXPECT_THAT(err_, HasSubstr("1: 1 not_json"));
  EXPECT_THAT(err_, HasSubstr("1 alerts on 1 transactions (50.00 %)"));
  EXPECT_THAT(err_, HasSubstr("HIGH_AMOUNT"));
  EXPECT_THAT(err_, HasSubstr("Written to " + path("analytics_report.html")));
  EXPECT_THAT(read("analytics_report.json"), HasSubstr("\"volume\": 6010.50"));
  EXPECT_THAT(read("analytics_report.json"), HasSubstr("\"review\": 1,"));
  EXPECT_THAT(read("analytics_report.html"), HasSubstr("HIGH_AMOUNT"));
}

TEST_F(AnalyzeTest, AnyNumberOfThreadsGivesTheSameReport) {
  std::string many;
  for (int i = 0; i < 20'000; ++i)
    many += transaction("T" + std::to_string(i), "ACC" + std::to_string(i % 777), std::to_string(i));
  write("sample_transactions.json", many);
  ASSERT_EQ(run({"--threads", "1"}), 0) << err_;
  const std::string one = read("analytics_report.json");
  ASSERT_EQ(run({"--threads", "3"}), 0) << err_;
  EXPECT_EQ(read("analytics_report.json"), one);
  EXPECT_THAT(one, HasSubstr("\"transactions\": 20000,"));
}

TEST_F(AnalyzeTest, GoesOnWithoutAlertsAndSaysSo) {
  ASSERT_EQ(run({}), 0) << err_;
  EXPECT_THAT(err_, HasSubstr("No alerts: "));
  EXPECT_THAT(read("analytics_report.json"), HasSubstr("\"alerts\": null\n}"));
  ASSERT_EQ(run({"--alerts", path("named.json")}), 1) << "an alerts file that was asked for must be there";
}

TEST_F(AnalyzeTest, LeavesOutWhatIsNoAlert) {
  write("fraud_alerts.json", alert("T1") + "{\"alert_id\": 1}\n");
  ASSERT_EQ(run({}), 0);
  EXPECT_THAT(err_, HasSubstr("1 record left out that is no alert"));
  EXPECT_THAT(err_, HasSubstr("fraud_alerts.json:2: "));
  write("fraud_alerts.json", transaction("T1", "A", "1"));
  EXPECT_EQ(run({}), 1);
  EXPECT_THAT(err_, HasSubstr("holds no alerts"));
}

TEST_F(AnalyzeTest, WarnsOfAlertsOfOtherData) {
  write("fraud_alerts.json", alert("T1", "2020-01-01 00:00:00"));
  ASSERT_EQ(run({}), 0);
  EXPECT_THAT(err_, HasSubstr("do not fit these transactions"));
}

TEST_F(AnalyzeTest, ReadsOtherColumnNames) {
  write("other.csv", "id,cc_num,transaction_type,amt,timestamp\nT1,A,X,5.25,2026-03-02 10:00:00\n");
  ASSERT_EQ(run({"--file", path("other.csv"), "--map", "transaction_id=id,account_number=cc_num,amount=amt"}), 0)
      << err_;
  EXPECT_THAT(read("analytics_report.json"), HasSubstr("\"volume\": 5.25"));
}

TEST_F(AnalyzeTest, WritesToStdoutAndLeavesOutWhatIsNotWanted) {
  ASSERT_EQ(run({"-q", "--html", "", "--json", path("only.json"), "--alerts", ""}), 0) << err_;
  EXPECT_EQ(err_, "");
  EXPECT_TRUE(exists("only.json"));
  EXPECT_FALSE(exists("analytics_report.html"));
}

TEST_F(AnalyzeTest, ReportsAnEmptyFile) {
  write("sample_transactions.json", "");
  ASSERT_EQ(run({}), 0) << err_;
  EXPECT_THAT(err_, HasSubstr("No transactions; 0 rejected."));
  EXPECT_TRUE(exists("analytics_report.html"));
}

TEST_F(AnalyzeTest, StoppedItWritesNothing) {
  EXPECT_EQ(run({}, true), 0);
  EXPECT_FALSE(exists("analytics_report.json"));
  EXPECT_THAT(err_, HasSubstr("Stopped"));
}

TEST_F(AnalyzeTest, SaysWhatCannotBe) {
  EXPECT_EQ(run({"--file", path("missing.json")}), 1);
  EXPECT_THAT(err_, HasSubstr("missing.json"));
  EXPECT_EQ(run({"--json", path("x"), "--html", path("x")}), 2);
  EXPECT_EQ(run({"--map", "nonsense=1"}), 2);
  EXPECT_FALSE(exists("analytics_report.json"));
}

}  // namespace
}  // namespace bank::cli
