#include "analytics/report.h"

#include <algorithm>

namespace bank::analytics {
namespace {

constexpr std::array percentages = {1, 5, 10, 25, 50, 75, 90, 95, 99};

template <typename Key>
TopList top_list(const NamedTable<Tally>& table, std::size_t limit, Key key) {
  TopList list;
  for (const auto* entry : table.top(limit, key)) list.groups.push_back({std::string(entry->name), entry->value});
  list.distinct = table.distinct();
  list.exact = table.exact();
  list.count_error = table.count_error();
  list.volume_error = table.volume_error();
  return list;
}

template <typename Key>
std::vector<AlertedAccount> alerted_accounts(const NamedTable<AlertTally>& table, std::size_t limit, Key key) {
  std::vector<AlertedAccount> list;
  for (const auto* entry : table.top(limit, key)) list.push_back({std::string(entry->name), entry->value});
  return list;
}

AmountSummary summarize_amounts(const TransactionAccumulator& transactions) {
  const AmountSketch& sketch = transactions.amounts();
  AmountSummary summary;
  if (sketch.count() == 0) return summary;
  summary.min = sketch.min();
  summary.max = sketch.max();
  summary.mean_units = transactions.total().volume / transactions.total().count;
  summary.exact = sketch.exact();
  const auto values = sketch.percentiles(percentages);
  for (std::size_t i = 0; i < values.size(); ++i) summary.percentiles.emplace_back(percentages[i], values[i]);
  summary.histogram = sketch.histogram();
  return summary;
}

AlertSummary summarize_alerts(const TransactionAccumulator& transactions, const AlertAccumulator& alerts,
                              const ReportContext& context) {
  AlertSummary summary;
  summary.total = alerts.total();
  summary.flagged = alerts.flagged();
  summary.flagged_volume = alerts.flagged_volume();
  const std::uint64_t judged =
      transactions.total().count - std::min(transactions.total().count, context.resends.value_or(0));
  if (judged != 0) {
    summary.alerts_per_thousand = 1000.0 * static_cast<double>(alerts.total()) / static_cast<double>(judged);
    summary.flagged_share = static_cast<double>(alerts.flagged()) / static_cast<double>(judged);
  }
  summary.reviewed = alerts.reviewed();
  summary.blocked = alerts.blocked();
  summary.approved = judged - std::min(judged, alerts.reviewed() + alerts.blocked());
  summary.thresholds = alerts.thresholds();
  summary.by_severity = alerts.by_severity();
  for (const auto& rule : alerts.rules()) summary.by_rule.push_back({rule.id, rule.tally});
  std::sort(summary.by_rule.begin(), summary.by_rule.end(), [](const RuleGroup& a, const RuleGroup& b) {
    return a.tally.count != b.tally.count ? a.tally.count > b.tally.count : a.id < b.id;
  });
  summary.by_weekday_hour = alerts.by_weekday_hour();
  for (const auto& day : summary.by_weekday_hour) {
    for (std::size_t hour = 0; hour < hours; ++hour) summary.by_hour[hour] += day[hour];
  }
  summary.accounts = alerts.accounts().distinct();
  summary.accounts_exact = alerts.accounts().exact();
  using Rank = std::pair<std::uint64_t, std::uint64_t>;
  summary.top_by_alerts = alerted_accounts(alerts.accounts(), context.top,
                                           [](const AlertTally& tally) { return Rank(tally.count, tally.risk); });
  summary.top_by_risk = alerted_accounts(alerts.accounts(), context.top,
                                         [](const AlertTally& tally) { return Rank(tally.risk, tally.count); });
  summary.rules_versions = alerts.rules_versions();
  summary.foreign = alerts.total() != 0 && (alerts.flagged() > judged || alerts.first() < transactions.first() ||
                                            alerts.last() > transactions.last());
  return summary;
}

}  // namespace

Report make_report(const TransactionAccumulator& transactions, const AlertAccumulator* alerts, ReportContext context) {
  context.top = std::clamp<std::size_t>(context.top, 1, max_top);
  const auto by_count = [](const Tally& tally) { return tally.count; };
  const auto by_volume = [](const Tally& tally) { return tally.volume; };
  Report report;
  report.total = transactions.total();
  report.rejected = transactions.rejected();
  for (std::size_t i = 0; i < reasons; ++i) {
    const std::uint64_t count = transactions.rejected_by_reason()[i];
    if (count != 0) report.rejected_by_reason.emplace_back(to_string(static_cast<model::Reason>(i)), count);
  }
  report.first = transactions.first();
  report.last = transactions.last();
  report.by_type = top_list(transactions.by_type(), max_types, by_volume).groups;
  for (std::size_t i = 0; i < statuses; ++i) {
    const Tally& tally = transactions.by_status()[i];
    if (tally.count != 0) report.by_status.push_back({std::string(to_string(static_cast<model::Status>(i))), tally});
  }
  report.by_weekday_hour = transactions.by_weekday_hour();
  for (std::size_t day = 0; day < weekdays; ++day) {
    for (std::size_t hour = 0; hour < hours; ++hour) {
      report.by_hour[hour].merge(report.by_weekday_hour[day][hour]);
      report.by_weekday[day].merge(report.by_weekday_hour[day][hour]);
    }
  }
  report.series = transactions.series();
  report.accounts_by_volume = top_list(transactions.accounts(), context.top, by_volume);
  report.accounts_by_count = top_list(transactions.accounts(), context.top, by_count);
  report.locations = top_list(transactions.locations(), context.top, by_count);
  report.merchants = top_list(transactions.merchants(), context.top, by_count);
  report.amounts = summarize_amounts(transactions);
  if (alerts != nullptr) {
    report.alerts = summarize_alerts(transactions, *alerts, context);
    if (!report.alerts->foreign) report.series.merge(alerts->series());
  }
  report.context = std::move(context);
  return report;
}

}  // namespace bank::analytics
