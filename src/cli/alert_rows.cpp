#include "cli/alert_rows.h"

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace bank::cli {

// Rows are printed as they come, so the columns have widths that fit what mostly stands there.
void print_alert_heading(Stream& out) {
  out.write(out.paint(Style::bold, fmt::format("{:<19}  {:<8}  {:<17}  {:<14}  {:>12}  {}\n", "TRANSACTION TIME",
                                               "SEVERITY", "RULE", "ACCOUNT", "AMOUNT", "REASON")));
}

void print_alert_row(Stream& out, const model::AlertRecord& alert) {
  std::string amount;
  model::append_amount(amount, alert.amount);
  std::string time;
  constexpr std::int64_t second_us = 1'000'000;
  model::append_event_time(time, model::EventTime::from_us(alert.time.us() / second_us * second_us));
  const std::string_view severity = model::to_string(alert.severity);
  const std::string padding(severity.size() < 8 ? 8 - severity.size() : 0, ' ');
  out.write(fmt::format("{:<19}  {}{}  {:<17}  {:<14}  {:>12}  {}\n", time, out.paint_word(severity), padding,
                        visible(alert.rule_id), visible(alert.account_number), amount, visible(alert.reason)));
}

}  // namespace bank::cli
