// The flags of `bank detect`; what it finds is tested through the finished program.
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

constexpr auto rules_text = "version: 1\nrules:\n  - {id: A, severity: LOW, score: 1, when: amount > 5, reason: big}\n";

class DetectTest : public ::testing::Test {
 public:
  DetectTest() : directory_(std::filesystem::temp_directory_path() / ("bank_detect_" + std::to_string(getpid()))) {
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
    write("input.json", R"({"transaction_id":"1","account_number":"A","transaction_type":"PAYMENT","amount":6,)"
                        R"("timestamp":"2026-01-01 00:00:00"})"
                        "\n");
    write("rules.yaml", rules_text);
  }
  ~DetectTest() override { std::filesystem::remove_all(directory_); }

 protected:
  [[nodiscard]] std::string path(const std::string& name) const { return (directory_ / name).string(); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }
  [[nodiscard]] std::string text_of(const std::string& name) const {
    std::stringstream text;
    text << std::ifstream(path(name)).rdbuf();
    return text.str();
  }
  int detect(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"detect", "--data-dir", path("data"), "--file", path("input.json"), "--rules",
                                         path("rules.yaml")});
    CapturedTerminal captured;
    ManualClock clock;
    const std::atomic<bool> stop{false};
    const int code = run_program({"bank", std::move(arguments), {}, ""}, clock, captured.terminal, stop);
    err_ = captured.err.text();
    return code;
  }

  std::filesystem::path directory_;
  std::string err_;
};

TEST_F(DetectTest, ReplacesNothingThatItReads) {
  const std::string configuration = "detect: {threads: 1}\n";
  write("bank.yaml", configuration);
  for (const char* flag : {"--output", "--processed", "--rejected"}) {
    EXPECT_EQ(detect({flag, path("input.json")}), 2) << flag;
    EXPECT_THAT(err_, HasSubstr("input.json is an input, and would be replaced by an output")) << flag;
    EXPECT_EQ(detect({flag, path("rules.yaml")}), 2) << flag;
    EXPECT_THAT(err_, HasSubstr("rules.yaml is the rules file, and would be replaced by an output")) << flag;
    EXPECT_EQ(detect({"--config", path("bank.yaml"), flag, path("bank.yaml")}), 2) << flag;
    EXPECT_THAT(err_, HasSubstr("bank.yaml is the configuration file, and would be replaced by an output")) << flag;
  }
  EXPECT_EQ(text_of("rules.yaml"), rules_text);
  EXPECT_EQ(text_of("bank.yaml"), configuration);
}

TEST_F(DetectTest, ReadsNoMoreThanItIsToldTo) {
  for (const char* number : {"0", "-1", "many", "1.5", ""}) {
    EXPECT_EQ(detect({"--max", number}), 2) << number;
    EXPECT_THAT(err_, HasSubstr("--max: '" + std::string(number) + "' will not do; write a whole number above 0\n"));
  }
  EXPECT_EQ(detect({"--max", "1"}), 0) << err_;
  EXPECT_THAT(err_, HasSubstr("1 record ("));
}

}  // namespace
}  // namespace bank::cli
