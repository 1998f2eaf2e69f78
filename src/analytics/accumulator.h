// One pass over transactions and alerts: what a report is made of (report.h).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/amount_sketch.h"
#include "analytics/named_table.h"
#include "analytics/tally.h"
#include "analytics/time_series.h"
#include "model/alert.h"
#include "model/alert_record.h"
#include "model/rejection.h"
#include "model/transaction.h"

namespace bank::wire {
class Reader;
}  // namespace bank::wire

namespace bank::analytics {

inline constexpr std::size_t hours = 24;
inline constexpr std::size_t weekdays = 7;
inline constexpr std::size_t statuses = 4;    ///< Of model::Status, none included.
inline constexpr std::size_t severities = 4;  ///< Of model::Severity.
inline constexpr std::size_t reasons = static_cast<std::size_t>(model::Reason::bad_csv) + 1;

/// How many names are told apart exactly. About 100 bytes each (NamedTable), so at most some 200 MiB for the accounts.
struct Limits {
  std::size_t accounts = 2'000'000;
  std::size_t types = 1'000;
  std::size_t places = 100'000;  ///< Locations, and as many merchants.
};

/// Index of an hour of the week, Monday 00:00 first.
using WeekGrid = std::array<std::array<std::uint64_t, hours>, weekdays>;

/// Takes transactions, in any order, one thread at a time. Accumulators over parts of the data merge into what one over
/// all of it would hold. Memory does not grow with the number of transactions.
class TransactionAccumulator {
 public:
  explicit TransactionAccumulator(const Limits& limits = {});

  void add(std::span<const model::Transaction> batch);
  void add(const model::Transaction& transaction) { add({&transaction, 1}); }
  void add_rejected(model::Reason reason) { ++rejected_[static_cast<std::size_t>(reason)]; }
  void merge(const TransactionAccumulator& other);

  [[nodiscard]] const Tally& total() const { return total_; }
  [[nodiscard]] std::uint64_t rejected() const;
  [[nodiscard]] const std::array<std::uint64_t, reasons>& rejected_by_reason() const { return rejected_; }
  /// Earliest and latest event; meaningless while total().count is 0.
  [[nodiscard]] model::EventTime first() const { return first_; }
  [[nodiscard]] model::EventTime last() const { return last_; }
  [[nodiscard]] const std::array<Tally, statuses>& by_status() const { return by_status_; }
  [[nodiscard]] const std::array<std::array<Tally, hours>, weekdays>& by_weekday_hour() const {
    return by_weekday_hour_;
  }
  [[nodiscard]] const NamedTable<Tally>& by_type() const { return by_type_; }
  [[nodiscard]] const NamedTable<Tally>& accounts() const { return accounts_; }
  [[nodiscard]] const NamedTable<Tally>& locations() const { return locations_; }
  [[nodiscard]] const NamedTable<Tally>& merchants() const { return merchants_; }
  [[nodiscard]] const TimeSeries& series() const { return series_; }
  [[nodiscard]] const AmountSketch& amounts() const { return amounts_; }

  /// As part of what saved.h saves. False: what is read can't be; it is of no more use then.
  void save(std::string& out) const;
  [[nodiscard]] bool restore(wire::Reader& reader);

 private:
  void add_one(const model::Transaction& transaction);
  Tally& hour_cell(model::EventTime time);

  Tally total_;
  std::array<std::uint64_t, reasons> rejected_{};
  model::EventTime first_;
  model::EventTime last_;
  std::array<Tally, statuses> by_status_{};
  std::array<std::array<Tally, hours>, weekdays> by_weekday_hour_{};
  NamedTable<Tally> by_type_;
  NamedTable<Tally> accounts_;
  NamedTable<Tally> locations_;
  NamedTable<Tally> merchants_;
  TimeSeries series_;
  AmountSketch amounts_;
  // The hour of the last event, and its cell.
  std::int64_t hour_begin_us_ = 0;
  std::int64_t hour_end_us_ = 0;
  std::size_t hour_of_week_ = 0;
};

/// What is counted of a rule.
struct RuleTally {
  std::uint64_t count = 0;
  Uint128 volume = 0;                               ///< Sum of the amounts of the transactions that it fired on.
  int score = 0;                                    ///< The largest seen.
  model::Severity severity = model::Severity::low;  ///< The highest seen.
};

/// Takes alerts in the order in which a detector writes them: those of one transaction one after another. From that it
/// tells transactions apart in constant memory, and adds up each one's risk.
class AlertAccumulator {
 public:
  explicit AlertAccumulator(model::DecisionThresholds thresholds = {}, const Limits& limits = {});

  void add(const model::AlertRecord& alert);
  /// Counts the last transaction. Call it behind the last alert of a transaction, at the latest behind the last of all.
  void finish();
  /// Adds what another has, of other transactions. Both are finished.
  void merge(const AlertAccumulator& other);

  [[nodiscard]] std::uint64_t total() const { return total_; }
  [[nodiscard]] std::uint64_t flagged() const { return flagged_; }  ///< Transactions with at least one alert.
  [[nodiscard]] Uint128 flagged_volume() const { return flagged_volume_; }
  [[nodiscard]] std::uint64_t reviewed() const { return reviewed_; }
  [[nodiscard]] std::uint64_t blocked() const { return blocked_; }
  [[nodiscard]] model::DecisionThresholds thresholds() const { return thresholds_; }
  /// Earliest and latest alerted event; meaningless while total() is 0.
  [[nodiscard]] model::EventTime first() const { return first_; }
  [[nodiscard]] model::EventTime last() const { return last_; }
  [[nodiscard]] const std::array<std::uint64_t, severities>& by_severity() const { return by_severity_; }
  [[nodiscard]] const WeekGrid& by_weekday_hour() const { return by_weekday_hour_; }
  [[nodiscard]] const NamedTable<AlertTally>& accounts() const { return accounts_; }
  /// By id. Rules beyond `max_rules` are counted under the last id, `(others)`.
  struct NamedRule {
    std::string id;
    RuleTally tally;
  };
  [[nodiscard]] const std::vector<NamedRule>& rules() const { return rules_; }
  static constexpr std::size_t max_rules = 1'000;
  /// The rules versions met, at most max_versions of them.
  [[nodiscard]] const std::vector<std::string>& rules_versions() const { return rules_versions_; }
  static constexpr std::size_t max_versions = 8;
  [[nodiscard]] const TimeSeries& series() const { return series_; }

  /// As part of what saved.h saves. False: what is read can't be; it is of no more use then.
  void save(std::string& out) const;
  [[nodiscard]] bool restore(wire::Reader& reader);

 private:
  RuleTally& rule(std::string_view id);
  void note_version(std::string_view version);
  void close_transaction();

  model::DecisionThresholds thresholds_;
  std::uint64_t total_ = 0;
  std::uint64_t flagged_ = 0;
  Uint128 flagged_volume_ = 0;
  std::uint64_t reviewed_ = 0;
  std::uint64_t blocked_ = 0;
  model::EventTime first_;
  model::EventTime last_;
  std::array<std::uint64_t, severities> by_severity_{};
  WeekGrid by_weekday_hour_{};
  NamedTable<AlertTally> accounts_;
  std::vector<NamedRule> rules_;
  std::vector<std::string> rules_versions_;
  TimeSeries series_;
  // The transaction whose alerts are arriving.
  bool open_ = false;
  std::string open_transaction_;
  std::string open_account_;
  model::Amount open_amount_;
  std::uint64_t open_alerts_ = 0;
  int open_score_ = 0;
};

}  // namespace bank::analytics
