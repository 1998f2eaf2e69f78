#include "cli/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include "cli/captured_terminal.h"

namespace bank::cli {
namespace {

using ::testing::ElementsAre;

class CommandTest : public ::testing::Test {
 protected:
  CommandTest() : command_(add_command(app_, "detect", "Detects.", "bank detect")) {
    bind_flag(command_, context_, "-t,--threads", "detect.threads");
    bind_flag(command_, context_, "--file", "detect.input");
    bind_flag(command_, context_, "--map", "detect.map");
    bind_flag(command_, context_, "--processed", "detect.processed");
  }

  config::Settings parse(std::vector<std::string> arguments) {
    app_.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    config::Sources sources;
    sources.flags = context_.flag_values;
    auto settings = config::Settings::load(sources);
    EXPECT_TRUE(settings.has_value()) << settings.error().message;
    return settings.value_or(config::Settings());
  }

  CapturedTerminal captured_;
  ManualClock clock_;
  std::atomic<bool> stop_{false};
  Context context_{clock_, captured_.terminal, stop_, "bank"};
  CLI::App app_;
  CLI::App& command_;
};

TEST_F(CommandTest, FlagsBecomeSettings) {
  const auto settings = parse({"detect", "-t", "3", "--file", "a.json", "b c.json"});
  EXPECT_EQ(settings.integer("detect.threads"), 3);
  EXPECT_EQ(settings.origin("detect.threads"), "--threads");
  EXPECT_THAT(settings.list("detect.input"), ElementsAre("a.json", "b c.json"));
  EXPECT_EQ(settings.origin("detect.processed"), "default");
}

TEST_F(CommandTest, TheLastOfARepeatedFlagCountsAndListsAndMappingsGrow) {
  const auto settings = parse({"detect", "-t3", "--threads=5", "--file", "a", "--file", "b", "--map", "amount=amt",
                               "--map", "status=st,location=loc"});
  EXPECT_EQ(settings.integer("detect.threads"), 5);
  EXPECT_THAT(settings.list("detect.input"), ElementsAre("a", "b"));
  EXPECT_EQ(settings.mapping("detect.map").size(), 3U);
}

TEST_F(CommandTest, AnEmptyTextIsAValueAndSoIsADash) {
  const auto settings = parse({"detect", "--processed", "", "--file", "-"});
  EXPECT_EQ(settings.origin("detect.processed"), "--processed");
  EXPECT_EQ(settings.string("detect.processed"), "");
  EXPECT_THAT(settings.list("detect.input"), ElementsAre("-"));
}

TEST_F(CommandTest, TheHelpNamesTheSettingAndItsDefault) {
  const std::string help = command_.help();
  EXPECT_THAT(help, ::testing::HasSubstr("[detect.threads, default 0]"));
}

TEST_F(CommandTest, OfNestedCommandsTheDeepestRuns) {
  CLI::App& inner = add_command(command_, "inner", "Inner.", "bank detect inner");
  on_run(command_, context_, [] { return ExitCode::ok; });
  on_run(inner, context_, [] { return ExitCode::failed; });
  parse({"detect", "inner"});
  EXPECT_EQ(context_.action(), ExitCode::failed);
}

}  // namespace
}  // namespace bank::cli
