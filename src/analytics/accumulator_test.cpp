#include "analytics/accumulator.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "analytics/report.h"
#include "base/hash.h"

namespace bank::analytics {
namespace {

using model::Amount;
using model::EventTime;
using model::Transaction;

/// Random transactions and the texts that they view.
struct Data {
  std::vector<std::string> ids, accounts;
  std::vector<Transaction> transactions;

  Data(std::size_t count, unsigned seed) {
    static const std::vector<std::string> types = {"DEPOSIT", "WITHDRAWAL", "TRANSFER", "PAYMENT", "REFUND"};
    static const std::vector<std::string> locations = {"ATM-Uptown-02", "Online-Portal", "POS-Gas-Station"};
    static const std::vector<std::string> merchants = {"Amazon", "Walmart", "Target", "Best Buy"};
    std::mt19937_64 random(seed);
    for (int i = 0; i < 300; ++i) accounts.push_back("ACC-" + std::to_string(i));
    for (std::size_t i = 0; i < count; ++i) ids.push_back("TXN-" + std::to_string(i));
    for (std::size_t i = 0; i < count; ++i) {
      Transaction t;
      t.transaction_id = ids[i];
      t.account_number = accounts[random() % accounts.size()];
      t.account_hash = hash64(t.account_number);
      t.transaction_type = types[random() % types.size()];
      if (random() % 4 != 0) t.location = locations[random() % locations.size()];
      if (random() % 3 == 0) t.merchant = merchants[random() % merchants.size()];
      t.amount = Amount::from_units(
          static_cast<std::int64_t>(random() % (random() % 10 == 0 ? Amount::max_units : 50'000'000)));
      t.time = EventTime::from_us(static_cast<std::int64_t>(random() % 5'000'000'000'000) - 1'000'000'000'000);
      t.status = static_cast<model::Status>(random() % 4);
      transactions.push_back(t);
    }
  }
};

using Naive = std::map<std::string, Tally>;

void expect_same(const NamedTable<Tally>& table, const Naive& naive) {
  ASSERT_EQ(table.entries().size(), naive.size());
  for (const auto& entry : table.entries()) EXPECT_EQ(entry.value, naive.at(std::string(entry.name))) << entry.name;
}

TEST(TransactionAccumulator, CountsWhatTheNaiveWayCounts) {
  const Data data(20'000, 1);
  TransactionAccumulator accumulator;
  accumulator.add(data.transactions);

  Naive types, accounts, locations, merchants;
  std::map<int, Tally> by_status, by_hour_of_week;
  Tally total;
  for (const Transaction& t : data.transactions) {
    total.add(t.amount);
    types[std::string(t.transaction_type)].add(t.amount);
    accounts[std::string(t.account_number)].add(t.amount);
    if (t.location) locations[std::string(*t.location)].add(t.amount);
    if (t.merchant) merchants[std::string(*t.merchant)].add(t.amount);
    by_status[static_cast<int>(t.status)].add(t.amount);
    by_hour_of_week[(t.time.weekday() - 1) * 24 + t.time.hour()].add(t.amount);
  }
  EXPECT_EQ(accumulator.total(), total);
  expect_same(accumulator.by_type(), types);
  expect_same(accumulator.accounts(), accounts);
  expect_same(accumulator.locations(), locations);
  expect_same(accumulator.merchants(), merchants);
  for (std::size_t i = 0; i < statuses; ++i) EXPECT_EQ(accumulator.by_status()[i], by_status[static_cast<int>(i)]);
  for (std::size_t i = 0; i < weekdays * hours; ++i) {
    EXPECT_EQ(accumulator.by_weekday_hour()[i / hours][i % hours], by_hour_of_week[static_cast<int>(i)]) << i;
  }
  const auto by_time = [](const Transaction& a, const Transaction& b) { return a.time < b.time; };
  EXPECT_EQ(accumulator.first(), std::ranges::min_element(data.transactions, by_time)->time);
  EXPECT_EQ(accumulator.last(), std::ranges::max_element(data.transactions, by_time)->time);
}

TEST(TransactionAccumulator, MergedIsTheSameAsOnePass) {
  const Data data(150'000, 2);
  TransactionAccumulator whole;
  whole.add(data.transactions);
  whole.add_rejected(model::Reason::not_json);
  whole.add_rejected(model::Reason::bad_status);

  std::vector<TransactionAccumulator> parts(4);
  for (std::size_t i = 0; i < data.transactions.size(); ++i) parts[i * i % 3].add(data.transactions[i]);
  parts[0].add_rejected(model::Reason::not_json);
  parts[3].add_rejected(model::Reason::bad_status);
  TransactionAccumulator merged;
  for (const auto& part : parts) merged.merge(part);
  EXPECT_EQ(to_json(make_report(merged, nullptr, {})), to_json(make_report(whole, nullptr, {})));
}

TEST(TransactionAccumulator, AddsMoreThanSixtyFourBits) {
  Transaction t;
  t.account_number = "A";
  t.transaction_type = "TRANSFER";
  t.amount = Amount::from_units(Amount::max_units);
  TransactionAccumulator accumulator;
  for (int i = 0; i < 1'000; ++i) accumulator.add(t);
  EXPECT_EQ(money_text(accumulator.total().volume), "99999999999999999.90");
}

// Alerts

model::AlertRecord alert(std::string_view transaction, std::string_view account, std::string_view rule, int score,
                         model::Severity severity = model::Severity::high) {
  model::AlertRecord record;
  record.transaction_id = transaction;
  record.account_number = account;
  record.rule_id = rule;
  record.score = score;
  record.severity = severity;
  record.amount = Amount::from_units(60'000'000);
  record.time = EventTime::from_us(0);
  record.rules_version = "abc";
  return record;
}

TEST(AlertAccumulator, AddsUpTheRiskOfEachTransaction) {
  AlertAccumulator alerts({.review = 50, .block = 80});
  alerts.add(alert("T1", "A", "HIGH_AMOUNT", 40));
  alerts.add(alert("T1", "A", "VELOCITY", 30));     // 70: review
  alerts.add(alert("T2", "A", "HIGH_AMOUNT", 40));  // approve
  alerts.add(alert("T3", "B", "HIGH_AMOUNT", 60));
  alerts.add(alert("T3", "B", "VELOCITY", 60));  // 100, not 120: block
  alerts.finish();
  EXPECT_EQ(alerts.total(), 5U);
  EXPECT_EQ(alerts.flagged(), 3U);
  EXPECT_EQ(alerts.reviewed(), 1U);
  EXPECT_EQ(alerts.blocked(), 1U);
  EXPECT_TRUE(alerts.flagged_volume() == 180'000'000);

  const auto by_risk = alerts.accounts().top(2, [](const AlertTally& tally) { return tally.risk; });
  ASSERT_EQ(by_risk.size(), 2U);
  EXPECT_EQ(by_risk[0]->name, "A");
  EXPECT_EQ(by_risk[0]->value,
            (AlertTally{.count = 3, .volume = 120'000'000, .flagged = 2, .risk = 110, .risk_max = 70}));
  EXPECT_EQ(by_risk[1]->value,
            (AlertTally{.count = 2, .volume = 60'000'000, .flagged = 1, .risk = 100, .risk_max = 100}));
}

TEST(AlertAccumulator, CountsByRuleAndSeverity) {
  AlertAccumulator alerts;
  alerts.add(alert("T1", "A", "X", 10, model::Severity::low));
  alerts.add(alert("T2", "A", "X", 20, model::Severity::critical));
  alerts.add(alert("T2", "A", "Y", 5, model::Severity::low));
  alerts.finish();
  EXPECT_EQ(alerts.by_severity(), (std::array<std::uint64_t, 4>{2, 0, 0, 1}));
  ASSERT_EQ(alerts.rules().size(), 2U);
  EXPECT_EQ(alerts.rules()[0].tally.count, 2U);
  EXPECT_EQ(alerts.rules()[0].tally.score, 20);
  EXPECT_EQ(alerts.rules()[0].tally.severity, model::Severity::critical);
  EXPECT_EQ(alerts.by_weekday_hour()[3][0], 3U) << "the epoch was a Thursday";
  EXPECT_EQ(alerts.rules_versions(), std::vector<std::string>{"abc"});
}

TEST(AlertAccumulator, IsBoundedInRules) {
  AlertAccumulator alerts;
  for (std::size_t i = 0; i < AlertAccumulator::max_rules + 10; ++i)
    alerts.add(alert("T", "A", "R" + std::to_string(i), 1));
  alerts.finish();
  EXPECT_EQ(alerts.rules().size(), AlertAccumulator::max_rules + 1);
  EXPECT_EQ(alerts.rules().back().id, "(others)");
  EXPECT_EQ(alerts.rules().back().tally.count, 10U);
  EXPECT_EQ(alerts.flagged(), 1U);
}

TEST(AlertAccumulator, OfNothingFlagsNothing) {
  AlertAccumulator alerts;
  alerts.finish();
  EXPECT_EQ(alerts.flagged(), 0U);
}

}  // namespace
}  // namespace bank::analytics
