#include "cli/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "cli/captured_terminal.h"
#include "config/template.h"

namespace bank::cli {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class ProgramTest : public ::testing::Test {
 public:
  // In a directory without a configuration.
  ProgramTest() : before_(std::filesystem::current_path()) {
    directory_ = std::filesystem::temp_directory_path() / ("bank_program_" + std::to_string(getpid()));
    std::filesystem::create_directories(directory_);
    std::filesystem::current_path(directory_);
  }
  ~ProgramTest() override {
    std::filesystem::current_path(before_);
    std::filesystem::remove_all(directory_);
  }

 protected:
  int run(std::vector<std::string> arguments) {
    CapturedTerminal captured;
    ManualClock clock;
    const std::atomic<bool> stop{false};
    const int code = run_program({"bank", std::move(arguments), environment_, "bank 1.2.3 (commit abc)"}, clock,
                                 captured.terminal, stop);
    out_ = captured.out.text();
    err_ = captured.err.text();
    return code;
  }

  std::filesystem::path before_;
  std::filesystem::path directory_;
  std::vector<std::pair<std::string, std::string>> environment_;
  std::string out_;
  std::string err_;
};

TEST_F(ProgramTest, AloneGivesAnOverview) {
  EXPECT_EQ(run({}), 0);
  EXPECT_THAT(out_, HasSubstr("Examples:\n  bank run"));
  EXPECT_EQ(err_, "");
}

TEST_F(ProgramTest, HelpOpensWithExamplesAndIsFine) {
  for (const char* command : {"config", "detect", "rules"}) {
    EXPECT_EQ(run({command, "--help"}), 0);
    const auto examples = out_.find(std::string("\n\nExamples:\n  bank ") + command);
    const auto usage = out_.find(std::string("\n\nUsage: bank ") + command);
    EXPECT_EQ(examples, out_.find('\n')) << "one line of description, then the examples:\n" << out_;
    EXPECT_NE(usage, std::string::npos) << out_;
    EXPECT_LT(examples, usage) << out_;
    EXPECT_LT(usage, out_.find("\n\nOptions:")) << out_;
    EXPECT_EQ(out_.find("\n\n\n"), std::string::npos) << out_;
    EXPECT_EQ(err_, "");
  }
}

TEST_F(ProgramTest, EveryCommandHasExamples) {
  for (const char* command :
       {"run", "generate", "replay", "detect", "alerts", "analyze", "monitor", "rules", "topics", "config"}) {
    EXPECT_EQ(run({command, "--help"}), 0) << command;
    EXPECT_THAT(out_, HasSubstr(std::string("Examples:\n  bank ") + command));
  }
}

TEST_F(ProgramTest, PrintsItsVersion) {
  EXPECT_EQ(run({"--version"}), 0);
  EXPECT_EQ(out_, "bank 1.2.3 (commit abc)\n");
}

TEST_F(ProgramTest, WrongUsageIsTwoWithAHint) {
  EXPECT_EQ(run({"confg"}), 2);
  EXPECT_EQ(err_, "error: unknown command 'confg' in `bank`; did you mean config?\nSee bank --help.\n");
  EXPECT_EQ(run({"config", "--jsn"}), 2);
  EXPECT_EQ(err_, "error: unknown flag '--jsn' in `bank config`; did you mean --json?\nSee bank config --help.\n");
  EXPECT_EQ(run({"config", "get"}), 2);
  EXPECT_EQ(run({"--color", "pink", "config"}), 2);
  EXPECT_THAT(err_, HasSubstr("'pink'; write auto, always or never"));
  EXPECT_EQ(out_, "");
}

TEST_F(ProgramTest, WrongConfigurationIsTwo) {
  environment_ = {{"BANK_DETECT_THREADS", "many"}};
  EXPECT_EQ(run({"config"}), 2);
  EXPECT_EQ(err_, "error: BANK_DETECT_THREADS: 'many' will not do; write a whole number from 0 to 1024\n");
  environment_.clear();
  EXPECT_EQ(run({"config", "--config", "none.yaml"}), 2);
  EXPECT_THAT(err_, HasSubstr("none.yaml"));
}

TEST_F(ProgramTest, FindsTheConfigurationByFlagThenVariableThenFolder) {
  std::filesystem::create_directory("config");
  std::ofstream("config/bank.yaml") << "generate: {count: 1}\n";
  std::ofstream("b.yaml") << "generate: {count: 2}\n";
  std::ofstream("c.yaml") << "generate: {count: 3}\n";
  run({"config", "get", "generate.count"});
  EXPECT_EQ(out_, "1\n");
  environment_ = {{"BANK_CONFIG", "b.yaml"}};
  run({"config", "get", "generate.count"});
  EXPECT_EQ(out_, "2\n");
  run({"--config", "c.yaml", "config", "get", "generate.count"});
  EXPECT_EQ(out_, "3\n");
  run({"config", "get", "generate.count", "--config", "c.yaml"});
  EXPECT_EQ(out_, "3\n");
}

TEST_F(ProgramTest, GlobalFlagsMayStandBeforeAndBehindTheCommand) {
  run({"--data-dir", "a", "config", "get", "detect.output"});
  EXPECT_EQ(out_, "a/fraud_alerts.json\n");
  run({"config", "get", "detect.output", "--data-dir", "b"});
  EXPECT_EQ(out_, "b/fraud_alerts.json\n");
}

TEST_F(ProgramTest, ConfigShowsValuesAndOrigins) {
  environment_ = {{"BANK_DATA_DIR", "/srv/\x1b[2J"}};
  EXPECT_EQ(run({"config"}), 0);
  EXPECT_THAT(out_, StartsWith("KEY"));
  EXPECT_THAT(out_, HasSubstr("BANK_DATA_DIR"));
  EXPECT_THAT(out_, HasSubstr("/srv/\\x1b[2J/fraud_alerts.json"));
  EXPECT_EQ(out_.find('\x1b'), std::string::npos);
}

TEST_F(ProgramTest, ConfigSpeaksJson) {
  EXPECT_EQ(run({"config", "--json"}), 0);
  EXPECT_THAT(out_, HasSubstr("\"generate.count\": {\n    \"value\": 10000,\n    \"from\": \"default\"\n  }"));
  EXPECT_THAT(out_, HasSubstr("\"detect.map\": {\n    \"value\": {}"));
}

TEST_F(ProgramTest, ConfigHidesPasswords) {
  environment_ = {{"BANK_KAFKA_PROPERTIES", "sasl.username=u,sasl.password=geheim,ssl.key.pem=heimlich"}};
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"config"}, {"config", "--json"}, {"config", "get", "kafka.properties"}}) {
    EXPECT_EQ(run(command), 0);
    EXPECT_THAT(out_, HasSubstr("(hidden)"));
    EXPECT_THAT(out_, HasSubstr("sasl.username"));
    EXPECT_THAT(out_, Not(AnyOf(HasSubstr("geheim"), HasSubstr("heimlich"))));
  }
  environment_ = {{"BANK_KAFKA_PROPERTIES", "sasl.password=half,geheim"}};
  EXPECT_EQ(run({"config"}), 2);
  EXPECT_THAT(err_, HasSubstr("item 2 between the commas is no name=value"));
  EXPECT_THAT(err_, Not(HasSubstr("geheim")));
}

TEST_F(ProgramTest, ConfigPrintsTheTemplate) {
  EXPECT_EQ(run({"config", "--template"}), 0);
  EXPECT_EQ(out_, config::template_yaml());
}

TEST_F(ProgramTest, ConfigGetNamesWhatIsClose) {
  EXPECT_EQ(run({"config", "get", "detect.thread"}), 2);
  EXPECT_EQ(err_, "error: there is no setting 'detect.thread'; did you mean 'detect.threads'?\n");
}

}  // namespace
}  // namespace bank::cli
