#include "server/decisions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <thread>

#include "rules/load.h"

namespace bank::server {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view rules_text =
    "version: 1\nrules:\n"
    "  - {id: HIGH_AMOUNT, severity: HIGH, score: 90, when: amount > 5000, reason: \"Amount ${amount}\"}\n"
    "  - {id: VELOCITY, severity: LOW, score: 30, when: count(5m) >= 3, reason: \"{count(5m)} in 5 minutes\"}\n";

class DecisionsTest : public testing::Test {
 protected:
  static std::shared_ptr<const engine::Plan> plan() {
    const auto set = rules::parse_rules(rules_text, "r.yaml");
    EXPECT_TRUE(set) << set.error().message;
    return engine::Plan::compile(*set);
  }
  model::Transaction transaction(const std::string& id, std::int64_t euros, const std::string& account = "ACC-1") {
    model::Transaction made;
    made.transaction_id = texts_.emplace_back(id);
    made.account_number = texts_.emplace_back(account);
    made.account_hash = hash64(made.account_number);
    made.transaction_type = "PAYMENT";
    made.timestamp = "2026-03-02 12:00:00";
    made.time = model::EventTime::from_us(1'772'452'800'000'000);
    made.amount = model::Amount::from_units(euros * 10'000);
    return made;
  }
  Judged judge(Decisions& decisions, const model::Transaction& made) {
    return decisions.judge(made, "api:", 7, processed_, alerts_);
  }

  ManualClock clock_;
  std::deque<std::string> texts_;
  std::string processed_;
  std::string alerts_;
};

TEST_F(DecisionsTest, SaysWhatTheRulesSayAndWritesItAsTheDetectorsDo) {
  Decisions decisions(plan(), {}, clock_);
  const Judged judged = judge(decisions, transaction("T1", 9000));
  EXPECT_EQ(judged.said.decision, model::Decision::block);
  EXPECT_EQ(judged.said.risk, 90);
  EXPECT_EQ(judged.said.fired, R"([{"rule":"HIGH_AMOUNT","severity":"HIGH","score":90,"reason":"Amount $9000.00"}])");
  EXPECT_FALSE(judged.resend);
  EXPECT_THAT(processed_, HasSubstr(R"("decision": "BLOCK", "rules": ["HIGH_AMOUNT"])"));
  EXPECT_THAT(alerts_, HasSubstr(R"("source": "api:7")"));
}

TEST_F(DecisionsTest, RepeatsWhatItSaidAndWritesItOnce) {
  Decisions decisions(plan(), {}, clock_);
  static_cast<void>(judge(decisions, transaction("T1", 9000)));
  processed_.clear();
  alerts_.clear();
  const Judged again = judge(decisions, transaction("T1", 9000));
  EXPECT_TRUE(again.resend);
  EXPECT_EQ(again.said.risk, 90);
  EXPECT_THAT(again.said.fired, HasSubstr("HIGH_AMOUNT"));
  EXPECT_THAT(processed_ + alerts_, IsEmpty());
}

TEST_F(DecisionsTest, SaysWhereItDoesNotKnowAnyMoreWhatItSaid) {
  Decisions decisions(plan(), {}, clock_, 0);
  static_cast<void>(judge(decisions, transaction("T0", 1)));
  for (int i = 0; i < 200; ++i) static_cast<void>(judge(decisions, transaction("X" + std::to_string(i), 1, "ACC-2")));
  EXPECT_TRUE(judge(decisions, transaction("T0", 1)).forgotten);
}

TEST_F(DecisionsTest, KnowsTheHistoryThatOthersHaveJudged) {
  Decisions decisions(plan(), {}, clock_);
  decisions.follow(transaction("T1", 1));
  decisions.follow(transaction("T2", 1));
  EXPECT_THAT(judge(decisions, transaction("T3", 1)).said.fired, HasSubstr("3 in 5 minutes"));
  EXPECT_THAT(judge(decisions, transaction("T4", 1, "ACC-2")).said.fired, testing::Not(HasSubstr("VELOCITY")));
  EXPECT_EQ(decisions.durations().count, 2U);
}

TEST_F(DecisionsTest, AnswersManyThreadsEachTransactionOnce) {
  Decisions decisions(plan(), {}, clock_);
  std::vector<model::Transaction> asked;
  for (int i = 0; i < 2000; ++i)
    asked.push_back(transaction("T" + std::to_string(i), 1, "ACC-" + std::to_string(i % 50)));
  std::atomic<int> first = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      std::string processed;
      std::string alerts;
      for (const model::Transaction& each : asked) {
        const Judged judged = decisions.judge(each, "api:", 1, processed, alerts);
        if (!judged.resend) ++first;
        EXPECT_FALSE(judged.forgotten);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(first, 2000);
}

}  // namespace
}  // namespace bank::server
