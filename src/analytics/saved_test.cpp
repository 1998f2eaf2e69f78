#include "analytics/saved.h"

#include <gtest/gtest.h>

#include <functional>
#include <initializer_list>
#include <random>
#include <string>
#include <vector>

#include "analytics/report.h"
#include "base/hash.h"
#include "base/wire.h"

namespace bank::analytics {
namespace {

/// Random transactions of so many accounts, and alerts about some of them.
Accumulators random_accumulators(unsigned seed, std::size_t count, std::size_t accounts, const Limits& limits = {}) {
  Accumulators out{TransactionAccumulator(limits), AlertAccumulator({}, limits)};
  std::mt19937_64 random(seed);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string id = "T" + std::to_string(seed) + "-" + std::to_string(i);
    const std::string account = "A" + std::to_string(random() % accounts);
    const std::string place = "P" + std::to_string(random() % 50);
    model::Transaction transaction;
    transaction.transaction_id = id;
    transaction.account_number = account;
    transaction.account_hash = hash64(account);
    transaction.transaction_type = random() % 2 == 0 ? "PAYMENT" : "TRANSFER";
    if (random() % 3 != 0) transaction.location = place;
    if (random() % 3 == 0) transaction.merchant = place;
    transaction.amount = model::Amount::from_units(static_cast<std::int64_t>(random() % 100'000'000));
    transaction.time = model::EventTime::from_us(static_cast<std::int64_t>(random() % 9'000'000'000'000) - 1'000'000);
    transaction.status = static_cast<model::Status>(random() % 4);
    out.transactions.add(transaction);
    if (random() % 50 == 0) out.transactions.add_rejected(static_cast<model::Reason>(random() % reasons));
    for (std::uint64_t alerts = random() % 20; alerts > 16; --alerts) {
      const std::string rule = "RULE" + std::to_string(alerts);
      out.alerts.add({.alert_id = {},
                      .rule_id = rule,
                      .reason = {},
                      .transaction_id = id,
                      .account_number = account,
                      .timestamp = {},
                      .rules_version = "v",
                      .source = {},
                      .amount = transaction.amount,
                      .time = transaction.time,
                      .score = 30,
                      .severity = model::Severity::high});
    }
  }
  out.alerts.finish();
  return out;
}

std::string report(const Accumulators& of) { return to_json(make_report(of.transactions, &of.alerts, {})); }

TEST(Saved, ComesBackAsTheSameReport) {
  for (const std::size_t count : {0U, 1U, 500U, 80'000U}) {  // of amounts, more than 65,536 are not kept
    const Accumulators of = random_accumulators(1, count, 300);
    const std::string saved = save(of.transactions, of.alerts);
    const auto restored = restore(saved);
    ASSERT_TRUE(restored.has_value()) << count << restored.error().message;
    EXPECT_TRUE(report(*restored) == report(of));
    EXPECT_TRUE(save(restored->transactions, restored->alerts) == saved);
  }
}

TEST(Saved, PartsMergeIntoWhatOnePassHolds) {
  Accumulators whole = random_accumulators(1, 3000, 200);
  const Accumulators other = random_accumulators(2, 70'000, 200);
  const Accumulators third = random_accumulators(3, 10, 200);
  auto merged = restore(save(third.transactions, third.alerts));
  ASSERT_TRUE(merged.has_value());
  for (const Accumulators& part : std::initializer_list<std::reference_wrapper<const Accumulators>>{other, whole}) {
    const auto restored = restore(save(part.transactions, part.alerts));
    ASSERT_TRUE(restored.has_value());
    merged->transactions.merge(restored->transactions);
    merged->alerts.merge(restored->alerts);
  }
  for (const Accumulators& part : std::initializer_list<std::reference_wrapper<const Accumulators>>{other, third}) {
    whole.transactions.merge(part.transactions);
    whole.alerts.merge(part.alerts);
  }
  EXPECT_TRUE(report(*merged) == report(whole));
}

TEST(Saved, WhatWasForgottenIsStillBounded) {
  const Accumulators of = random_accumulators(1, 5000, 2000, {.accounts = 100, .types = 4, .places = 100});
  ASSERT_FALSE(of.transactions.accounts().exact());
  const auto restored = restore(save(of.transactions, of.alerts));
  ASSERT_TRUE(restored.has_value());
  EXPECT_TRUE(report(*restored) == report(of));
  EXPECT_EQ(restored->transactions.accounts().distinct(), of.transactions.accounts().distinct());
}

TEST(Saved, DamageIsRefused) {
  const Accumulators of = random_accumulators(1, 30, 10);
  const std::string saved = save(of.transactions, of.alerts);
  for (std::size_t i = 0; i < saved.size(); ++i) {
    std::string damaged = saved;
    damaged[i] = static_cast<char>(damaged[i] ^ 4);
    ASSERT_FALSE(restore(damaged).has_value()) << i;
    ASSERT_FALSE(restore(std::string_view(saved).substr(0, i)).has_value()) << i;
  }
}

// Bytes that someone has made on purpose: refused, or good for a report.
TEST(Saved, DamageUnderARightChecksumDoesNoHarm) {
  const Accumulators of = random_accumulators(1, 30, 10);
  const std::string saved = save(of.transactions, of.alerts);
  std::mt19937_64 random(2);
  std::size_t refused = 0;
  for (int i = 0; i < 5000; ++i) {
    std::string damaged = saved;
    damaged[24 + random() % (damaged.size() - 24)] = static_cast<char>(random());
    wire::put(damaged, 16, hash64(std::string_view(damaged).substr(24)));
    const auto restored = restore(damaged);
    refused += restored ? 0 : 1;
    if (restored) {
      EXPECT_FALSE(report(*restored).empty());
    }
  }
  EXPECT_GT(refused, 100U);
}

}  // namespace
}  // namespace bank::analytics
