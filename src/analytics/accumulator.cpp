#include "analytics/accumulator.h"

#include <algorithm>
#include <numeric>

#include "base/assert.h"
#include "base/hash.h"

namespace bank::analytics {

TransactionAccumulator::TransactionAccumulator(const Limits& limits)
    : by_type_(limits.types), accounts_(limits.accounts), locations_(limits.places), merchants_(limits.places) {}

void TransactionAccumulator::add(std::span<const model::Transaction> batch) {
  constexpr std::size_t ahead = 8;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (i + ahead < batch.size()) accounts_.prefetch(batch[i + ahead].account_hash);
    add_one(batch[i]);
  }
}

Tally& TransactionAccumulator::hour_cell(model::EventTime time) {
  const std::int64_t us = time.us();
  if (us < hour_begin_us_ || us >= hour_end_us_) {
    constexpr std::int64_t hour_us = 3'600'000'000;
    const std::int64_t into_hour = (us % hour_us + hour_us) % hour_us;
    hour_begin_us_ = us - into_hour;
    hour_end_us_ = hour_begin_us_ + hour_us;
    hour_of_week_ = static_cast<std::size_t>(time.weekday() - 1) * hours + static_cast<std::size_t>(time.hour());
  }
  return by_weekday_hour_[hour_of_week_ / hours][hour_of_week_ % hours];
}

void TransactionAccumulator::add_one(const model::Transaction& transaction) {
  first_ = total_.count == 0 ? transaction.time : std::min(first_, transaction.time);
  last_ = total_.count == 0 ? transaction.time : std::max(last_, transaction.time);
  total_.add(transaction.amount);
  by_status_[static_cast<std::size_t>(transaction.status)].add(transaction.amount);
  hour_cell(transaction.time).add(transaction.amount);
  by_type_.at(transaction.transaction_type, hash64(transaction.transaction_type)).add(transaction.amount);
  accounts_.at(transaction.account_number, transaction.account_hash).add(transaction.amount);
  if (transaction.location) locations_.at(*transaction.location, hash64(*transaction.location)).add(transaction.amount);
  if (transaction.merchant) merchants_.at(*transaction.merchant, hash64(*transaction.merchant)).add(transaction.amount);
  series_.add(transaction.time, transaction.amount);
  amounts_.add(transaction.amount);
}

std::uint64_t TransactionAccumulator::rejected() const {
  return std::accumulate(rejected_.begin(), rejected_.end(), std::uint64_t{0});
}

void TransactionAccumulator::merge(const TransactionAccumulator& other) {
  for (std::size_t i = 0; i < reasons; ++i) rejected_[i] += other.rejected_[i];
  if (other.total_.count == 0) return;
  first_ = total_.count == 0 ? other.first_ : std::min(first_, other.first_);
  last_ = total_.count == 0 ? other.last_ : std::max(last_, other.last_);
  total_.merge(other.total_);
  for (std::size_t i = 0; i < statuses; ++i) by_status_[i].merge(other.by_status_[i]);
  for (std::size_t day = 0; day < weekdays; ++day) {
    for (std::size_t hour = 0; hour < hours; ++hour) {
      by_weekday_hour_[day][hour].merge(other.by_weekday_hour_[day][hour]);
    }
  }
  by_type_.merge(other.by_type_);
  accounts_.merge(other.accounts_);
  locations_.merge(other.locations_);
  merchants_.merge(other.merchants_);
  series_.merge(other.series_);
  amounts_.merge(other.amounts_);
}

AlertAccumulator::AlertAccumulator(model::DecisionThresholds thresholds, const Limits& limits)
    : thresholds_(thresholds), accounts_(limits.accounts) {}

RuleTally& AlertAccumulator::rule(std::string_view id) {
  for (NamedRule& known : rules_) {
    if (known.id == id) return known.tally;
  }
  if (rules_.size() < max_rules) return rules_.emplace_back(NamedRule{std::string(id), {}}).tally;
  if (rules_.size() == max_rules) rules_.push_back({"(others)", {}});
  return rules_.back().tally;
}

void AlertAccumulator::add(const model::AlertRecord& alert) {
  if (!open_ || alert.transaction_id != open_transaction_ || alert.account_number != open_account_) {
    close_transaction();
    open_ = true;
    open_transaction_ = alert.transaction_id;
    open_account_ = alert.account_number;
    open_amount_ = alert.amount;
  }
  ++open_alerts_;
  open_score_ = std::min(open_score_ + alert.score, model::max_risk);

  first_ = total_ == 0 ? alert.time : std::min(first_, alert.time);
  last_ = total_ == 0 ? alert.time : std::max(last_, alert.time);
  ++total_;
  ++by_severity_[static_cast<std::size_t>(alert.severity)];
  ++by_weekday_hour_[static_cast<std::size_t>(alert.time.weekday() - 1)][static_cast<std::size_t>(alert.time.hour())];
  series_.add_alert(alert.time);

  RuleTally& tally = rule(alert.rule_id);
  ++tally.count;
  tally.volume += static_cast<Uint128>(alert.amount.units());
  tally.score = std::max(tally.score, alert.score);
  tally.severity = std::max(tally.severity, alert.severity);

  note_version(alert.rules_version);
}

void AlertAccumulator::note_version(std::string_view version) {
  const bool known = std::find(rules_versions_.begin(), rules_versions_.end(), version) != rules_versions_.end();
  if (!known && rules_versions_.size() < max_versions) rules_versions_.emplace_back(version);
}

void AlertAccumulator::close_transaction() {
  if (!open_) return;
  ++flagged_;
  flagged_volume_ += static_cast<Uint128>(open_amount_.units());
  switch (model::decide(open_score_, thresholds_)) {
    case model::Decision::approve: break;
    case model::Decision::review: ++reviewed_; break;
    case model::Decision::block: ++blocked_; break;
  }
  AlertTally& account = accounts_.at(open_account_, hash64(open_account_));
  account.merge({.count = open_alerts_,
                 .volume = static_cast<Uint128>(open_amount_.units()),
                 .flagged = 1,
                 .risk = static_cast<std::uint64_t>(open_score_),
                 .risk_max = open_score_});
  open_ = false;
  open_alerts_ = 0;
  open_score_ = 0;
}

void AlertAccumulator::finish() { close_transaction(); }

void AlertAccumulator::merge(const AlertAccumulator& other) {
  BANK_ASSERT(!open_ && !other.open_);
  if (other.total_ == 0) return;
  first_ = total_ == 0 ? other.first_ : std::min(first_, other.first_);
  last_ = total_ == 0 ? other.last_ : std::max(last_, other.last_);
  total_ += other.total_;
  flagged_ += other.flagged_;
  flagged_volume_ += other.flagged_volume_;
  reviewed_ += other.reviewed_;
  blocked_ += other.blocked_;
  for (std::size_t i = 0; i < severities; ++i) by_severity_[i] += other.by_severity_[i];
  for (std::size_t day = 0; day < weekdays; ++day) {
    for (std::size_t hour = 0; hour < hours; ++hour) by_weekday_hour_[day][hour] += other.by_weekday_hour_[day][hour];
  }
  accounts_.merge(other.accounts_);
  for (const NamedRule& theirs : other.rules_) {
    RuleTally& tally = rule(theirs.id);
    tally.count += theirs.tally.count;
    tally.volume += theirs.tally.volume;
    tally.score = std::max(tally.score, theirs.tally.score);
    tally.severity = std::max(tally.severity, theirs.tally.severity);
  }
  for (const std::string& version : other.rules_versions_) note_version(version);
  series_.merge(other.series_);
}

}  // namespace bank::analytics
