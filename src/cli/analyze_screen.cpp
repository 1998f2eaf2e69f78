// The report of `bank analyze` on a terminal.
#include <fmt/format.h>

#include <algorithm>

#include "cli/analyze.h"
#include "cli/human.h"
#include "cli/table.h"

namespace bank::cli {
namespace {

using analytics::count_for_people;
using analytics::money_for_people;

constexpr int bar_columns = 16;
constexpr std::size_t groups_shown = 5;

double share_of(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string time_text(model::EventTime time) {
  std::string text;
  model::append_event_time(text, time);
  return text.substr(0, 16);
}

std::string money(model::Amount amount) { return money_for_people(static_cast<analytics::Uint128>(amount.units())); }

void print_heading(Stream& out, std::string_view text) {
  out.write(fmt::format("\n{}\n", out.paint(Style::bold, text)));
}

void print_totals(Stream& out, const analytics::Report& report) {
  const bool exact = report.accounts_by_volume.exact;
  out.write(fmt::format("{} of {}{} accounts\n",
                        out.paint(Style::bold, count_for_people(report.total.count) + " transactions"),
                        exact ? "" : "about ", count_for_people(report.accounts_by_volume.distinct)));
  Table facts({{""}, {""}});
  facts.add({"Event times", fmt::format("{} – {} UTC", time_text(report.first), time_text(report.last))});
  facts.add({"Volume", money_for_people(report.total.volume)});
  std::string amounts = "average " + money_for_people(report.amounts.mean_units);
  for (const auto& [percentage, amount] : report.amounts.percentiles) {
    if (percentage == 50) amounts += ", median " + money(amount);
    if (percentage == 99) amounts += ", p99 " + money(amount);
  }
  facts.add({"Amounts", amounts + ", largest " + money(report.amounts.max)});
  if (report.rejected != 0) {
    std::string text = count_for_people(report.rejected) + ":";
    for (const auto& [reason, count] : report.rejected_by_reason)
      text += fmt::format(" {} {}", count_for_people(count), reason);
    facts.add({"Rejected", {text, Style::yellow}});
  }
  facts.print(out);
}

void print_groups(Stream& out, std::string_view heading, std::string_view column, std::vector<analytics::Group> groups,
                  std::uint64_t total) {
  if (groups.empty()) return;
  if (groups.size() > groups_shown) groups.resize(groups_shown);
  print_heading(out, heading);
  Table table(
      {{std::string(column)}, {"COUNT", Align::right}, {"SHARE", Align::right}, {"VOLUME", Align::right}, {""}});
  for (const analytics::Group& group : groups) {
    const double share = share_of(group.tally.count, total);
    table.add({group.name.empty() ? "(none)" : group.name, count_for_people(group.tally.count), human_percent(share),
               money_for_people(group.tally.volume), Table::Cell(bar(share, bar_columns), Style::blue)});
  }
  table.print(out);
}

void print_alerts(Stream& out, const analytics::AlertSummary& alerts) {
  print_heading(out, fmt::format("{} alerts on {} transactions ({})", count_for_people(alerts.total),
                                 count_for_people(alerts.flagged), human_percent(alerts.flagged_share, 2)));
  if (alerts.total == 0) return;
  Table rules({{"RULE"}, {"SEVERITY"}, {"ALERTS", Align::right}, {"VOLUME", Align::right}, {""}});
  for (const analytics::RuleGroup& rule : alerts.by_rule) {
    const std::string_view severity = to_string(rule.tally.severity);
    rules.add({rule.id, Table::Cell(severity, style_of(severity)), count_for_people(rule.tally.count),
               money_for_people(rule.tally.volume),
               Table::Cell(bar(share_of(rule.tally.count, alerts.by_rule.front().tally.count), bar_columns),
                           style_of(severity))});
  }
  rules.print(out);
  out.write(fmt::format("  {} {}   {} {}   {} {}\n", out.paint_word("APPROVE"), count_for_people(alerts.approved),
                        out.paint_word("REVIEW"), count_for_people(alerts.reviewed), out.paint_word("BLOCK"),
                        count_for_people(alerts.blocked)));
  print_heading(out, "Accounts at risk");
  Table accounts({{"ACCOUNT"},
                  {"RISK", Align::right},
                  {"HIGHEST", Align::right},
                  {"ALERTS", Align::right},
                  {"VOLUME FLAGGED", Align::right}});
  for (std::size_t i = 0; i < std::min(groups_shown, alerts.top_by_risk.size()); ++i) {
    const analytics::AlertedAccount& account = alerts.top_by_risk[i];
    accounts.add({account.account_number, count_for_people(account.tally.risk), std::to_string(account.tally.risk_max),
                  count_for_people(account.tally.count), money_for_people(account.tally.volume)});
  }
  accounts.print(out);
}

}  // namespace

void print_report(Stream& out, const analytics::Report& report) {
  if (report.total.count == 0) {
    out.write(fmt::format("No transactions; {} rejected.\n", count_for_people(report.rejected)));
    return;
  }
  print_totals(out, report);
  print_groups(out, "Types", "TYPE", report.by_type, report.total.count);
  print_groups(out, "Locations", "LOCATION", report.locations.groups, report.total.count);
  print_groups(out, "Accounts by volume", "ACCOUNT", report.accounts_by_volume.groups, report.total.count);
  if (report.alerts) print_alerts(out, *report.alerts);
}

}  // namespace bank::cli
