#include "cli/rule_cases.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "engine/plan.h"
#include "rules/load.h"

namespace bank::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view rules_yaml =
    "version: 1\n"
    "rules:\n"
    "  - {id: BIG, severity: HIGH, score: 60, when: amount > 100, reason: 'over ${amount}'}\n"
    "  - {id: TWICE, severity: LOW, score: 30, when: count(5m) >= 2, reason: '{count(5m)} at {hour} on {weekday}'}\n";

rules::RuleSet rule_set() { return rules::parse_rules(rules_yaml, "rules.yaml").value(); }

/// Cases with these transactions as the only case.
std::string cases_of(std::string_view given) {
  return "version: 1\ncases:\n  - name: one\n    given:\n" + std::string(given);
}

std::vector<std::string> failures(std::string_view given) {
  const rules::RuleSet rules = rule_set();
  const Result<RuleCases> cases = parse_rule_cases(cases_of(given), "c.yaml", rules);
  if (!cases) return {"refused: " + cases.error().message};
  const CasesReport report = run_rule_cases(engine::Plan::compile(rules), rules, *cases, {});
  EXPECT_EQ(report.failed(), report.results[0].failures.empty() ? 0U : 1U);
  return report.results[0].failures;
}

std::string refusal(std::string_view yaml) {
  const Result<RuleCases> cases = parse_rule_cases(yaml, "c.yaml", rule_set());
  if (cases) return "accepted";
  EXPECT_EQ(cases.error().kind, ErrorKind::config);
  return cases.error().message;
}

TEST(RuleCases, PassWhereAllIsAsExpected) {
  EXPECT_THAT(failures("      - {amount: 100}\n"
                       "      - {at: 5m, amount: 100.01, fires: [TWICE, BIG], risk: 90, decision: BLOCK, reasons: "
                       "{BIG: over $100.01}}\n"
                       "      - {at: 2026-01-11 13:00:00, fires: [], risk: 0, decision: APPROVE}\n"
                       "      - {fires: TWICE, reasons: {TWICE: 2 at 13 on 7}}\n"),
              IsEmpty());
}

TEST(RuleCases, FailWithPlaceExpectedAndGot) {
  EXPECT_THAT(
      failures("      - {amount: 101}\n"
               "      - {at: 301s, fires: [BIG, TWICE], risk: 10, decision: BLOCK, resend: true, reasons: {BIG: x}}\n"
               "      - {at: 302s, amount: 500, fires: TWICE, reasons: {BIG: x}}\n"),
      ElementsAre(
          "c.yaml:5:9: transaction 1 (2026-01-05 00:00:00): expected no rule, got BIG (\"over $101.00\")",
          "c.yaml:6:9: transaction 2 (2026-01-05 00:05:01): expected a resend, got a transaction of its own",
          "c.yaml:6:9: transaction 2 (2026-01-05 00:05:01): expected BIG, TWICE, got no rule",
          "c.yaml:6:9: transaction 2 (2026-01-05 00:05:01): expected risk 10, got 0",
          "c.yaml:6:9: transaction 2 (2026-01-05 00:05:01): expected BLOCK, got APPROVE",
          "c.yaml:6:9: transaction 2 (2026-01-05 00:05:01): expected the reason of BIG \"x\", got none: it did not "
          "fire",
          "c.yaml:7:9: transaction 3 (2026-01-05 00:05:02): expected TWICE, got BIG (\"over $500.00\"), TWICE (\"2 at "
          "0 on 1\")",
          "c.yaml:7:9: transaction 3 (2026-01-05 00:05:02): expected the reason of BIG \"x\", got \"over $500.00\""));
}

TEST(RuleCases, KnowResends) {
  EXPECT_THAT(failures("      - {transaction_id: A}\n      - {transaction_id: A, resend: true}\n"), IsEmpty());
  EXPECT_THAT(failures("      - {transaction_id: A}\n      - {transaction_id: A}\n"),
              ElementsAre(HasSubstr("expected a transaction of its own, got a resend")));
}

