#include "cli/run_screen.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "cli/captured_terminal.h"
#include "cli/table.h"

namespace bank::cli {
namespace {

using ::testing::HasSubstr;

RunOutcome outcome() {
  RunOutcome result;
  result.report.total = {.count = 10'000, .volume = analytics::Uint128{123'456'789} * 10'000};
  result.report.accounts_by_count.distinct = 500;
  result.report.first = model::EventTime::from_us(1'767'225'600'000'000);
  result.report.last = model::EventTime::from_us(1'767'916'800'000'000);
  auto& alerts = result.report.alerts.emplace();
  alerts.total = 312;
  alerts.flagged = 214;
  alerts.flagged_share = 0.0214;
  alerts.approved = 9'900;
  alerts.reviewed = 70;
  alerts.blocked = 30;
  alerts.by_rule = {{"HIGH_AMOUNT", {.count = 300, .volume = 1, .score = 40, .severity = model::Severity::high}},
                    {"VERY_LONG_NAME_OF_A_RULE_THAT_SOMEBODY_CHOSE\x1b[2J",
                     {.count = 12, .volume = 1, .score = 40, .severity = model::Severity::critical}}};
  alerts.top_by_risk = {
      {"ACC-0000000001", {.count = 9, .volume = 10'000'000'000'000, .flagged = 4, .risk = 400, .risk_max = 100}},
      {std::string(64, 'x'), {.count = 1, .volume = 5'000'0000, .flagged = 1, .risk = 40, .risk_max = 40}}};
  auto& score = result.score.emplace();
  score.fraudulent = 100;
  score.levels = {Level{"any alert", 214, 80}, Level{"REVIEW or BLOCK", 100, 70}, Level{"BLOCK", 0, 0}};
  score.scenarios = {{"card_testing", 60, 50, 8, 7}, {"impossible_travel", 40, 30, 5, 0}};
  result.rejected = 1;
  result.steps = {{"generate", 10'000, 0.01}, {"detect", 10'000, 0.02}, {"analyze", 10'000, 1.5}};
  result.files = {{"data/none.json", "the transactions"}};
  result.next = {{"bank rules explain config/rules/default.yaml", "what each rule looks for"}};
  return result;
}

TEST(RunScreen, SaysWhatWasFoundHowFastAndWhere) {
  CapturedTerminal captured;
  print_run_screen(captured.terminal.out(), outcome());
  const std::string text = captured.out.text();
  EXPECT_THAT(text, HasSubstr("Transactions  10,000 of 500 accounts"));
  EXPECT_THAT(text, HasSubstr("2026-01-01 to 2026-01-09"));
  EXPECT_THAT(text, HasSubstr("$123,456,789.00"));
  EXPECT_THAT(text, HasSubstr("312 on 214 transactions (2.14 %)"));
  EXPECT_THAT(text, HasSubstr("1 record"));
  EXPECT_THAT(text, HasSubstr("REVIEW or BLOCK           100     70.0 %  70.0 %"));
  EXPECT_THAT(text, HasSubstr("BLOCK                       0          -   0.0 %"));
  EXPECT_THAT(text, HasSubstr("7 of 8"));
  EXPECT_THAT(text, HasSubstr("detect    20 ms    500,000/s"));
  EXPECT_THAT(text, HasSubstr("data/none.json"));
  EXPECT_THAT(text, HasSubstr("bank rules explain config/rules/default.yaml"));
}

TEST(RunScreen, FitsEightyColumnsWithAndWithoutColour) {
  for (const ColorMode mode : {ColorMode::never, ColorMode::always}) {
    CapturedTerminal captured;
    captured.terminal.configure(mode, false);
    print_run_screen(captured.terminal.out(), outcome());
    std::istringstream lines(captured.out.text());
    for (std::string line; std::getline(lines, line);) EXPECT_LE(display_width(line), 80) << line;
    EXPECT_EQ(captured.out.text().find("\x1b[2J"), std::string::npos) << "data must not steer the terminal";
  }
}

TEST(RunScreen, IsCalmAboutNothing) {
  CapturedTerminal captured;
  RunOutcome nothing;
  nothing.report.alerts.emplace();
  print_run_screen(captured.terminal.out(), nothing);
  EXPECT_THAT(captured.out.text(), HasSubstr("0 of 0 accounts"));
  EXPECT_THAT(captured.out.text(), HasSubstr("none: no rule fired"));
}

}  // namespace
}  // namespace bank::cli
