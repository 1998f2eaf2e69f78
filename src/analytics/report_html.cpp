// Lays the HTML report out; the drawings are chart.h's.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "analytics/chart.h"
#include "analytics/report.h"
#include "analytics/report_style.h"

namespace bank::analytics {
namespace {

using chart::Bar;
using chart::escape;
using chart::Tick;
using model::EventTime;

constexpr std::array<std::string_view, weekdays> weekday_names = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr std::array<std::string_view, 12> month_names = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, severities> severity_classes = {"low", "medium", "high", "critical"};
constexpr std::int64_t minute_us = 60'000'000;
constexpr std::int64_t day_us = 1440 * minute_us;

template <typename... Args>
void append(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

double as_double(Uint128 units) { return static_cast<double>(units); }
std::string money_axis(double units) { return money_short(static_cast<Uint128>(std::llround(units))); }
/// Nothing between whole numbers.
std::string count_axis(double count) {
  if (std::abs(count - std::round(count)) > 1e-6) return "";
  return count_short(static_cast<std::uint64_t>(std::llround(count)));
}
Uint128 units_of(model::Amount amount) { return static_cast<Uint128>(amount.units()); }

std::string percent(double share) {
  if (share > 0 && share < 0.0001) return "< 0.01 %";
  return fmt::format("{:.{}f} %", 100 * share, share < 0.1 || (share > 0.99 && share < 1) ? 2 : 1);
}
std::string percent_of(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? "" : percent(static_cast<double>(part) / static_cast<double>(whole));
}
std::string transactions_text(std::uint64_t count) {
  return count_for_people(count) + (count == 1 ? " transaction" : " transactions");
}
std::string alerts_text(std::uint64_t count) { return count_for_people(count) + (count == 1 ? " alert" : " alerts"); }

/// `YYYY-MM-DD HH:MM`.
std::string minute_text(EventTime time) {
  std::string text;
  model::append_event_time(text, time);
  return text.substr(0, 16);
}

/// What stands at a tick of the time axis, as fine as its step.
std::string tick_text(EventTime time, std::int64_t step_us, std::int64_t span_us) {
  const std::string text = minute_text(time);
  const std::string_view month = month_names[static_cast<std::size_t>(std::stoi(text.substr(5, 2)) - 1)];
  if (step_us < day_us && text.substr(11) != "00:00") return text.substr(11);
  if (span_us > 300 * day_us) return fmt::format("{} {}", month, text.substr(0, 4));
  return fmt::format("{} {}", std::stoi(text.substr(8, 2)), month);
}

std::vector<Tick> time_ticks(const TimeSeries& series) {
  constexpr std::int64_t max_ticks = 12;
  constexpr std::array<std::int64_t, 12> steps_min = {5, 15, 30, 60, 180, 360, 720, 1440, 2880, 10'080, 20'160, 40'320};
  const std::int64_t start_us = series.start().us();
  const std::int64_t span_us = series.width_us() * static_cast<std::int64_t>(series.buckets().size());
  std::int64_t step_us = steps_min.back() * minute_us;
  for (const std::int64_t step : steps_min) {
    if (span_us / (step * minute_us) < max_ticks) {
      step_us = step * minute_us;
      break;
    }
  }
  while (span_us / step_us >= max_ticks) step_us *= 2;
  // Counted from a Monday, as the buckets are.
  const std::int64_t origin_us = -3 * day_us;
  const std::int64_t into_step = ((start_us - origin_us) % step_us + step_us) % step_us;
  std::vector<Tick> ticks;
  for (std::int64_t at = start_us + (into_step == 0 ? 0 : step_us - into_step); at < start_us + span_us;
       at += step_us) {
    ticks.push_back({static_cast<double>(at - start_us) / static_cast<double>(span_us),
                     tick_text(EventTime::from_us(at), step_us, span_us)});
  }
  return ticks;
}

std::string width_text(std::int64_t width_us) {
  const auto said = [](std::int64_t number, std::string_view unit) {
    return number == 1 ? std::string(unit) : fmt::format("{} {}s", number, unit);
  };
  if (width_us < 60 * minute_us) return said(width_us / minute_us, "minute");
  if (width_us < day_us) return said(width_us / (60 * minute_us), "hour");
  if (width_us % (7 * day_us) == 0) return said(width_us / (7 * day_us), "week");
  return said(width_us / day_us, "day");
}

void open_card(std::string& out, int width, std::string_view heading, std::string_view hint) {
  append(out, R"(<section class="card w{}"><h2>{}</h2><p class="hint">{}</p>)", width, heading, hint);
}
void close_card(std::string& out) { out += "</section>\n"; }

void append_tile(std::string& out, std::string_view css_class, std::string_view name, const std::string& value,
                 const std::string& note) {
  append(out, R"(<div class="tile {}"><span>{}</span><b>{}</b><small>{}</small></div>)", css_class, name, value, note);
}

void append_header(std::string& out, const Report& report) {
  const ReportContext& context = report.context;
  std::string inputs;
  for (std::size_t i = 0; i < context.inputs.size() && i < 5; ++i)
    inputs += (i == 0 ? "" : ", ") + escape(context.inputs[i]);
  if (context.inputs.size() > 5) append(inputs, " and {} more", context.inputs.size() - 5);
  out += "<header><h1>Transaction report</h1>";
  if (report.total.count != 0) {
    append(out, "<p>{} – {} UTC</p>", minute_text(report.first), minute_text(report.last));
  }
  append(out, "<p>{}{}{}</p></header>\n", inputs, report.alerts ? " · alerts from " : "",
         report.alerts ? escape(context.alerts_input) : "");
  if (!report.alerts) {
    out += R"(<p class="notice">There are no alerts in this report: it was made without an alerts file.</p>)";
  } else if (report.alerts->foreign) {
    out += R"(<p class="notice">The alerts do not fit the transactions: they lie outside their period, or are of more )"
           R"(transactions than there are. They are probably of other data.</p>)";
  }
}

void append_tiles(std::string& out, const Report& report) {
  const std::uint64_t count = report.total.count;
  std::string set_aside;
  if (report.rejected != 0) set_aside = count_for_people(report.rejected) + " records rejected";
  if (report.context.resends.value_or(0) != 0) {
    set_aside += (set_aside.empty() ? "" : ", ") + count_for_people(*report.context.resends) + " resent";
  }
  out += R"(<div class="tiles">)";
  append_tile(out, "", "Transactions", count_for_people(count), set_aside.empty() ? "none rejected" : set_aside);
  append_tile(out, "", "Volume", money_short(report.total.volume), money_for_people(report.total.volume));
  append_tile(out, "", "Accounts",
              (report.accounts_by_volume.exact ? "" : "≈ ") + count_for_people(report.accounts_by_volume.distinct),
              count == 0
                  ? ""
                  : fmt::format("{:.1f} transactions each",
                                static_cast<double>(count) / static_cast<double>(report.accounts_by_volume.distinct)));
  std::string median;
  for (const auto& [percentage, amount] : report.amounts.percentiles) {
    if (percentage == 50) median = "median " + money_for_people(units_of(amount));
  }
  append_tile(out, "", "Average amount", money_for_people(report.amounts.mean_units), median);
  if (report.alerts) {
    const AlertSummary& alerts = *report.alerts;
    append_tile(out, "alerts", "Alerts", count_for_people(alerts.total),
                fmt::format("{:.2f} per 1,000 transactions", alerts.alerts_per_thousand));
    append_tile(out, "", "Flagged transactions", count_for_people(alerts.flagged),
                percent(alerts.flagged_share) + " of all");
    append_tile(out, "", "To review", count_for_people(alerts.reviewed),
                fmt::format("risk {} to {}", alerts.thresholds.review, alerts.thresholds.block - 1));
    append_tile(out, "block", "Blocked", count_for_people(alerts.blocked),
                fmt::format("risk {} and above", alerts.thresholds.block));
  }
  out += "</div>\n";
}

void append_timeline(std::string& out, const Report& report) {
  const TimeSeries& series = report.series;
  const bool with_alerts = report.alerts && !report.alerts->foreign;
  chart::Plot volume{.description = "Volume over time",
                     .css_class = "accent",
                     .x_ticks = time_ticks(series),
                     .value_text = money_axis};
  chart::Plot alerts{.shape = chart::Shape::columns,
                     .description = "Alerts over time",
                     .css_class = "alert",
                     .x_ticks = volume.x_ticks,
                     .value_text = count_axis,
                     .small = true};
  for (std::size_t i = 0; i < series.buckets().size(); ++i) {
    const SeriesBucket& bucket = series.buckets()[i];
    const auto at = EventTime::from_us(series.start().us() + static_cast<std::int64_t>(i) * series.width_us());
    volume.points.push_back({as_double(bucket.transactions.volume),
                             fmt::format("{}: {} in {}", minute_text(at), money_for_people(bucket.transactions.volume),
                                         transactions_text(bucket.transactions.count))});
    alerts.points.push_back(
        {static_cast<double>(bucket.alerts), fmt::format("{}: {}", minute_text(at), alerts_text(bucket.alerts))});
  }
  open_card(out, 6, "Volume over time", fmt::format("Amount moved per {}, UTC", width_text(series.width_us())));
  chart::append_plot(out, volume);
  if (with_alerts) {
    append(out, R"(<p class="caption">Alerts per {}</p>)", width_text(series.width_us()));
    chart::append_plot(out, alerts);
  }
  close_card(out);
}

/// `count_at(day, hour)`; `text(count)` says it.
template <typename CountAt, typename Text>
void append_week(std::string& out, int width, std::string_view heading, std::string_view css_class, CountAt count_at,
                 Text text) {
  chart::HeatMap map{.description = std::string(heading), .css_class = std::string(css_class)};
  for (std::size_t hour = 0; hour < hours; ++hour)
    map.columns.push_back(hour % 3 == 0 ? fmt::format("{:02}", hour) : "");
  for (std::size_t day = 0; day < weekdays; ++day) {
    map.rows.emplace_back(weekday_names[day]);
    auto& row = map.cells.emplace_back();
    for (std::size_t hour = 0; hour < hours; ++hour) {
      const std::uint64_t count = count_at(day, hour);
      row.push_back(
          {static_cast<double>(count), fmt::format("{} {:02}:00: {}", weekday_names[day], hour, text(count))});
    }
  }
  open_card(out, width, heading, "By weekday and hour, UTC");
  chart::append_heat_map(out, map);
  close_card(out);
}

/// Where an amount stands on the histogram's axis, 0 – 1.
double histogram_position(const std::vector<AmountBin>& bins, model::Amount amount) {
  for (std::size_t i = 0; i < bins.size(); ++i) {
    if (amount >= bins[i].high) continue;
    const auto width = static_cast<double>(bins[i].high.units() - bins[i].low.units());
    const double inside = static_cast<double>(amount.units() - bins[i].low.units()) / width;
    return (static_cast<double>(i) + inside) / static_cast<double>(bins.size());
  }
  return 1;
}

bool is_power_of_ten(model::Amount amount) {
  std::int64_t units = amount.units();
  while (units > 1 && units % 10 == 0) units /= 10;
  return units == 1;
}

void append_amounts(std::string& out, const Report& report) {
  const AmountSummary& amounts = report.amounts;
  chart::Plot plot{.shape = chart::Shape::columns,
                   .description = "Number of transactions by amount",
                   .css_class = "accent",
                   .value_text = count_axis};
  const bool few_decades = amounts.histogram.size() <= 10;
  for (std::size_t i = 0; i < amounts.histogram.size(); ++i) {
    const AmountBin& bin = amounts.histogram[i];
    plot.points.push_back(
        {static_cast<double>(bin.count),
         fmt::format("{} to {}: {} ({})", money_short(units_of(bin.low)), money_short(units_of(bin.high)),
                     transactions_text(bin.count), percent_of(bin.count, report.total.count))});
    if (few_decades || is_power_of_ten(bin.low)) {
      plot.x_ticks.push_back(
          {static_cast<double>(i) / static_cast<double>(amounts.histogram.size()), money_short(units_of(bin.low))});
    }
  }
  for (const auto& [percentage, amount] : amounts.percentiles) {
    if (percentage == 50 || percentage == 95 || percentage == 99) {
      plot.markers.push_back({histogram_position(amounts.histogram, amount),
                              percentage == 50 ? "median" : fmt::format("p{}", percentage)});
    }
  }
  open_card(out, 4, "Amounts", "Transactions by amount; the scale is logarithmic");
  chart::append_plot(out, plot);
  close_card(out);

  open_card(out, 2, "Percentiles", amounts.exact ? "Exact, by nearest rank" : "Each within 0.4 %, by nearest rank");
  out += R"(<div class="scroll"><table><tr><th>Share of transactions</th><th>Amount up to</th></tr>)";
  for (const auto& [percentage, amount] : amounts.percentiles) {
    append(out, "<tr><td>{} %</td><td>{}</td></tr>", percentage, money_for_people(units_of(amount)));
  }
  append(out, "<tr><td>All</td><td>{}</td></tr></table></div>", money_for_people(units_of(amounts.max)));
  close_card(out);
}

Bar group_bar(const Group& group, std::string_view no_name) {
  return {.label = group.name.empty() ? std::string(no_name) : group.name,
          .value = static_cast<double>(group.tally.count),
          .text = count_for_people(group.tally.count),
          .note = "volume " + money_short(group.tally.volume),
          .css_class = "accent"};
}

void append_groups(std::string& out, int width, std::string_view heading, std::string_view hint,
                   const std::vector<Group>& groups) {
  std::vector<Bar> bars;
  for (const Group& group : groups) bars.push_back(group_bar(group, "(none)"));
  std::sort(bars.begin(), bars.end(),
            [](const Bar& a, const Bar& b) { return a.value != b.value ? a.value > b.value : a.label < b.label; });
  open_card(out, width, heading, hint);
  if (bars.empty()) {
    out += "<p><small>None in these transactions.</small></p>";
  } else {
    chart::append_bars(out, bars);
  }
  close_card(out);
}

std::string top_hint(const TopList& list, std::string_view what) {
  if (list.groups.empty()) return "";
  if (!list.exact) {
    return fmt::format("Top {} of about {} {}; counts may be up to {} too low", list.groups.size(),
                       count_for_people(list.distinct), what, count_for_people(list.count_error));
  }
  if (list.groups.size() == list.distinct) return fmt::format("All {} {}", list.distinct, what);
  return fmt::format("Top {} of {} {}", list.groups.size(), count_for_people(list.distinct), what);
}

void append_alert_hours(std::string& out, const AlertSummary& alerts) {
  append(out, R"(<p class="hint" style="margin:22px 0 6px">Alerts by hour of the day, UTC</p>)");
  chart::Plot plot{.shape = chart::Shape::columns,
                   .description = "Alerts by hour",
                   .css_class = "alert",
                   .value_text = count_axis,
                   .small = true};
  for (std::size_t hour = 0; hour < hours; ++hour) {
    plot.points.push_back({static_cast<double>(alerts.by_hour[hour]),
                           fmt::format("{:02}:00: {}", hour, alerts_text(alerts.by_hour[hour]))});
    if (hour % 3 == 0) plot.x_ticks.push_back({(static_cast<double>(hour) + 0.5) / 24, fmt::format("{:02}", hour)});
  }
  chart::append_plot(out, plot);
}

/// The chart goes to whichever of two cards would be the shorter.
bool hours_with_rules(const AlertSummary& alerts) { return alerts.by_rule.size() <= 4; }

void append_rules(std::string& out, const AlertSummary& alerts) {
  std::vector<Bar> bars;
  for (const RuleGroup& rule : alerts.by_rule) {
    bars.push_back({.label = rule.id,
                    .value = static_cast<double>(rule.tally.count),
                    .text = count_for_people(rule.tally.count),
                    .note = fmt::format("{} · score {} · volume {}", to_string(rule.tally.severity), rule.tally.score,
                                        money_short(rule.tally.volume)),
                    .css_class = std::string(severity_classes[static_cast<std::size_t>(rule.tally.severity)])});
  }
  open_card(out, 3, "Alerts by rule", "Most alerts first, in the colour of the severity");
  if (bars.empty()) out += "<p><small>No rule fired.</small></p>";
  chart::append_bars(out, bars);
  if (hours_with_rules(alerts)) append_alert_hours(out, alerts);
  close_card(out);
}

void append_severities(std::string& out, const AlertSummary& alerts) {
  std::vector<Bar> parts;
  for (std::size_t i = severities; i-- > 0;) {
    parts.push_back({.label = std::string(to_string(static_cast<model::Severity>(i))),
                     .value = static_cast<double>(alerts.by_severity[i]),
                     .text = count_for_people(alerts.by_severity[i]),
                     .note = percent_of(alerts.by_severity[i], alerts.total),
                     .css_class = std::string(severity_classes[i])});
  }
  open_card(out, 3, "Severity and decisions", "Alerts by severity");
  chart::append_stack(out, "Alerts by severity", parts);
  const std::uint64_t judged = alerts.approved + alerts.reviewed + alerts.blocked;
  std::vector<Bar> decisions;
  const auto add = [&](model::Decision decision, std::uint64_t count, std::string_view css_class) {
    decisions.push_back({.label = std::string(to_string(decision)),
                         .value = static_cast<double>(count),
                         .text = count_for_people(count),
                         .note = percent_of(count, judged),
                         .css_class = std::string(css_class)});
  };
  add(model::Decision::block, alerts.blocked, "block");
  add(model::Decision::review, alerts.reviewed, "review");
  add(model::Decision::approve, alerts.approved, "approve");
  out += R"(<p class="hint" style="margin:22px 0 12px">Transactions by decision</p>)";
  chart::append_stack(out, "Transactions by decision", decisions);
  if (!hours_with_rules(alerts)) append_alert_hours(out, alerts);
  close_card(out);
}

void append_risky_accounts(std::string& out, const AlertSummary& alerts) {
  if (alerts.top_by_risk.empty()) return;
  open_card(out, 6, "Accounts at risk",
            fmt::format("Highest sum of risk first, of {}{} accounts with alerts",
                        alerts.accounts_exact ? "" : "about ", count_for_people(alerts.accounts)));
  out +=
      R"(<div class="scroll"><table><tr><th>Account</th><th>Risk</th><th class="optional">Highest</th><th>Alerts</th><th class="optional">Transactions</th>)"
      R"(<th>Volume</th></tr>)";
  for (const AlertedAccount& account : alerts.top_by_risk) {
    append(
        out,
        R"(<tr><td><bdi>{}</bdi></td><td>{}</td><td class="optional">{}</td><td>{}</td><td class="optional">{}</td><td>{}</td></tr>)",
        escape(account.account_number), count_for_people(account.tally.risk), account.tally.risk_max,
        count_for_people(account.tally.count), count_for_people(account.tally.flagged),
        money_for_people(account.tally.volume));
  }
  out += "</table></div>";
  close_card(out);
}

void append_accounts(std::string& out, std::string_view heading, const TopList& list) {
  open_card(out, 3, heading, top_hint(list, "accounts"));
  out += R"(<div class="scroll"><table><tr><th>Account</th><th>Transactions</th><th>Volume</th></tr>)";
  for (const Group& group : list.groups) {
    append(out, "<tr><td><bdi>{}</bdi></td><td>{}</td><td>{}</td></tr>", escape(group.name),
           count_for_people(group.tally.count), money_for_people(group.tally.volume));
  }
  out += "</table></div>";
  close_card(out);
}

void append_rejected(std::string& out, const Report& report) {
  if (report.rejected_by_reason.empty()) return;
  std::vector<Bar> bars;
  for (const auto& [reason, count] : report.rejected_by_reason) {
    bars.push_back(
        {.label = reason, .value = static_cast<double>(count), .text = count_for_people(count), .css_class = "high"});
  }
  open_card(out, 6, "Rejected records", "By reason; they are in no other figure of this report");
  chart::append_bars(out, bars);
  close_card(out);
}

void append_cards(std::string& out, const Report& report) {
  out += R"(<div class="cards">)";
  if (report.total.count != 0) {
    append_timeline(out, report);
    const int width = report.alerts ? 3 : 6;
    append_week(
        out, width, "When transactions happen", "accent",
        [&](std::size_t day, std::size_t hour) { return report.by_weekday_hour[day][hour].count; }, transactions_text);
    if (report.alerts) {
      append_week(
          out, width, "When alerts happen", "alert",
          [&](std::size_t day, std::size_t hour) { return report.alerts->by_weekday_hour[day][hour]; }, alerts_text);
    }
  }
  if (report.alerts) {
    append_rules(out, *report.alerts);
    append_severities(out, *report.alerts);
    append_risky_accounts(out, *report.alerts);
  }
  if (report.total.count != 0) {
    append_amounts(out, report);
    append_groups(out, 3, "Types", "Transactions by type", report.by_type);
    append_groups(out, 3, "Statuses", "Transactions by status", report.by_status);
    append_groups(out, 3, "Locations", top_hint(report.locations, "locations"), report.locations.groups);
    append_groups(out, 3, "Merchants", top_hint(report.merchants, "merchants"), report.merchants.groups);
    append_accounts(out, "Accounts by volume", report.accounts_by_volume);
    append_accounts(out, "Accounts by transactions", report.accounts_by_count);
  }
  append_rejected(out, report);
  out += "</div>\n";
}

}  // namespace

std::string to_html(const Report& report) {
  std::string out = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Transaction report</title><style>)";
  out += report_style();
  out += "</style></head><body><main>\n";
  append_header(out, report);
  append_tiles(out, report);
  append_cards(out, report);
  std::string generated;
  model::append_rfc3339(generated, EventTime::from_us(report.context.generated_at_us));
  append(out, "<footer>Made by {} at {} UTC.", escape(report.context.generator),
         generated.substr(0, 10) + " " + generated.substr(11, 8));
  if (report.alerts && !report.alerts->rules_versions.empty()) {
    out += " Rules version";
    for (const std::string& version : report.alerts->rules_versions) out += " " + escape(version);
    out += '.';
  }
  out += " Hours and days are UTC. A transaction that is sent again counts again.</footer>\n</main></body></html>\n";
  return out;
}

}  // namespace bank::analytics
