#include "cli/detect_screen.h"

#include <fmt/format.h>

#include "cli/human.h"

namespace bank::cli {
namespace {

std::string decisions_text(const pipeline::Summary& summary) {
  std::string text;
  for (std::size_t i = 0; i < summary.decisions.size(); ++i) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", model::to_string(static_cast<model::Decision>(i)),
                        count_text(summary.decisions[i]));
  }
  return text;
}

}  // namespace

std::string count_text(std::uint64_t number) { return with_commas(static_cast<std::int64_t>(number)); }

std::string rejected_text(const pipeline::Summary& summary) {
  std::string text = count_text(summary.rejected);
  std::string_view separator = ": ";
  for (std::size_t i = 0; i < summary.rejected_by_reason.size(); ++i) {
    if (summary.rejected_by_reason[i] == 0) continue;
    text += fmt::format("{}{} {}", separator, model::to_string(static_cast<model::Reason>(i)),
                        count_text(summary.rejected_by_reason[i]));
    separator = ", ";
  }
  return text;
}

std::string bytes_text(std::uint64_t bytes) { return human_bytes(static_cast<std::int64_t>(bytes)); }

std::optional<model::Severity> severity_named(std::string_view name) {
  using enum model::Severity;
  for (const model::Severity severity : {low, medium, high, critical}) {
    if (model::to_string(severity) == name) return severity;
  }
  return std::nullopt;
}

Table facts_of(const pipeline::Summary& summary) {
  Table facts({{""}, {""}});
  std::string judged = counted(summary.judged, "transaction");
  if (summary.accounts > 0) {  // what Spark's batches held is gone with them
    judged += fmt::format(" of {} ({} of history held)", counted(summary.accounts, "account"),
                          bytes_text(summary.state_bytes));
  }
  facts.add({"Judged", judged});
  if (summary.resends > 0) facts.add({"Resends", fmt::format("{}, ignored", count_text(summary.resends))});
  if (summary.late > 0) facts.add({"Late", fmt::format("{}, judged on what is kept", count_text(summary.late))});
  if (summary.rejected > 0) facts.add({"Rejected", {rejected_text(summary), Style::yellow}});
  facts.add({"Decisions", decisions_text(summary)});
  facts.add({"Alerts", count_text(summary.alerts)});
  return facts;
}

void print_alerts_by_rule(Stream& out, const rules::RuleSet& rules, const pipeline::Summary& summary) {
  Table table({{"RULE"}, {"SEVERITY"}, {"ALERTS", Align::right}}, 4);
  for (std::size_t i = 0; i < rules.rules.size(); ++i) {
    const rules::Rule& rule = rules.rules[i];
    const std::string_view severity = model::to_string(rule.severity);
    table.add({rule.id, {severity, style_of(severity)}, count_text(summary.alerts_by_rule[i])});
  }
  table.print(out);
}

bool alert_at_or_above(const rules::RuleSet& rules, const pipeline::Summary& summary, model::Severity severity) {
  for (std::size_t i = 0; i < rules.rules.size(); ++i) {
    if (rules.rules[i].severity >= severity && summary.alerts_by_rule[i] > 0) return true;
  }
  return false;
}

}  // namespace bank::cli
