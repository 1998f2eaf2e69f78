#include "rules/doubts.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "rules/load.h"

namespace bank::rules {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> doubts_of(std::string_view when, std::string_view reason = "x") {
  const std::string yaml = fmt::format(
      "version: 1\nrules:\n  - id: A\n    severity: LOW\n    score: 1\n    when: {}\n    reason: '{}'\n", when, reason);
  const Result<RuleSet> rules = parse_rules(yaml, "r");
  EXPECT_TRUE(rules.has_value()) << rules.error().message;
  return rules ? doubts(*rules) : std::vector<std::string>{};
}

TEST(Doubts, AStatusThatNoTransactionHas) {
  EXPECT_THAT(doubts_of(R"(status == "FAILD")"),
              ElementsAre("r:6:21: no transaction has the status 'FAILD'; did you mean 'FAILED'?"));
  EXPECT_THAT(doubts_of(R"(not "failed" != last.status)"),
              ElementsAre("r:6:15: no transaction has the status 'failed'; did you mean 'FAILED'?"));
  EXPECT_THAT(doubts_of(R"(status in ["PENDING", "REVERSED"])"),
              ElementsAre("r:6:33: no transaction has the status 'REVERSED'; known are PENDING, COMPLETED and FAILED"));
}

TEST(Doubts, InsideOfWindowsAndReasons) {
  EXPECT_EQ(doubts_of(R"(amount > 1 or not (sum(amount, 1h, status == "OK" or this.status == "KO") > 3))").size(), 2U);
  EXPECT_EQ(doubts_of("amount > 1", R"({count(1h, status == "DONE")} of them)").size(), 1U);
}

TEST(Doubts, NothingElse) {
  EXPECT_THAT(doubts_of(R"(status == "FAILED" and status != null and last.status in ["PENDING", "COMPLETED"])"),
              IsEmpty());
  EXPECT_THAT(doubts_of(R"(merchant == "FAILD" and status contains "FAIL" and status == last.status)"), IsEmpty());
}

}  // namespace
}  // namespace bank::rules
