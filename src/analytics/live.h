// The report's figures over the last hour and the last day, kept while transactions and alerts come.
//
// "Last" is by event time. A window is cut into buckets (minutes, hours), each accumulated for itself; when figures are
// asked for, its buckets are merged. The newest bucket is the one in progress, so that a window is between one bucket
// short and whole.
//
// Memory: at most Shape::buckets + ahead_max buckets a window, each of some 0.3 MiB and 100 bytes for each name within
// its limits; with hour_shape and day_shape at most 450 MiB, and while figures are made up to 150 MiB more.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/accumulator.h"
#include "analytics/report.h"
#include "model/alert_record.h"
#include "model/event_time.h"

namespace bank::analytics {

/// The newest event time that several accounts have reached: a single one whose clock runs ahead must not push
/// everybody else's transactions out of the window.
class ReachedTime {
 public:
  static constexpr std::size_t accounts = 4;

  void note(std::uint64_t account_hash, model::EventTime time);
  /// Whether so many accounts were seen. What they have reached never goes back.
  [[nodiscard]] bool certain() const { return count_ == accounts; }
  /// What `accounts` of them have reached, or all that were seen where those are fewer; nullopt before the first.
  [[nodiscard]] std::optional<model::EventTime> time() const;

 private:
  struct Account {
    std::uint64_t hash = 0;
    model::EventTime newest;
  };
  std::array<Account, accounts> furthest_{};  // newest first
  std::size_t count_ = 0;
};

/// What a window held when it was asked.
struct WindowFigures {
  model::EventTime from;  ///< Begin of the oldest bucket.
  model::EventTime to;    ///< End of the newest bucket; no event at or after it is counted.
  TransactionAccumulator transactions;
  AlertAccumulator alerts;
};

class SlidingWindow {
 public:
  struct Shape {
    std::int64_t bucket_us = 0;
    std::int64_t buckets = 0;
    Limits bucket_limits{};
    Limits limits{};  ///< Of the whole.
  };
  /// How many buckets may lie ahead of the window, for what comes early; the furthest ahead gives way.
  static constexpr std::size_t ahead_max = 16;

  SlidingWindow(const Shape& shape, model::DecisionThresholds thresholds);

  /// The window ends with the bucket of this time, unless it ends later already. What falls out is forgotten.
  void advance(model::EventTime newest);
  void add(const model::Transaction& transaction);
  /// Records have no event time where they are no transactions; they count at the time that is given.
  void add_rejected(model::Reason reason, model::EventTime time);
  /// All alerts of one transaction.
  void add(std::span<const model::AlertRecord> alerts);

  /// Of the window as it is, or as advance(newest) would make it. The alerts are not finished: more may be added.
  [[nodiscard]] WindowFigures figures(model::EventTime newest) const;

 private:
  struct Bucket {
    std::unique_ptr<TransactionAccumulator> transactions;
    std::unique_ptr<AlertAccumulator> alerts;
  };
  [[nodiscard]] std::int64_t number_of(model::EventTime time) const;
  Bucket* bucket_at(std::int64_t number);
  TransactionAccumulator* transactions_at(model::EventTime time);

  const Shape shape_;
  const model::DecisionThresholds thresholds_;
  std::optional<std::int64_t> last_;  // number of the window's last bucket
  std::map<std::int64_t, Bucket> buckets_;
};

/// The alerts of the transaction whose alerts are coming, one after another.
class AlertGroup {
 public:
  static constexpr std::size_t records_max = 1024;

  /// Whether an alert is of the same transaction, and there is room.
  [[nodiscard]] bool takes(const model::AlertRecord& alert) const;
  void add(const model::AlertRecord& alert);
  void clear() { kept_.clear(); }
  /// Views of what is kept here; of the fields, those that are counted.
  [[nodiscard]] std::vector<model::AlertRecord> records() const;

 private:
  struct Kept {
    model::AlertRecord record;  // its strings are not to be used
    std::string transaction_id, account_number, rule_id, rules_version;
  };
  std::vector<Kept> kept_;
};

/// Both windows. Not thread-safe.
class LiveFigures {
 public:
  explicit LiveFigures(model::DecisionThresholds thresholds);

  void add(std::span<const model::Transaction> transactions);
  /// It counts where the windows end; before there was a transaction, in rejected() alone.
  void add_rejected(model::Reason reason);
  /// `partition`: alerts of one transaction come one after another within one.
  void add(std::int64_t partition, const model::AlertRecord& alert);

  /// Nullopt before the first transaction or alert. The alerts are finished.
  [[nodiscard]] std::optional<WindowFigures> hour() const { return figures(hour_); }
  [[nodiscard]] std::optional<WindowFigures> day() const { return figures(day_); }

  /// Since the start.
  [[nodiscard]] std::uint64_t transactions() const { return transactions_; }
  [[nodiscard]] std::uint64_t alerts() const { return alerts_; }
  [[nodiscard]] std::uint64_t rejected() const { return rejected_; }

 private:
  void advance();
  [[nodiscard]] std::optional<WindowFigures> figures(const SlidingWindow& window) const;

  ReachedTime reached_;
  SlidingWindow hour_;
  SlidingWindow day_;
  std::map<std::int64_t, AlertGroup> open_;  // by partition
  std::uint64_t transactions_ = 0;
  std::uint64_t alerts_ = 0;
  std::uint64_t rejected_ = 0;
};

/// What is published of a window: one JSON object on one line. docs/analytics.md lists its keys.
[[nodiscard]] std::string live_json(std::string_view window, const WindowFigures& figures, ReportContext context);

}  // namespace bank::analytics
