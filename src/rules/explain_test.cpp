#include "rules/explain.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "rules/load.h"

namespace bank::rules {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A set of one rule.
RuleSet set_of(std::string_view when, std::string_view reason = "x", std::string_view head = "") {
  const std::string yaml = fmt::format(
      "version: 1\n{}rules:\n  - id: A\n    severity: LOW\n    score: 1\n    when: |\n      {}\n    reason: |\n      "
      "{}\n",
      head, when, reason);
  Result<RuleSet> rules = parse_rules(yaml, "r");
  EXPECT_TRUE(rules.has_value()) << rules.error().message;
  return rules ? std::move(*rules) : RuleSet{};
}

Explanation explained(const RuleSet& rules) { return explain(rules.rules.at(0), rules); }

struct Said {
  std::string_view when;
  std::string_view sentence;
};

class Sentences : public testing::TestWithParam<Said> {};

TEST_P(Sentences, ReadAsEnglish) { EXPECT_EQ(explained(set_of(GetParam().when)).sentence, GetParam().sentence); }

INSTANTIATE_TEST_SUITE_P(
    Table, Sentences,
    testing::Values(
        Said{"true", "Fires on every transaction."}, Said{"false", "Never fires."},
        Said{"amount > 5000", "Fires when the amount is over 5000."},
        Said{"5000 < amount", "Fires when the amount is over 5000."},
        Said{"amount >= 4000 and amount <= 5000", "Fires when the amount is at least 4000 and is at most 5000."},
        Said{"count(5m) >= 5",
             "Fires when the account has 5 or more transactions in the last 5 minutes, this one included."},
        Said{"prior.count(24h) == 0",
             "Fires when the account has exactly 0 transactions in the 24 hours before this one."},
        Said{"distinct(location, 10m) > 2",
             "Fires when the account has more than 2 different locations in the last 10 minutes, this one included."},
        Said{"count(10m, status == \"FAILED\") < 3",
             "Fires when the account has fewer than 3 transactions whose status is \"FAILED\" in the last 10 minutes, "
             "this one included."},
        Said{"count(2m, merchant == this.merchant and amount == this.amount) >= 2",
             "Fires when the account has 2 or more transactions whose merchant is the merchant of this one and whose "
             "amount is the amount of this one in the last 2 "
             "minutes, this one included."},
        Said{"count(1h, status == \"FAILED\" or location == null) > 1",
             "Fires when the account has more than 1 transactions for which the status is \"FAILED\" or the location "
             "is missing in the last 1 hour, this one included."},
        Said{"amount > 10 * prior.avg(amount, 24h)",
             "Fires when the amount is over 10 times the average of the amount in the 24 hours before this one."},
        Said{"sum(amount, 7d, hour < 6) > 1",
             "Fires when the sum of the amount of transactions whose hour of the day (UTC) is under 6 in the last 7 "
             "days (this one included) is over 1."},
        Said{"hour not in [1, 2, 3] and last.location != location",
             "Fires when the hour of the day (UTC) is none of 1, 2 and 3 and the location of the transaction before is "
             "not the location."},
        Said{"since_last < 60", "Fires when the time since the transaction before, in seconds, is under 60."},
        Said{"not (amount > 1) or merchant starts_with \"A\"",
             "Fires when it is not so that (the amount is over 1) or the merchant begins with \"A\"."},
        Said{"(amount > 1 or hour > 2) and merchant != null",
             "Fires when (the amount is over 1 or the hour of the day (UTC) is over 2) and the merchant is known."},
        Said{"(amount + 1) * 2 > -amount", "Fires when (the amount plus 1) times 2 is over minus the amount."}));

TEST(Costs, AreConstantUnlessAConditionLooksAtTheTransaction) {
  const Explanation explanation =
      explained(set_of("count(5m) > 1 and min(amount, 1h) > 1 and count(2m, merchant == this.merchant) > 1",
                       "{count(5m)} {sum(amount, 3h)}"));
  ASSERT_EQ(explanation.costs.size(), 4U);
  EXPECT_EQ(explanation.costs[0].aggregate, "count(5m)");
  EXPECT_FALSE(explanation.costs[0].scans);
  EXPECT_EQ(explanation.costs[0].words, "constant: kept as a running count");
  EXPECT_FALSE(explanation.costs[1].scans);
  EXPECT_TRUE(explanation.costs[2].scans);
  EXPECT_EQ(explanation.costs[2].words, "scans the window, because its condition looks at this.merchant");
  EXPECT_EQ(explanation.costs[3].aggregate, "sum(amount, 3h)");
  EXPECT_THAT(explanation.windows_us, ElementsAre(120'000'000, 300'000'000, 3'600'000'000, 10'800'000'000));
}

TEST(Hints, SayHowFarBackLastReaches) {
  EXPECT_THAT(explained(set_of("amount > 1")).hints, IsEmpty());
  EXPECT_THAT(explained(set_of("count(5m) > 1")).hints, IsEmpty());
  EXPECT_THAT(explained(set_of("last.amount > 1")).hints, ElementsAre(HasSubstr("no rule here has a window")));
  EXPECT_THAT(explained(set_of("amount > 1", "{since_last}")).hints, ElementsAre(HasSubstr("Set history:")));
  EXPECT_THAT(explained(set_of("since_last > 1", "x", "history: 30d\n")).hints,
              ElementsAre(HasSubstr("the 30 days of the longest window or history:")));
}

}  // namespace
}  // namespace bank::rules
