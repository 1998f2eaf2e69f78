#include "server/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/load.h"

namespace bank::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t second_us = 1'000'000;

store::TransactionRow transaction(const std::string& id, std::int64_t second, std::int64_t euros = 10,
                                  const std::string& merchant = "Shell Gas") {
  store::TransactionRow row;
  row.transaction_id = id;
  row.account = "ACC-1";
  row.type = "PAYMENT";
  row.amount = model::Amount::from_units(euros * 10'000);
  row.time_us = second * second_us;
  row.merchant = merchant;
  return row;
}

std::vector<ExplainedWindow> explained(const std::string& when, const std::vector<store::TransactionRow>& history,
                                       const std::string& id) {
  const auto set = rules::parse_rules(
      "version: 1\nrules:\n  - id: R\n    severity: LOW\n    score: 1\n    when: " + when + "\n    reason: \"r\"\n",
      "r.yaml");
  EXPECT_TRUE(set) << set.error().message;
  const auto judged = std::ranges::find(history, id, &store::TransactionRow::transaction_id);
  return explain_windows(set->rules[0], history, id, judged->time_us);
}

TEST(Explain, NamesTheTransactionsOfEachWindow) {
  const std::vector history = {transaction("old", 0), transaction("a", 100), transaction("b", 300),
                               transaction("judged", 400), transaction("later", 400)};
  const auto windows = explained("count(5m) >= 3 and sum(amount, 2m) > 1", history, "judged");
  ASSERT_EQ(windows.size(), 2U);
  EXPECT_EQ(windows[0].aggregate, "count(5m)");
  EXPECT_EQ(windows[0].from_us, 100 * second_us);
  EXPECT_THAT(windows[0].transaction_ids, ElementsAre("a", "b", "judged"));
  EXPECT_THAT(windows[1].transaction_ids, ElementsAre("b", "judged"));
}

TEST(Explain, LeavesOutWhatAConditionLeavesOut) {
  const std::vector history = {transaction("a", 1, 10), transaction("b", 2, 99), transaction("c", 3, 10, "Amazon"),
                               transaction("judged", 4, 10)};
  const auto windows =
      explained("count(2m, merchant == this.merchant and amount == this.amount) >= 2", history, "judged");
  ASSERT_EQ(windows.size(), 1U);
  EXPECT_THAT(windows[0].transaction_ids, ElementsAre("a", "judged"));
  const auto arithmetic =
      explained("count(2m, amount * 2 >= 100 and merchant in [\"Shell Gas\"] ) >= 1", history, "judged");
  EXPECT_THAT(arithmetic[0].transaction_ids, ElementsAre("b"));
}

TEST(Explain, LeavesTheTransactionItselfOutOfWhatCameBefore) {
  const std::vector history = {transaction("late", 5), transaction("a", 1), transaction("judged", 4)};
  const auto windows = explained("amount > 10 * prior.avg(amount, 24h)", history, "judged");
  EXPECT_TRUE(windows[0].prior);
  EXPECT_THAT(windows[0].transaction_ids, ElementsAre("a"));
}

TEST(Explain, NamesTheTransactionBeforeWhichIsTheLatestAndOfThoseTheLastToArrive) {
  const std::vector history = {transaction("b", 300),    transaction("tie", 300),    transaction("a", 100),
                               transaction("next", 500), transaction("judged", 400), transaction("later", 350)};
  const auto windows =
      explained("since_last < 200 and last.merchant == merchant and count(1m) >= 1", history, "judged");
  ASSERT_EQ(windows.size(), 2U);
  EXPECT_EQ(windows[0].aggregate, "last");
  EXPECT_EQ(windows[0].from_us, 300 * second_us);
  EXPECT_EQ(windows[0].duration_us, 100 * second_us);
  EXPECT_THAT(windows[0].transaction_ids, ElementsAre("tie"));
}

TEST(Explain, SaysThatThereWasNoTransactionBefore) {
  const std::vector history = {transaction("judged", 400), transaction("later", 350)};
  const auto windows = explained("last.merchant == null", history, "judged");
  ASSERT_EQ(windows.size(), 1U);
  EXPECT_THAT(windows[0].transaction_ids, IsEmpty());
  EXPECT_EQ(windows[0].from_us, 400 * second_us);
}

TEST(Explain, LooksBackAsFarAsTheEngineForTheTransactionBefore) {
  const auto set = rules::parse_rules(
      "version: 1\nrules:\n  - id: R\n    severity: LOW\n    score: 1\n    when: not (since_last > 5)\n    reason: "
      "\"r\"\n",
      "r.yaml");
  ASSERT_TRUE(set);
  EXPECT_EQ(look_back_us(set->rules[0], 9000 * second_us), 9000 * second_us);
}

TEST(Explain, SaysNothingOfATransactionThatIsNotHeld) {
  const auto set = rules::parse_rules(
      "version: 1\nrules:\n  - id: R\n    severity: LOW\n    score: 1\n    when: count(5m) > 1\n    reason: \"r\"\n",
      "r.yaml");
  ASSERT_TRUE(set);
  EXPECT_EQ(look_back_us(set->rules[0], 9000 * second_us), 300 * second_us);
  const auto windows = explain_windows(set->rules[0], {transaction("a", 1)}, "gone", 2 * second_us);
  ASSERT_EQ(windows.size(), 1U);
  EXPECT_THAT(windows[0].transaction_ids, IsEmpty());
}

}  // namespace
}  // namespace bank::server
