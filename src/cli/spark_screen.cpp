#include "cli/spark_screen.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "cli/detect_screen.h"
#include "cli/human.h"
#include "cli/table.h"

namespace bank::cli {
namespace {

constexpr double ms_per_s = 1000;
constexpr std::int64_t ns_per_ms = 1'000'000;

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return std::isdigit(c) != 0 || c == '.' || c == ',' || c == '-' || c == '%';
  });
}

// `alerts_by_rule` → `Alerts by rule`.
std::string title_of(std::string_view name) {
  std::string title(name);
  std::ranges::replace(title, '_', ' ');
  if (!title.empty()) title[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(title[0])));
  return title;
}

std::string heading_of(std::string_view name) {
  std::string heading = title_of(name);
  std::ranges::transform(heading, heading.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return heading;
}

// With commas in what stands before the point; another text as it is.
std::string cell_of(const std::string& text) {
  const std::size_t whole = text.find_first_not_of("0123456789");
  if (whole == 0 || text.empty() || (whole != std::string::npos && text[whole] != '.')) return text;
  std::string out = text;
  for (std::size_t at = std::min(whole, text.size()); at > 3; at -= 3) out.insert(at - 3, 1, ',');
  return out;
}

}  // namespace

std::string started_line(const SparkEvent& started) {
  std::string line = fmt::format("Spark {} on {}", started.text("spark"), started.text("master"));
  if (const std::string page = started.text("ui"); !page.empty()) line += ", page " + page;
  return line;
}

std::string batch_line(const SparkEvent& batch) {
  const double seconds = static_cast<double>(batch.number("duration_ms")) / ms_per_s;
  const std::uint64_t rows = batch.number("rows");
  std::string line = fmt::format(
      "batch {:>4}  {:>9} rows  {:>11}  {:>7} alerts  {:>7}  lag {}  {} accounts, {}", batch.number("epoch"),
      count_text(rows), human_rate(static_cast<double>(rows) / std::max(seconds, 1e-3)),
      count_text(batch.number("alerts")), human_seconds(seconds), count_text(batch.number("lag_records")),
      count_text(batch.number("accounts")), bytes_text(batch.number("state_bytes")));
  if (const std::uint64_t rejected = batch.number("rejected"); rejected > 0) {
    line += fmt::format(", {} rejected", count_text(rejected));
  }
  return line;
}

pipeline::Summary summary_of(const SparkEvent& ended, const rules::RuleSet& rules) {
  pipeline::Summary summary;
  summary.records = ended.number("rows");
  summary.judged = ended.number("judged");
  summary.resends = ended.number("resends");
  summary.late = ended.number("late");
  summary.rejected = ended.number("rejected");
  summary.alerts = ended.number("alerts");
  summary.accounts = ended.number("accounts");
  summary.state_bytes = ended.number("state_bytes");
  summary.decisions = {ended.number("approved"), ended.number("to_review"), ended.number("blocked")};
  summary.elapsed_ns = static_cast<std::int64_t>(ended.number("duration_ms")) * ns_per_ms;
  const auto counts = ended.numbers("alerts_by_rule");
  for (const rules::Rule& rule : rules.rules) {
    const auto found = std::ranges::find(counts, rule.id, &std::pair<std::string, std::uint64_t>::first);
    summary.alerts_by_rule.push_back(found == counts.end() ? 0 : found->second);
  }
  return summary;
}

void print_spark_table(Stream& out, const SparkEvent& table) {
  std::vector<std::vector<std::string>> rows;
  for (const std::string& row : table.list("rows")) rows.push_back(json_elements(row));
  const std::vector<std::string> headings = table.list("columns");
  std::vector<Table::Column> columns;
  for (std::size_t i = 0; i < headings.size(); ++i) {
    const bool numbers = std::ranges::all_of(
        rows, [i](const auto& row) { return i >= row.size() || row[i].empty() || is_number(row[i]); });
    columns.push_back({heading_of(headings[i]), numbers ? Align::right : Align::left});
  }
  if (columns.empty()) return;
  out.write("\n" + out.paint(Style::bold, visible(title_of(table.text("title")))) + "\n");
  Table rows_text(columns);
  for (const auto& row : rows) {
    std::vector<Table::Cell> cells;
    for (const std::string& text : row) cells.emplace_back(cell_of(text));
    cells.resize(columns.size(), Table::Cell(""));
    rows_text.add(std::move(cells));
  }
  rows_text.print(out);
}

}  // namespace bank::cli
