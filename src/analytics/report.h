// The report: everything that analytics_report.json and analytics_report.html show, as plain data.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analytics/accumulator.h"

namespace bank {
class JsonWriter;
}  // namespace bank

namespace bank::analytics {

/// Where the data came from; shown, not used.
struct ReportContext {
  std::string generator;                 ///< `bank 0.1.0`.
  std::int64_t generated_at_us = 0;      ///< Wall clock.
  std::vector<std::string> inputs;       ///< Names of the transactions' files.
  std::string alerts_input;              ///< Name of the alerts' file; empty without alerts.
  std::size_t top = 10;                  ///< Length of the top lists, 1 – max_top.
  std::optional<std::uint64_t> resends;  ///< Transactions sent again, where a detector has counted them.
};
inline constexpr std::size_t max_top = 1'000;

struct Group {
  std::string name;  ///< Empty: the status that is null.
  Tally tally;
};

/// The first of many names, and how sure that is.
struct TopList {
  std::vector<Group> groups;
  std::uint64_t distinct = 0;  ///< How many there are; an estimate within 0.8 % (one standard deviation) if not exact.
  bool exact = true;           ///< If not: each true value lies between the shown one and the shown one + error.
  std::uint64_t count_error = 0;
  Uint128 volume_error = 0;
};

struct AmountSummary {
  model::Amount min;
  model::Amount max;
  Uint128 mean_units = 0;  ///< Rounded down to a ten-thousandth.
  bool exact = true;       ///< Whether the percentiles are; otherwise within AmountSketch::relative_error.
  std::vector<std::pair<int, model::Amount>> percentiles;  ///< Nearest rank; empty of nothing.
  std::vector<AmountBin> histogram;
};

struct RuleGroup {
  std::string id;
  RuleTally tally;
};

struct AlertedAccount {
  std::string account_number;
  AlertTally tally;
};

struct AlertSummary {
  std::uint64_t total = 0;
  std::uint64_t flagged = 0;  ///< Transactions with at least one alert.
  Uint128 flagged_volume = 0;
  double alerts_per_thousand = 0;  ///< Alerts per 1,000 transactions; 0 without transactions.
  double flagged_share = 0;        ///< Flagged transactions of all, 0 – 1.
  std::uint64_t approved = 0;
  std::uint64_t reviewed = 0;
  std::uint64_t blocked = 0;
  model::DecisionThresholds thresholds;
  std::array<std::uint64_t, severities> by_severity{};
  std::vector<RuleGroup> by_rule;  ///< Most alerts first.
  WeekGrid by_weekday_hour{};
  std::array<std::uint64_t, hours> by_hour{};
  std::uint64_t accounts = 0;  ///< Accounts with alerts.
  bool accounts_exact = true;  ///< If not, as in TopList.
  std::vector<AlertedAccount> top_by_alerts;
  std::vector<AlertedAccount> top_by_risk;  ///< By the sum of their transactions' risks.
  std::vector<std::string> rules_versions;
  /// The alerts can't all be of these transactions: there are more alerted ones than transactions, or some lie outside
  /// their period.
  bool foreign = false;
};

struct Report {
  static constexpr int schema_version = 1;
  ReportContext context;
  Tally total;
  std::uint64_t rejected = 0;
  std::vector<std::pair<std::string, std::uint64_t>> rejected_by_reason;  ///< Those that occurred.
  model::EventTime first;
  model::EventTime last;
  std::vector<Group> by_type;    ///< Largest volume first, at most max_types of them.
  std::vector<Group> by_status;  ///< In the order of model::Status; those that occurred.
  std::array<Tally, hours> by_hour{};
  std::array<Tally, weekdays> by_weekday{};  ///< Monday first.
  std::array<std::array<Tally, hours>, weekdays> by_weekday_hour{};
  TimeSeries series;
  TopList accounts_by_volume;
  TopList accounts_by_count;
  TopList locations;  ///< By count.
  TopList merchants;  ///< By count.
  AmountSummary amounts;
  std::optional<AlertSummary> alerts;
};
inline constexpr std::size_t max_types = 50;

/// Makes the report of what was accumulated. `alerts`: finished, or null where there are none to show.
[[nodiscard]] Report make_report(const TransactionAccumulator& transactions, const AlertAccumulator* alerts,
                                 ReportContext context);

/// analytics_report.json; its keys are documented in docs/analytics.md.
[[nodiscard]] std::string to_json(const Report& report);
/// The same object, as a value of another document.
void write_json(JsonWriter& json, const Report& report);

/// analytics_report.html: one file that needs nothing else, no network and no script.
[[nodiscard]] std::string to_html(const Report& report);

}  // namespace bank::analytics
