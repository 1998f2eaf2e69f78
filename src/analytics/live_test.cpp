#include "analytics/live.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/hash.h"

namespace bank::analytics {
namespace {

using model::AlertRecord;
using model::Amount;
using model::EventTime;
using model::Transaction;

constexpr std::int64_t second_us = 1'000'000;
constexpr std::int64_t minute_us = 60 * second_us;
constexpr std::int64_t hour_us = 60 * minute_us;
constexpr std::int64_t start_us = 1'700'000'000 * second_us;

/// Transactions of two days that come a little out of order, and one or two alerts about some of them.
struct Stream {
  std::vector<std::string> ids, accounts;
  std::vector<Transaction> transactions;
  std::vector<std::vector<AlertRecord>> alerts;  // of each transaction

  Stream(std::size_t count, unsigned seed) {
    std::mt19937_64 random(seed);
    for (int i = 0; i < 50; ++i) accounts.push_back("ACC-" + std::to_string(i));
    for (std::size_t i = 0; i < count; ++i) ids.push_back("TXN-" + std::to_string(i));
    for (std::size_t i = 0; i < count; ++i) {
      Transaction& t = transactions.emplace_back();
      t.transaction_id = ids[i];
      t.account_number = accounts[random() % accounts.size()];
      t.account_hash = hash64(t.account_number);
      t.transaction_type = random() % 2 == 0 ? "DEPOSIT" : "TRANSFER";
      t.amount = Amount::from_units(static_cast<std::int64_t>(random() % 50'000'000));
      const auto step = 48 * hour_us / static_cast<std::int64_t>(count);
      t.time = EventTime::from_us(start_us + static_cast<std::int64_t>(i) * step -
                                  static_cast<std::int64_t>(random() % (10 * minute_us)));
      auto& of_one = alerts.emplace_back();
      for (std::size_t n = random() % 8; n > 5; --n) of_one.push_back(alert_of(t, n == 7 ? "HIGH_AMOUNT" : "VELOCITY"));
    }
  }

  static AlertRecord alert_of(const Transaction& t, std::string_view rule) {
    AlertRecord alert;
    alert.transaction_id = t.transaction_id;
    alert.account_number = t.account_number;
    alert.amount = t.amount;
    alert.time = t.time;
    alert.rule_id = rule;
    alert.rules_version = "v1";
    alert.score = 40;
    alert.severity = model::Severity::high;
    return alert;
  }

  /// The newest time that four accounts have reached among the first `count`.
  [[nodiscard]] EventTime reached(std::size_t count) const {
    std::map<std::string_view, EventTime> newest;
    for (std::size_t i = 0; i < count; ++i) {
      EventTime& time = newest.try_emplace(transactions[i].account_number, transactions[i].time).first->second;
      time = std::max(time, transactions[i].time);
    }
    std::vector<EventTime> times;
    for (const auto& [account, time] : newest) times.push_back(time);
    std::ranges::sort(times, std::greater<>());
    return times[3];
  }

