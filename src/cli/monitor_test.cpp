#include "cli/monitor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "cli/captured_terminal.h"
#include "cli/program.h"

namespace bank::cli {
namespace {

using ::testing::ContainsRegex;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

monitor::Health health_of(monitor::Status cpu, monitor::Status file) {
  monitor::Health health{.at_us = 0, .checks = {}};
  health.checks.push_back(
      {.name = "cpu", .status = cpu, .value = 10, .unit = "percent", .thresholds = {}, .text = "10 % of 2 cores"});
  health.checks.push_back(
      {.name = "file:a\x1b[31m", .status = file, .value = {}, .unit = {}, .thresholds = {}, .text = "missing"});
  return health;
}

TEST(PrintHealth, IsATable) {
  CapturedTerminal captured;
  print_health(captured.terminal.out(), health_of(monitor::Status::ok, monitor::Status::warning));
  EXPECT_EQ(captured.out.text(),
            "WARNING  1970-01-01T00:00:00Z\n\n"
            "STATUS   CHECK           FINDING\n"
            "OK       cpu             10 % of 2 cores\n"
            "WARNING  file:a\\x1b[31m  missing\n");
}

TEST(PrintHealth, OrALineOfWhatIsNotFine) {
  CapturedTerminal captured;
  print_health_line(captured.terminal.out(), health_of(monitor::Status::ok, monitor::Status::ok));
  print_health_line(captured.terminal.out(), health_of(monitor::Status::critical, monitor::Status::warning));
  EXPECT_EQ(captured.out.text(),
            "1970-01-01T00:00:00Z OK\n"
            "1970-01-01T00:00:00Z CRITICAL: CRITICAL cpu 10 % of 2 cores; WARNING file:a\\x1b[31m missing\n");
}

class MonitorTest : public ::testing::Test {
 protected:
  MonitorTest() {
    directory_ = std::filesystem::temp_directory_path() / ("bank_monitor_" + std::to_string(getpid()));
    std::filesystem::create_directories(directory_);
    for (const char* check : {"CPU_PERCENT", "MEMORY_PERCENT", "DISK_PERCENT", "LOAD_PER_CORE", "OPEN_FILES_PERCENT"}) {
      // Never reached, whatever the machine that tests run on is doing.
      const std::string most = check == std::string("LOAD_PER_CORE") ? "1000" : "100";
      environment_.emplace_back(std::string("BANK_MONITOR_") + check + "_WARN", most);
      environment_.emplace_back(std::string("BANK_MONITOR_") + check + "_CRITICAL", most);
    }
    environment_.emplace_back("BANK_MONITOR_FILES", (directory_ / "a.json").string());
  }
  ~MonitorTest() override { std::filesystem::remove_all(directory_); }

  int run(std::vector<std::string> arguments, bool stop = false) {
    CapturedTerminal captured;
    ManualClock clock;
    const std::atomic<bool> stopped{stop};
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

TEST_F(MonitorTest, LooksAtTheDataFiles) {
  std::ofstream(directory_ / "a.json") << "{}\n";
  run({"monitor"});
  EXPECT_THAT(out_, HasSubstr("a.json"));
  EXPECT_THAT(out_, HasSubstr("3 B, written"));
  EXPECT_EQ(err_, "");
}

TEST_F(MonitorTest, AWarningFailsOnlyIfAskedTo) {
  EXPECT_EQ(run({"monitor", "--json"}), 0);
  EXPECT_THAT(out_, HasSubstr("\"text\": \"missing\""));
  EXPECT_EQ(run({"monitor", "--json", "--fail-on-warning"}), 3);
}

TEST_F(MonitorTest, WhatIsCriticalFails) {
  for (auto& [name, value] : environment_) {
    if (name.starts_with("BANK_MONITOR_MEMORY_PERCENT")) value = "0";
  }
  EXPECT_EQ(run({"monitor"}), 1);
  EXPECT_THAT(out_, StartsWith("CRITICAL"));
}

TEST_F(MonitorTest, WatchesUntilItIsStopped) {
  EXPECT_EQ(run({"monitor", "--watch"}, true), 0);
  EXPECT_THAT(out_, HasSubstr("WARNING: ")) << "a line, where there is no terminal";
  EXPECT_THAT(out_, Not(HasSubstr("\x1b")));
  EXPECT_EQ(run({"monitor", "--watch", "5", "--json"}, true), 0);
  EXPECT_THAT(out_, StartsWith("{\"schema_version\":1"));
  EXPECT_THAT(out_, EndsWith("]}\n"));
}

TEST_F(MonitorTest, LooksAtKafkaOnlyIfThereIsOneToLookAt) {
  run({"monitor"});
  EXPECT_THAT(out_, Not(HasSubstr("kafka")));
  EXPECT_EQ(run({"monitor", "--bootstrap-server", "127.0.0.1:1"}), 1);
  EXPECT_THAT(out_,
              ContainsRegex("CRITICAL +kafka:brokers +cannot reach Kafka: no Kafka broker answers at 127.0.0.1:1"));
  EXPECT_THAT(out_, ContainsRegex("UNKNOWN +kafka:topic:fraud-alerts"));
  EXPECT_THAT(out_, ContainsRegex("UNKNOWN +kafka:group:bank-detector"));
}

TEST_F(MonitorTest, RefusesAnIntervalThatIsNone) {
  EXPECT_EQ(run({"monitor", "--watch", "0"}), 2);
  EXPECT_THAT(err_, HasSubstr("0.1 to 86400"));
  EXPECT_EQ(run({"monitor", "--watch", "soon"}), 2);
}

}  // namespace
}  // namespace bank::cli
