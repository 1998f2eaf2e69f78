#include "cli/run_screen.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "cli/human.h"
#include "cli/table.h"

namespace bank::cli {

namespace {

constexpr int bar_columns = 24;
constexpr std::size_t top_accounts = 5;

std::string count_of(std::uint64_t number) { return with_commas(static_cast<std::int64_t>(number)); }

std::string plural(std::uint64_t number, std::string_view noun) {
  return fmt::format("{} {}{}", count_of(number), noun, number == 1 ? "" : "s");
}

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string percent(std::optional<double> fraction) { return fraction ? human_percent(*fraction) : "-"; }

std::string day_of(model::EventTime time) {
  std::string text;
  model::append_event_time(text, time);
  return text.substr(0, 10);
}

void heading(Stream& out, std::string_view text) { out.write(fmt::format("\n{}\n", out.paint(Style::bold, text))); }

void print_totals(Stream& out, const RunOutcome& outcome) {
  const analytics::Report& report = outcome.report;
  Table table({{""}, {""}});
  table.add({"Transactions", fmt::format("{} of {}", count_of(report.total.count),
                                         plural(report.accounts_by_count.distinct, "account"))});
  if (report.total.count > 0) table.add({"Period", fmt::format("{} to {}", day_of(report.first), day_of(report.last))});
  table.add({"Volume", "$" + analytics::money_for_people(report.total.volume)});
  if (report.alerts)
    table.add({"Alerts", fmt::format("{} on {} ({}), worth ${}", count_of(report.alerts->total),
                                     plural(report.alerts->flagged, "transaction"),
                                     human_percent(report.alerts->flagged_share, 2),
                                     analytics::money_for_people(report.alerts->flagged_volume))});
  if (outcome.rejected > 0)
    table.add({"Rejected", Table::Cell(plural(outcome.rejected, "record") + ", no valid transaction", Style::yellow)});
  table.print(out);
}

void print_rules(Stream& out, const analytics::AlertSummary& alerts) {
  heading(out, "Alerts by rule");
  if (alerts.by_rule.empty()) out.write("  none: no rule fired\n");
  Table table({{""}, {""}, {"", Align::right}, {""}});
  for (const analytics::RuleGroup& rule : alerts.by_rule) {
    const std::string_view severity = to_string(rule.tally.severity);
    const double length = share(rule.tally.count, alerts.by_rule.front().tally.count);
    table.add({shortened(visible(rule.id), 28),
               {severity, style_of(severity)},
               count_of(rule.tally.count),
               {bar(length, bar_columns), style_of(severity)}});
  }
  table.print(out);
}

void print_decisions(Stream& out, const analytics::AlertSummary& alerts) {
  heading(out, "Decisions");
  const std::uint64_t all = alerts.approved + alerts.reviewed + alerts.blocked;
  Table table({{""}, {"", Align::right}, {"", Align::right}, {""}});
  const auto row = [&](model::Decision decision, std::uint64_t count) {
    const Style style = style_of(to_string(decision));
    table.add({{to_string(decision), style},
               count_of(count),
               human_percent(share(count, all), 2),
               {bar(share(count, all), bar_columns), style}});
  };
  row(model::Decision::approve, alerts.approved);
  row(model::Decision::review, alerts.reviewed);
  row(model::Decision::block, alerts.blocked);
  table.print(out);
}

void print_accounts(Stream& out, const analytics::AlertSummary& alerts) {
  if (alerts.top_by_risk.empty()) return;
  heading(out, "Accounts with the most risk");
  Table table({{"ACCOUNT"},
               {"RISK", Align::right},
               {"ALERTS", Align::right},
               {"TRANSACTIONS", Align::right},
               {"AMOUNT", Align::right}});
  for (std::size_t i = 0; i < std::min(top_accounts, alerts.top_by_risk.size()); ++i) {
    const analytics::AlertedAccount& account = alerts.top_by_risk[i];
    table.add({shortened(visible(account.account_number), 24), count_of(account.tally.risk),
               count_of(account.tally.count), count_of(account.tally.flagged),
               "$" + analytics::money_for_people(account.tally.volume)});
  }
  table.print(out);
}

void print_score(Stream& out, const Score& score) {
  heading(out, fmt::format("Against the labels: {} of fraud", plural(score.fraudulent, "transaction")));
  Table levels({{"FLAGGED BY"}, {"TRANSACTIONS", Align::right}, {"PRECISION", Align::right}, {"RECALL", Align::right}});
  for (const Level& level : score.levels)
    levels.add({level.name, count_of(level.flagged), percent(Score::precision(level)), percent(score.recall(level))});
  levels.print(out);
  if (score.scenarios.empty()) return;
  out.write("\n");
  Table scenarios({{"SCENARIO"}, {"CASES FOUND", Align::right}, {"TRANSACTIONS", Align::right}, {""}});
  for (const ScenarioScore& scenario : score.scenarios)
    scenarios.add({visible(scenario.name),
                   fmt::format("{} of {}", count_of(scenario.cases_found), count_of(scenario.cases)),
                   fmt::format("{} of {}", count_of(scenario.flagged), count_of(scenario.transactions)),
                   {bar(share(scenario.cases_found, scenario.cases), 16), Style::green}});
  scenarios.print(out);
}

void print_steps(Stream& out, const std::vector<RunStep>& steps) {
  heading(out, "Speed");
  Table table({{""}, {"", Align::right}, {"", Align::right}});
  double all = 0;
  for (const RunStep& step : steps) {
    all += step.seconds;
    table.add({step.name, human_seconds(step.seconds),
               step.transactions == 0 ? "" : human_rate(static_cast<double>(step.transactions) / step.seconds)});
  }
  table.add({"in all", human_seconds(all), ""});
  table.print(out);
}

void print_files(Stream& out, const std::vector<RunFile>& files) {
  heading(out, "Files");
  Table table({{""}, {"", Align::right}, {""}});
  for (const RunFile& file : files) {
    std::error_code missing;
    const auto bytes = std::filesystem::file_size(file.path, missing);
    table.add({file.path, missing ? "" : human_bytes(static_cast<std::int64_t>(bytes)), {file.what, Style::dim}});
  }
  table.print(out);
}

void print_next(Stream& out, const std::vector<RunFile>& commands) {
  heading(out, "Next");
  for (const RunFile& command : commands)
    out.write(fmt::format("  {}\n      {}\n", out.paint(Style::cyan, visible(command.path)),
                          out.paint(Style::dim, command.what)));
}

}  // namespace

void print_run_screen(Stream& out, const RunOutcome& outcome) {
  heading(out, "Found");
  print_totals(out, outcome);
  if (outcome.report.alerts) {
    print_rules(out, *outcome.report.alerts);
    print_decisions(out, *outcome.report.alerts);
    print_accounts(out, *outcome.report.alerts);
  }
  if (outcome.score) print_score(out, *outcome.score);
  print_steps(out, outcome.steps);
  print_files(out, outcome.files);
  print_next(out, outcome.next);
}

}  // namespace bank::cli