TEST(RuleCases, ABeginWithAnEmptyHistoryAndTheirDefaults) {
  const rules::RuleSet rules = rule_set();
  const Result<RuleCases> cases = parse_rule_cases(
      "version: 1\n"
      "defaults: {amount: 7, status: FAILED, location: L}\n"
      "cases:\n"
      "  - name: a\n"
      "    defaults: {amount: 8, location: null}\n"
      "    given: [{}, {amount: 9, account_number: B, status: null, merchant: M}]\n"
      "  - name: b\n"
      "    given: [{}]\n",
      "c.yaml", rules);
  ASSERT_TRUE(cases.has_value()) << cases.error().message;
  const GivenTransaction& first = cases->cases[0].given[0];
  EXPECT_EQ(first.amount.units(), 80'000);
  EXPECT_EQ(first.status, model::Status::failed);
  EXPECT_EQ(first.location, std::nullopt);
  EXPECT_EQ(first.transaction_id, "T1");
  EXPECT_EQ(first.timestamp, "2026-01-05 00:00:00");
  const GivenTransaction& second = cases->cases[0].given[1];
  EXPECT_EQ(second.amount.units(), 90'000);
  EXPECT_EQ(second.status, model::Status::none);
  EXPECT_EQ(second.account_number, "B");
  EXPECT_EQ(second.merchant, "M");
  EXPECT_EQ(second.timestamp, "2026-01-05 00:00:01");
  EXPECT_EQ(cases->cases[1].given[0].amount.units(), 70'000);
  EXPECT_EQ(cases->cases[1].given[0].location, "L");
  const CasesReport report = run_rule_cases(engine::Plan::compile(rules), rules, *cases, {});
  EXPECT_EQ(report.failed(), 0U);
  EXPECT_THAT(report.never_fired, ElementsAre("BIG", "TWICE"));
}

TEST(RuleCases, RefuseMistakesWithTheirPlace) {
  EXPECT_EQ(
      refusal(cases_of("      - {at: 5x, amunt: 3, fires: BG, risk: 101, decision: BLCK, status: failed}\n")),
      "c.yaml:5:14: 'at' must be the time since the case's start, as in 90s, or a time, as in 2026-01-05 09:00:00\n"
      "c.yaml:5:18: unknown key 'amunt' in a transaction; did you mean 'amount'?\n"
      "c.yaml:5:35: there is no rule 'BG'; did you mean 'BIG'?\n"
      "c.yaml:5:45: 'risk': 101 is out of range; write a whole number from 0 to 100\n"
      "c.yaml:5:60: unknown decision 'BLCK'; did you mean 'BLOCK'?\n"
      "c.yaml:5:74: unknown status 'failed'; did you mean 'FAILED'?");
  for (const std::string_view amount : {"-1", "1.00005", "x", "'12'", "100000000000000", "", "[1]"}) {
    EXPECT_THAT(refusal(cases_of("      - {amount: " + std::string(amount) + "}\n")),
                HasSubstr("'amount' must be a number from 0"))
        << amount;
  }
  EXPECT_THAT(refusal(cases_of("      - {reasons: {BGI: x}}\n")),
              HasSubstr("unknown key 'BGI' in reasons; did you mean 'BIG'?"));
  EXPECT_THAT(refusal(cases_of("      - {account_number: " + std::string(65, 'a') + "}\n")),
              HasSubstr("longer than 64 bytes"));
  EXPECT_THAT(
      refusal("cases: []\n"),
      HasSubstr("c.yaml:1:1: the cases file has no 'version'; add 'version: 1'\nc.yaml:1:8: 'cases' must be a list"));
  EXPECT_THAT(refusal("version: 2\ncases:\n  - {name: a, given: [{}]}\n"), HasSubstr("version 2 is not known here"));
  EXPECT_THAT(refusal("version: 1\ncases:\n  - {given: [{}]}\n"), HasSubstr("c.yaml:3:5: this case has no 'name'"));
  EXPECT_THAT(refusal("version: 1\ncases:\n  - {name: a}\n"), HasSubstr("c.yaml:3:5: 'given' must be a list"));
  EXPECT_THAT(refusal("version: 1\ncases:\n  - {name: a, given: [{}]}\n  - {name: a, given: [{}]}\n"),
              HasSubstr("c.yaml:4:12: duplicate name; it stands at 3:12"));
  EXPECT_THAT(refusal("- a\n"), HasSubstr("a cases file must be a mapping"));
}

/// The YAML blocks of docs/rules.md.
std::vector<std::string> documented() {
  std::ifstream file(BANK_SOURCE_DIR "/docs/rules.md");
  std::vector<std::string> blocks;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("```")) {
      inside = line == "```yaml";
      if (inside) blocks.emplace_back();
    } else if (inside) {
      blocks.back() += line + "\n";
    }
  }
  return blocks;
}

TEST(RuleCases, OfTheDocumentationPass) {
  const std::vector<std::string> blocks = documented();
  ASSERT_EQ(blocks.size(), 2U);
  const Result<rules::RuleSet> rules = rules::parse_rules(blocks[0], "docs/rules.md");
  ASSERT_TRUE(rules.has_value()) << rules.error().message;
  const Result<RuleCases> cases = parse_rule_cases(blocks[1], "docs/rules.md", *rules);
  ASSERT_TRUE(cases.has_value()) << cases.error().message;
  const CasesReport report = run_rule_cases(engine::Plan::compile(*rules), *rules, *cases, {});
  EXPECT_THAT(report.results[0].failures, IsEmpty());
  EXPECT_THAT(report.never_fired, IsEmpty());
}

/// A rule of its own for each statement of docs/rules.md about values; all fire on the one transaction.
TEST(RuleCases, WhatTheDocumentationSaysOfValuesHolds) {
  struct Statement {
    std::string_view when;
    std::string_view reason;
    std::string_view printed;
  };
  const std::vector<Statement> statements{
      {"not (merchant == \"A\") and not (merchant != \"A\") and merchant not in [\"A\"]", "{merchant}", "null"},
      {"merchant == null and last.amount == null and since_last == null", "{last.amount} {since_last}", "null null"},
      {"prior.sum(amount, 5m) == 0 and prior.count(5m) == 0 and prior.distinct(location, 5m) == 0",
       "{prior.sum(amount, 5m)}", "0.00"},
      {"prior.avg(amount, 5m) == null and prior.min(amount, 5m) == null and prior.max(amount, 5m) == null",
       "{prior.avg(amount, 5m)}", "null"},
      {"prior.stddev(amount, 5m) == null and stddev(amount, 5m) == 0", "{stddev(amount, 5m)}", "0.00"},
      {"amount / 0 == null and amount / (hour - hour) == null", "{amount / 0} {amount / 3}", "null 33.34"},
      {"amount == 100.0101", "{amount} {amount * 2} {avg(amount, 5m)} {amount + 1}",
       "100.0101 200.0202 100.01 101.0101"},
      {"hour == 0", "{1 / 3} {6 / 2} {0.50} {-hour} {hour == 0} {amount < 1}", "0.3333 3 0.5 0 true false"},
      {"distinct(merchant, 5m) == 0 and distinct(location, 5m) == 1", "{{{location}}}", "{L}"},
  };
  std::string yaml = "version: 1\nrules:\n";
  std::string given =
      "version: 1\ncases:\n  - name: all\n    given:\n      - amount: 100.0101\n        location: L\n        fires: [";
  std::string reasons = "]\n        reasons:\n";
  for (std::size_t i = 0; i < statements.size(); ++i) {
    yaml += fmt::format("  - {{id: R{}, severity: LOW, score: 1, when: '{}', reason: '{}'}}\n", i, statements[i].when,
                        statements[i].reason);
    given += fmt::format("{}R{}", i == 0 ? "" : ", ", i);
    reasons += fmt::format("          R{}: '{}'\n", i, statements[i].printed);
  }
  const Result<rules::RuleSet> rules = rules::parse_rules(yaml, "r.yaml");
  ASSERT_TRUE(rules.has_value()) << rules.error().message;
  const Result<RuleCases> cases = parse_rule_cases(given + reasons, "c.yaml", *rules);
  ASSERT_TRUE(cases.has_value()) << cases.error().message;
  EXPECT_THAT(run_rule_cases(engine::Plan::compile(*rules), *rules, *cases, {}).results[0].failures, IsEmpty());
}

}  // namespace
}  // namespace bank::cli