  /// The figures of the first `count`, from scratch.
  [[nodiscard]] std::string expected(std::size_t count, std::string_view window, std::int64_t bucket_us,
                                     std::int64_t buckets) const {
    const std::int64_t last = reached(count).us() / bucket_us;
    WindowFigures figures{.from = EventTime::from_us((last - buckets + 1) * bucket_us),
                          .to = EventTime::from_us((last + 1) * bucket_us),
                          .transactions = TransactionAccumulator(),
                          .alerts = AlertAccumulator()};
    for (std::size_t i = 0; i < count; ++i) {
      if (transactions[i].time < figures.from || transactions[i].time >= figures.to) continue;
      figures.transactions.add(transactions[i]);
      for (const AlertRecord& alert : alerts[i]) figures.alerts.add(alert);
    }
    figures.alerts.finish();
    return live_json(window, figures, {});
  }
};

void expect_same(const LiveFigures& live, const Stream& stream, std::size_t count) {
  EXPECT_EQ(live_json("hour", *live.hour(), {}), stream.expected(count, "hour", minute_us, 60)) << count;
  EXPECT_EQ(live_json("day", *live.day(), {}), stream.expected(count, "day", hour_us, 24)) << count;
}

TEST(LiveFigures, AreThoseOfTheWindowsFromScratch) {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    const Stream stream(5'000, seed);
    LiveFigures live({});
    for (std::size_t i = 0; i < stream.transactions.size(); ++i) {
      live.add({&stream.transactions[i], 1});
      // Two partitions, whose alerts interleave.
      for (const AlertRecord& alert : stream.alerts[i]) live.add(static_cast<std::int64_t>(i % 2), alert);
      if (i > 100 && i % 997 == 0) expect_same(live, stream, i + 1);
    }
    expect_same(live, stream, stream.transactions.size());
    EXPECT_EQ(live.transactions(), 5'000U);
  }
}

TEST(LiveFigures, AreTheSameWhenAlertsAreReadLongBeforeTheTransactions) {
  const Stream stream(5'000, 7);
  LiveFigures live({});
  for (std::size_t i = 0; i < stream.alerts.size(); ++i) {
    for (const AlertRecord& alert : stream.alerts[i]) live.add(static_cast<std::int64_t>(i % 3), alert);
  }
  live.add(stream.transactions);
  expect_same(live, stream, stream.transactions.size());
}

TEST(LiveFigures, AreTheSameWhenOnePartitionIsReadAfterTheOther) {
  const Stream stream(5'000, 8);
  LiveFigures live({});
  for (const std::size_t partition : {0U, 1U}) {
    for (std::size_t i = partition; i < stream.transactions.size(); i += 2) {
      live.add({&stream.transactions[i], 1});
      for (const AlertRecord& alert : stream.alerts[i]) live.add(static_cast<std::int64_t>(partition), alert);
    }
  }
  expect_same(live, stream, stream.transactions.size());
}

TEST(LiveFigures, AreNotMovedByAFewAccountsFromTheFuture) {
  const Stream stream(2'000, 3);
  LiveFigures live({});
  live.add(stream.transactions);
  const EventTime newest = std::ranges::max(stream.transactions, {}, &Transaction::time).time;
  for (std::int64_t i = 0; i < 1'000; ++i) {
    Transaction early = stream.transactions.front();
    const std::string account = "FUTURE-" + std::to_string(i % 3);
    early.account_number = account;
    early.account_hash = hash64(account);
    early.time = EventTime::from_us(start_us + (1'000 + i) * 24 * hour_us);
    live.add({&early, 1});
    live.add(0, Stream::alert_of(early, "HIGH_AMOUNT"));
  }
  EXPECT_LE(live.hour()->to.us(), newest.us() + minute_us);
  EXPECT_GT(live.hour()->transactions.total().count, 0U);
}

TEST(LiveFigures, OfOneAccountFollowIt) {
  Transaction t = Stream(1, 1).transactions.front();
  t.transaction_id = "T";
  t.account_number = "A";
  t.account_hash = hash64("A");
  LiveFigures live({});
  EXPECT_FALSE(live.hour());
  live.add({&t, 1});
  EXPECT_EQ(live.hour()->transactions.total().count, 1U);
  t.time = EventTime::from_us(t.time.us() + 2 * hour_us);
  live.add({&t, 1});
  EXPECT_EQ(live.hour()->transactions.total().count, 1U);
  EXPECT_EQ(live.day()->transactions.total().count, 2U);
}

TEST(LiveFigures, CountRejectedRecordsWhereTheWindowsEnd) {
  const Stream stream(2'000, 4);
  LiveFigures live({});
  live.add_rejected(model::Reason::not_json);
  EXPECT_EQ(live.rejected(), 1U);
  live.add({stream.transactions.data(), 1'000});
  live.add_rejected(model::Reason::not_json);
  EXPECT_EQ(live.hour()->transactions.rejected(), 1U);
  live.add({stream.transactions.data() + 1'000, 1'000});
  EXPECT_EQ(live.hour()->transactions.rejected(), 0U);
  EXPECT_EQ(live.rejected(), 2U);
}

TEST(LiveFigures, CountATransactionOnceThoughItsAlertsCameInTwoParts) {
  const Stream stream(100, 5);
  LiveFigures live({});
  live.add(stream.transactions);
  live.add(0, Stream::alert_of(stream.transactions[90], "HIGH_AMOUNT"));
  EXPECT_EQ(live.day()->alerts.flagged(), 1U);
  live.add(0, Stream::alert_of(stream.transactions[90], "VELOCITY"));
  EXPECT_EQ(live.day()->alerts.flagged(), 1U);
  EXPECT_EQ(live.day()->alerts.total(), 2U);
}

TEST(LiveJson, IsOneObjectOnOneLine) {
  const Stream stream(100, 6);
  LiveFigures live({});
  live.add(stream.transactions);
  const std::string text = live_json("hour", *live.hour(), {});
  EXPECT_TRUE(text.starts_with(R"({"schema_version":1,"window":"hour","from":"2023-11-)")) << text;
  EXPECT_TRUE(text.contains(R"("report":{"schema_version":1,)")) << text;
  EXPECT_EQ(text.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace bank::analytics
