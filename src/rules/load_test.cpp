#include "rules/load.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/sha256.h"
#include "rules/explain.h"

namespace bank::rules {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A file of one rule, the given lines in the place of its own.
std::string one_rule(std::string_view when, std::string_view reason) {
  return fmt::format("version: 1\nrules:\n  - id: A\n    severity: LOW\n    score: 1\n    when: {}\n    reason: {}\n",
                     when, reason);
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> result{""};
  for (const char c : text) {
    if (c == '\n') {
      result.emplace_back();
    } else {
      result.back() += c;
    }
  }
  return result;
}

std::vector<std::string> mistakes(std::string_view yaml) {
  const Result<RuleSet> rules = parse_rules(yaml, "r.yaml");
  if (rules) return {};
  EXPECT_EQ(rules.error().kind, ErrorKind::config);
  return lines(rules.error().message);
}

TEST(Sha256, IsTheStandardsOne) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Load, ReadsAWholeFile) {
  const std::string yaml =
      "version: 1\n"
      "history: 2h\n"
      "rules:\n"
      "  - id: HIGH_AMOUNT\n"
      "    severity: CRITICAL\n"
      "    score: 40\n"
      "    when: amount > 5000\n"
      "    reason: \"Amount ${amount} is {{high}}, {distinct(merchant, 3h)} merchants\"\n"
      "  - {id: b-2, severity: LOW, score: 0, when: |\n"
      "      x, reason: y}\n";
  const Result<RuleSet> flow = parse_rules(yaml, "r.yaml");
  EXPECT_FALSE(flow.has_value());  // no block scalars in flow style

  const Result<RuleSet> rules = parse_rules(yaml.substr(0, yaml.find("  - {")), "r.yaml");
  ASSERT_TRUE(rules.has_value()) << rules.error().message;
  EXPECT_EQ(rules->file, "r.yaml");
  EXPECT_EQ(rules->version.size(), 12U);
  EXPECT_EQ(rules->version, sha256_hex(yaml.substr(0, yaml.find("  - {"))).substr(0, 12));
  EXPECT_EQ(rules->history_us, 7'200'000'000);
  EXPECT_EQ(rules->longest_window_us, 10'800'000'000);  // of a reason
  ASSERT_EQ(rules->rules.size(), 1U);
  const Rule& rule = rules->rules[0];
  EXPECT_EQ(rule.id, "HIGH_AMOUNT");
  EXPECT_EQ(rule.severity, model::Severity::critical);
  EXPECT_EQ(rule.score, 40);
  EXPECT_EQ(rule.mark.line, 4);
  EXPECT_EQ(rule.mark.column, 9);
  EXPECT_EQ(rule.when_text, "amount > 5000");
  EXPECT_EQ(rule.when->op, Op::greater);
  EXPECT_EQ(rule.when->mark.line, 7);
  EXPECT_EQ(rule.when->mark.column, 18);
  ASSERT_EQ(rule.reason.size(), 5U);
  EXPECT_EQ(rule.reason[0].text, "Amount $");
  EXPECT_EQ(rule.reason[0].expr, nullptr);
  EXPECT_EQ(rule.reason[1].text, "amount");
  EXPECT_EQ(rule.reason[1].expr->field, Field::amount);
  EXPECT_EQ(rule.reason[2].text, " is {high}, ");
  EXPECT_EQ(rule.reason[3].text, "distinct(merchant, 3h)");
  EXPECT_EQ(rule.reason[4].text, " merchants");
  EXPECT_EQ(rule.reason_text, "Amount ${amount} is {{high}}, {distinct(merchant, 3h)} merchants");
}

TEST(Load, TheVersionIsOfTheBytes) {
  const std::string yaml = one_rule("true", "x");
  EXPECT_NE(parse_rules(yaml, "r")->version, parse_rules(yaml + "# c\n", "r")->version);
  EXPECT_EQ(parse_rules(yaml, "r")->version, parse_rules(yaml, "other name")->version);
}

TEST(Load, TheLongestWindowIsOfAllExpressions) {
  EXPECT_EQ(parse_rules(one_rule("true", "x"), "r")->longest_window_us, 0);
  EXPECT_EQ(parse_rules(one_rule("count(5m) > 1 and not (prior.sum(amount, 2h) * 2 > 1)", "x"), "r")->longest_window_us,
            7'200'000'000);
  EXPECT_EQ(parse_rules("history: 3h\n" + one_rule("count(5m) > 1", "x"), "r")->longest_window_us, 10'800'000'000);
}

TEST(Load, OurOwnFilesAreRight) {
  for (const std::string_view name : {"seed", "default"}) {
    const Result<RuleSet> rules = load_rules(fmt::format("{}/config/rules/{}.yaml", BANK_SOURCE_DIR, name));
    ASSERT_TRUE(rules.has_value()) << rules.error().message;
  }
}

TEST(Load, AMissingFileIsSaid) {
  const Result<RuleSet> rules = load_rules("/no/such/rules.yaml");
  ASSERT_FALSE(rules.has_value());
  EXPECT_EQ(rules.error().kind, ErrorKind::config);
  EXPECT_EQ(rules.error().message, "cannot open /no/such/rules.yaml: No such file or directory");
}

TEST(Mistakes, AllAreToldInTheFilesOrder) {
  EXPECT_THAT(mistakes("version: 1\n"
                       "histry: 1h\n"
                       "rules:\n"
                       "  - id: A\n"
                       "    severity: hgh\n"
                       "    score: 101\n"
                       "    when: ammount > 5000\n"
                       "    reason: \"é {amont} and {count(5x)}\"\n"
                       "  - id: A\n"
                       "    sevrity: LOW\n"
                       "    score: 0x10\n"
                       "    when: |\n"
                       "      count(5m) >= 5 and\n"
                       "        location < \"x\"\n"),
              ElementsAre("r.yaml:2:1: unknown key 'histry' in a rules file; did you mean 'history'?",  //
                          "r.yaml:5:15: unknown severity 'hgh'; did you mean 'HIGH'?",
                          "r.yaml:6:12: 'score': 101 is out of range; write a whole number from 0 to 100",
                          "r.yaml:7:11: unknown field 'ammount'; did you mean 'amount'?",  //
                          "r.yaml:8:17: unknown field 'amont'; did you mean 'amount'?",
                          "r.yaml:8:35: '5x' is not a duration; write a whole number and one of s m h d, as in 5m",
                          "r.yaml:9:5: the rule 'A' has no 'reason'; add the text of its alerts",
                          "r.yaml:9:9: duplicate id 'A'; it stands at 4:9 already, name this rule otherwise",
                          "r.yaml:10:5: unknown key 'sevrity' in a rule; did you mean 'severity'?",
                          "r.yaml:11:12: 'score': '0x10' is not a whole number from 0 to 100",
                          "r.yaml:14:18: texts compare with == and != only, not with <; see also starts_with, "
                          "ends_with, contains and in"));
}

struct Wrong {
  std::string yaml;
  std::string_view place;
  std::string_view part;
};

class WrongFile : public testing::TestWithParam<Wrong> {};

TEST_P(WrongFile, IsRefusedWithPlaceAndRemedy) {
  EXPECT_THAT(mistakes(GetParam().yaml),
              ElementsAre(testing::AllOf(testing::StartsWith(fmt::format("r.yaml:{}: ", GetParam().place)),
                                         HasSubstr(GetParam().part))));
}

INSTANTIATE_TEST_SUITE_P(
    Structure, WrongFile,
    testing::Values(
        Wrong{"", "1:1", "empty; it needs 'version: 1' and 'rules:'"}, Wrong{"- a\n", "1:1", "must be a mapping"},
        Wrong{"version: 1\n", "1:1", "has no 'rules'"}, Wrong{"version: 1\nrules: []\n", "2:8", "is empty"},
        Wrong{"version: 1\nrules: x\n", "2:8", "must be a list of rules (- id: …), and is a value"},
        Wrong{"version: 1\nrules:\n", "2:1", "and is nothing"},
        Wrong{"version: 1\nrules:\n  - x\n", "3:5", "a rule must be a mapping"},
        Wrong{"version: 1\nversion: 1\n" + one_rule("true", "x").substr(11), "2:1", "duplicate key 'version'"},
        Wrong{"version: 2\n" + one_rule("true", "x").substr(11), "1:10",
              "version 2 is not known here; write version: 1"},
        Wrong{"version: '1'\n" + one_rule("true", "x").substr(11), "1:10", "without quotes"},
        Wrong{one_rule("true", "x").substr(11), "1:1", "has no 'version'; add 'version: 1'"},
        Wrong{"history: 5\n" + one_rule("true", "x"), "1:10", "'5' is not a duration"},
        Wrong{"history: 0s\n" + one_rule("true", "x"), "1:10", "longer than nothing"},
        Wrong{"history:\n" + one_rule("true", "x"), "1:1", "must be a duration, as in 5m, and is nothing"},
        Wrong{"version: 1\nrules:\n  - severity: LOW\n    score: 1\n    when: true\n    reason: x\n", "3:5",
              "this rule has no 'id'"},
        Wrong{"version: 1\nrules:\n  - id: 1A\n    severity: LOW\n    score: 1\n    when: true\n    reason: x\n", "3:9",
              "'1A' can't be an id"},
        Wrong{"version: 1\nrules:\n  - id: A B\n    severity: LOW\n    score: 1\n    when: true\n    reason: x\n",
              "3:9", "'A B' can't be an id"},
        Wrong{"version: 1\nrules:\n  - id: " + std::string(65, 'A') +
                  "\n    severity: LOW\n    score: 1\n    when: true\n    reason: x\n",
              "3:9", "64 at most"},
        Wrong{"version: 1\nrules:\n  - id: A\n    severity: low\n    score: 1\n    when: true\n    reason: x\n", "4:15",
              "did you mean 'LOW'?"},
        Wrong{"version: 1\nrules:\n  - id: A\n    severity: LOW\n    score: -1\n    when: true\n    reason: x\n",
              "5:12", "from 0 to 100"}));

INSTANTIATE_TEST_SUITE_P(
    Expressions, WrongFile,
    testing::Values(Wrong{one_rule("amount", "x"), "6:11",
                          "'when' must be a condition (true or false), and this is a number; compare it, as in … > 0"},
                    Wrong{one_rule("merchant", "x"), "6:11", "this is a text"},
                    Wrong{one_rule("\"null\"", "x"), "6:12", "this is null"},
                    Wrong{one_rule("null", "x"), "6:11", "'when' must be a text, and is nothing; write one"},
                    Wrong{one_rule("", "x"), "6:5", "'when' must be a text, and is nothing"},
                    Wrong{one_rule("[a]", "x"), "6:11", "quote a text that begins with { or ["},
                    Wrong{one_rule("''", "x"), "6:11", "'when' is empty"},
                    Wrong{one_rule("'  '", "x"), "6:12", "here the expression ends"},
                    Wrong{one_rule("merchant == \"A #1\"", "x"), "6:23", "in YAML, ' #' begins a comment"},
                    Wrong{one_rule("'merchant == \"it''s\" and amunt > 1'", "x"), "6:36", "did you mean 'amount'?"},
                    Wrong{one_rule("\"merchant == \\\"x\\\" and amunt > 1\"", "x"), "6:34", "did you mean 'amount'?"},
                    Wrong{one_rule("true\n      and amunt > 1", "x"), "7:11", "did you mean 'amount'?"},
                    Wrong{one_rule(">-\n      true\n\n      and amunt > 1", "x"), "9:11", "did you mean 'amount'?"},
                    Wrong{one_rule("|\n      true and\n        amunt > 1", "x"), "8:9", "did you mean 'amount'?"},
                    Wrong{one_rule("|\n      true and\n", "x"), "7:15", "here the expression ends"}));

INSTANTIATE_TEST_SUITE_P(
    Reasons, WrongFile,
    testing::Values(Wrong{one_rule("true", "\"a {amunt} b\""), "7:17", "did you mean 'amount'?"},
                    Wrong{one_rule("true", "\"a { b\""), "7:16", "write {{ for a brace"},
                    Wrong{one_rule("true", "a } b"), "7:15", "write }} for a brace"},
                    Wrong{one_rule("true", "a {} b"), "7:16", "here the expression ends"},
                    Wrong{one_rule("true", "a {null} b"), "7:16", "null is no value to print"},
                    Wrong{one_rule("true", "a {amount amount}"), "7:23", "expected an operator"},
                    Wrong{one_rule("true", "a {'x} b"), "7:15", "without its '}'"},
                    Wrong{one_rule("true", "{amount}"), "7:13", "quote a text that begins with { or ["},
                    Wrong{one_rule("true", "\"\""), "7:13", "'reason' is empty"},
                    Wrong{one_rule("true", "|\n\n"), "7:13", "'reason' is empty"},
                    Wrong{one_rule("true", "|\n      a\n      {amunt}\n"), "9:8", "did you mean 'amount'?"},
                    Wrong{one_rule("true", "a {count(5m, merchant == \"}\") > 'x'}"), "7:43", "'>' can't compare"}));

std::vector<std::string> parts(std::string_view reason) {
  const Result<RuleSet> rules = parse_rules(one_rule("true", reason), "r.yaml");
  if (!rules) return {rules.error().message};
  std::vector<std::string> result;
  for (const ReasonPart& part : rules->rules[0].reason) result.push_back((part.expr ? "=" : "") + part.text);
  return result;
}

TEST(Reasons, AreTextsAndExpressions) {
  EXPECT_THAT(parts("plain"), ElementsAre("plain"));
  EXPECT_THAT(parts("'{amount}'"), ElementsAre("=amount"));
  EXPECT_THAT(parts("a${ amount }{merchant} b"), ElementsAre("a$", "= amount ", "=merchant", " b"));
  EXPECT_THAT(parts("x{{amount}}{{{amount}}}"), ElementsAre("x{amount}{", "=amount", "}"));
  EXPECT_THAT(parts("is {amount > 5000}"), ElementsAre("is ", "=amount > 5000"));
  EXPECT_THAT(parts("is {merchant == \"}\"}!"), ElementsAre("is ", "=merchant == \"}\"", "!"));
  EXPECT_THAT(parts("|\n      two\n      lines\n\n"), ElementsAre("two\nlines"));
}

TEST(Bounds, OnRulesAndBytes) {
  const auto file = [](int count) {
    std::string yaml = "version: 1\nrules:\n";
    for (int i = 0; i < count; ++i)
      yaml += fmt::format("  - {{id: R{}, severity: LOW, score: 1, when: true, reason: x}}\n", i);
    return yaml;
  };
  EXPECT_TRUE(parse_rules(file(1000), "r.yaml").has_value());
  EXPECT_THAT(mistakes(file(1001)), ElementsAre(HasSubstr("r.yaml:1003:5: more than 1000 rules")));
  EXPECT_THAT(mistakes(std::string(max_rules_file_bytes + 1, '\n')),
              ElementsAre(HasSubstr("longer than 1048576 bytes")));
}

}  // namespace
}  // namespace bank::rules
