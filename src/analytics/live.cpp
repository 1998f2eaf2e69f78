#include "analytics/live.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/hash.h"
#include "base/json_writer.h"

namespace bank::analytics {
namespace {

constexpr std::int64_t minute_us = 60'000'000;
constexpr std::int64_t hour_us = 60 * minute_us;

constexpr SlidingWindow::Shape hour_shape = {.bucket_us = minute_us,
                                             .buckets = 60,
                                             .bucket_limits = {.accounts = 10'000, .types = 1'000, .places = 5'000},
                                             .limits = {.accounts = 500'000, .types = 1'000, .places = 100'000}};
constexpr SlidingWindow::Shape day_shape = {.bucket_us = hour_us,
                                            .buckets = 24,
                                            .bucket_limits = {.accounts = 50'000, .types = 1'000, .places = 10'000},
                                            .limits = {.accounts = 1'000'000, .types = 1'000, .places = 100'000}};

std::string time_text(model::EventTime time) {
  std::string text;
  model::append_rfc3339(text, time);
  return text;
}

}  // namespace

// ---- the newest time

void ReachedTime::note(std::uint64_t account_hash, model::EventTime time) {
  const auto end = furthest_.begin() + static_cast<std::ptrdiff_t>(count_);
  if (count_ == accounts && time <= furthest_.back().newest) return;
  auto place = std::find_if(furthest_.begin(), end, [&](const Account& known) { return known.hash == account_hash; });
  if (place == end) {
    if (count_ < accounts) {
      ++count_;
    } else {
      --place;
    }
    *place = {account_hash, time};
  } else if (place->newest < time) {
    place->newest = time;
  }
  for (; place != furthest_.begin() && std::prev(place)->newest < place->newest; --place) {
    std::swap(*std::prev(place), *place);
  }
}

std::optional<model::EventTime> ReachedTime::time() const {
  if (count_ == 0) return std::nullopt;
  return furthest_[count_ - 1].newest;
}

// ---- one window

SlidingWindow::SlidingWindow(const Shape& shape, model::DecisionThresholds thresholds)
    : shape_(shape), thresholds_(thresholds) {}

std::int64_t SlidingWindow::number_of(model::EventTime time) const {
  const std::int64_t number = time.us() / shape_.bucket_us;
  return time.us() % shape_.bucket_us < 0 ? number - 1 : number;
}

void SlidingWindow::advance(model::EventTime newest) {
  const std::int64_t number = number_of(newest);
  if (last_ && number <= *last_) return;
  last_ = number;
  buckets_.erase(buckets_.begin(), buckets_.upper_bound(number - shape_.buckets));
}

// Null where the window is past it, or it lies too far ahead.
SlidingWindow::Bucket* SlidingWindow::bucket_at(std::int64_t number) {
  if (last_ && number <= *last_ - shape_.buckets) return nullptr;
  const auto [place, is_new] = buckets_.try_emplace(number);
  if (!is_new) return &place->second;
  const auto ahead = last_ ? buckets_.upper_bound(*last_) : buckets_.begin();
  if (static_cast<std::size_t>(std::distance(ahead, buckets_.end())) <= ahead_max) return &place->second;
  const bool is_furthest = std::next(place) == buckets_.end();
  buckets_.erase(std::prev(buckets_.end()));
  return is_furthest ? nullptr : &place->second;
}

TransactionAccumulator* SlidingWindow::transactions_at(model::EventTime time) {
  Bucket* const bucket = bucket_at(number_of(time));
  if (bucket == nullptr) return nullptr;
  if (!bucket->transactions) bucket->transactions = std::make_unique<TransactionAccumulator>(shape_.bucket_limits);
  return bucket->transactions.get();
}

void SlidingWindow::add(const model::Transaction& transaction) {
  TransactionAccumulator* const bucket = transactions_at(transaction.time);
  if (bucket != nullptr) bucket->add(transaction);
}

void SlidingWindow::add_rejected(model::Reason reason, model::EventTime time) {
  TransactionAccumulator* const bucket = transactions_at(time);
  if (bucket != nullptr) bucket->add_rejected(reason);
}

void SlidingWindow::add(std::span<const model::AlertRecord> alerts) {
  if (alerts.empty()) return;
  Bucket* const bucket = bucket_at(number_of(alerts.front().time));
  if (bucket == nullptr) return;
  if (!bucket->alerts) bucket->alerts = std::make_unique<AlertAccumulator>(thresholds_, shape_.bucket_limits);
  for (const model::AlertRecord& alert : alerts) bucket->alerts->add(alert);
  bucket->alerts->finish();
}

WindowFigures SlidingWindow::figures(model::EventTime newest) const {
  const std::int64_t last = last_ ? std::max(*last_, number_of(newest)) : number_of(newest);
  const std::int64_t first = last - shape_.buckets + 1;
  WindowFigures figures{.from = model::EventTime::from_us(first * shape_.bucket_us),
                        .to = model::EventTime::from_us((last + 1) * shape_.bucket_us),
                        .transactions = TransactionAccumulator(shape_.limits),
                        .alerts = AlertAccumulator(thresholds_, shape_.limits)};
  const auto end = buckets_.upper_bound(last);
  for (auto bucket = buckets_.lower_bound(first); bucket != end; ++bucket) {
    if (bucket->second.transactions) figures.transactions.merge(*bucket->second.transactions);
    if (bucket->second.alerts) figures.alerts.merge(*bucket->second.alerts);
  }
  return figures;
}

// ---- alerts of one transaction

bool AlertGroup::takes(const model::AlertRecord& alert) const {
  if (kept_.empty()) return true;
  const Kept& first = kept_.front();
  return kept_.size() < records_max && first.transaction_id == alert.transaction_id &&
         first.account_number == alert.account_number;
}

void AlertGroup::add(const model::AlertRecord& alert) {
  kept_.push_back({.record = alert,
                   .transaction_id = std::string(alert.transaction_id),
                   .account_number = std::string(alert.account_number),
                   .rule_id = std::string(alert.rule_id),
                   .rules_version = std::string(alert.rules_version)});
}

std::vector<model::AlertRecord> AlertGroup::records() const {
  std::vector<model::AlertRecord> records;
  for (const Kept& kept : kept_) {
    model::AlertRecord& record = records.emplace_back();
    record.transaction_id = kept.transaction_id;
    record.account_number = kept.account_number;
    record.rule_id = kept.rule_id;
    record.rules_version = kept.rules_version;
    record.amount = kept.record.amount;
    record.time = kept.record.time;
    record.score = kept.record.score;
    record.severity = kept.record.severity;
  }
  return records;
}

// ---- both windows

LiveFigures::LiveFigures(model::DecisionThresholds thresholds)
    : hour_(hour_shape, thresholds), day_(day_shape, thresholds) {}

void LiveFigures::advance() {
  if (!reached_.certain()) return;
  hour_.advance(*reached_.time());
  day_.advance(*reached_.time());
}

void LiveFigures::add(std::span<const model::Transaction> transactions) {
  for (const model::Transaction& transaction : transactions) reached_.note(transaction.account_hash, transaction.time);
  advance();
  for (const model::Transaction& transaction : transactions) {
    hour_.add(transaction);
    day_.add(transaction);
  }
  transactions_ += transactions.size();
}

void LiveFigures::add_rejected(model::Reason reason) {
  ++rejected_;
  const std::optional<model::EventTime> newest = reached_.time();
  if (!newest) return;
  hour_.add_rejected(reason, *newest);
  day_.add_rejected(reason, *newest);
}

void LiveFigures::add(std::int64_t partition, const model::AlertRecord& alert) {
  AlertGroup& group = open_[partition];
  if (!group.takes(alert)) {
    const std::vector<model::AlertRecord> whole = group.records();
    hour_.add(whole);
    day_.add(whole);
    group.clear();
  }
  group.add(alert);
  // Also when the transactions are read more slowly: what is ahead of the window's end would not all be kept.
  reached_.note(hash64(alert.account_number), alert.time);
  advance();
  ++alerts_;
}

std::optional<WindowFigures> LiveFigures::figures(const SlidingWindow& window) const {
  const std::optional<model::EventTime> newest = reached_.time();
  if (!newest) return std::nullopt;
  WindowFigures figures = window.figures(*newest);
  for (const auto& [partition, group] : open_) {
    for (const model::AlertRecord& alert : group.records()) {
      if (alert.time >= figures.from && alert.time < figures.to) figures.alerts.add(alert);
    }
  }
  figures.alerts.finish();
  return figures;
}

std::string live_json(std::string_view window, const WindowFigures& figures, ReportContext context) {
  std::string out;
  JsonWriter json(out, 0);
  json.begin_object().member("schema_version", Report::schema_version).member("window", window);
  json.member("from", time_text(figures.from)).member("to", time_text(figures.to)).key("report");
  write_json(json, make_report(figures.transactions, &figures.alerts, std::move(context)));
  json.end_object();
  return out;
}

}  // namespace bank::analytics
