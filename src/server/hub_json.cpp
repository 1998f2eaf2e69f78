// What the hub says, as JSON.
#include <fmt/format.h>

#include <algorithm>

#include "server/hub.h"
#include "server/render.h"

namespace bank::server {
namespace {

constexpr int rate_seconds = 5;    ///< What a rate is taken over.
constexpr int share_seconds = 60;  ///< What the share of alerts is taken over.

template <typename Array, typename Name>
void write_counts(JsonWriter& json, const Array& counts, Name name) {
  json.begin_object();
  for (std::size_t i = 0; i < counts.size(); ++i) json.member(name(i), counts[i]);
  json.end_object();
}

void write_totals(JsonWriter& json, const Totals& totals) {
  json.member("transactions", totals.transactions).member("alerts", totals.alerts).key("by_decision");
  write_counts(json, totals.by_decision,
               [](std::size_t i) { return model::to_string(static_cast<model::Decision>(i)); });
  json.key("by_severity");
  write_counts(json, totals.by_severity,
               [](std::size_t i) { return model::to_string(static_cast<model::Severity>(i)); });
}

void write_rules(JsonWriter& json, const std::map<std::string, Totals::Rule>& rules) {
  json.key("by_rule").begin_array();
  for (const auto& [rule, tally] : rules) {
    json.begin_object().member("rule", rule).member("severity", model::to_string(tally.severity));
    json.member("count", tally.count).end_object();
  }
  json.end_array();
}

}  // namespace

std::string Hub::tick_json(bool masked) const {
  std::string out;
  JsonWriter json(out, 0);
  json.begin_object().member("at", time_text(clock_.wall_us()));
  json.member("transactions", since_.transactions).member("alerts", since_.alerts);
  write_rules(json, since_.by_rule);
  write_rates(json);
  json.key("totals").begin_object();
  write_totals(json, totals_);
  json.end_object();
  write_lag(json, lag_);
  json.key("sample").begin_array();
  std::size_t left = sample_max;
  for (const auto* rows : {&since_.fraud, &since_.other}) {
    for (std::size_t i = 0; i < rows->size() && left > 0; ++i, --left) write_transaction(json, (*rows)[i], masked);
  }
  json.end_array().member("dropped", since_.dropped).end_object();
  return out;
}

Hub::Second Hub::last_seconds(int seconds) const {
  Second sum;
  // The second that is under way would make every rate too low.
  const auto size = static_cast<std::int64_t>(seconds_.size());
  for (std::int64_t i = 1; i <= seconds && size - 1 - i >= 0; ++i) {
    const Second& second = seconds_[static_cast<std::size_t>(size - 1 - i)];
    sum.transactions += second.transactions;
    sum.alerts += second.alerts;
  }
  return sum;
}

void Hub::write_rates(JsonWriter& json) const {
  const Second now = last_seconds(rate_seconds);
  const Second minute = last_seconds(share_seconds);
  const double seconds = std::clamp(static_cast<double>(seconds_.size()) - 1, 1.0, static_cast<double>(rate_seconds));
  json.key("rates").begin_object();
  json.member("transactions_per_s", static_cast<double>(now.transactions) / seconds);
  json.member("alerts_per_s", static_cast<double>(now.alerts) / seconds);
  json.member("alert_share", minute.transactions == 0
                                 ? 0.0
                                 : static_cast<double>(minute.alerts) / static_cast<double>(minute.transactions));
  json.end_object();
}

std::string Hub::statistics(int minutes) const {
  const std::lock_guard lock(mutex_);
  return statistics_locked(minutes);
}

std::string Hub::statistics_locked(int minutes) const {
  const std::int64_t now_us = clock_.wall_us();
  std::string out;
  JsonWriter json(out, 0);
  json.begin_object().member("mode", options_.mode).member("version", options_.version);
  json.member("started_at", time_text(started_us_));
  json.member("uptime_s", static_cast<double>(now_us - started_us_) / 1e6);
  json.key("totals").begin_object();
  write_totals(json, totals_);
  write_rules(json, totals_.by_rule);
  json.end_object();
  write_rates(json);
  write_lag(json, lag_);
  const std::int64_t step = minutes <= 5 ? 1 : 5;
  json.member("series_step_s", step).key("series").begin_array();
  const auto first = newest_second_ - static_cast<std::int64_t>(seconds_.size()) + 1;
  const std::int64_t now_second = now_us / second_us;
  for (std::int64_t at = (now_second - minutes * 60) / step * step; at + step <= now_second; at += step) {
    Second sum;
    for (std::int64_t second = std::max(at, first); second < at + step && second <= newest_second_; ++second) {
      const Second& each = seconds_[static_cast<std::size_t>(second - first)];
      sum.transactions += each.transactions;
      sum.alerts += each.alerts;
    }
    json.begin_object().member("time", time_text(at * second_us));
    json.member("transactions", sum.transactions).member("alerts", sum.alerts).end_object();
  }
  json.end_array().end_object();
  return out;
}

}  // namespace bank::server
