#include "analytics/report.h"
#include "base/json_writer.h"

namespace bank::analytics {
namespace {

constexpr std::array<std::string_view, weekdays> weekday_names = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                                  "Friday", "Saturday", "Sunday"};

void money(JsonWriter& json, std::string_view key, Uint128 units) { json.key(key).number(money_text(units)); }
void money(JsonWriter& json, std::string_view key, model::Amount amount) {
  money(json, key, static_cast<Uint128>(amount.units()));
}

void tally_members(JsonWriter& json, const Tally& tally) {
  json.member("count", tally.count);
  money(json, "volume", tally.volume);
}

std::string time_text(model::EventTime time) {
  std::string text;
  model::append_rfc3339(text, time);
  return text;
}

void groups(JsonWriter& json, std::string_view key, const std::vector<Group>& list) {
  json.key(key).begin_array();
  for (const Group& group : list) {
    json.begin_object().key("name");
    if (group.name.empty()) {
      json.null();
    } else {
      json.value(group.name);
    }
    tally_members(json, group.tally);
    json.end_object();
  }
  json.end_array();
}

void top_list(JsonWriter& json, std::string_view key, const TopList& list) {
  json.key(key).begin_object().member("distinct", list.distinct).member("exact", list.exact);
  json.member("count_error_max", list.count_error);
  money(json, "volume_error_max", list.volume_error);
  groups(json, "top", list.groups);
  json.end_object();
}

void totals(JsonWriter& json, const Report& report) {
  json.key("totals").begin_object().member("transactions", report.total.count);
  money(json, "volume", report.total.volume);
  json.member("accounts", report.accounts_by_volume.distinct).member("accounts_exact", report.accounts_by_volume.exact);
  for (const auto& [key, time] : {std::pair("first_event", report.first), std::pair("last_event", report.last)}) {
    json.key(key);
    if (report.total.count == 0) {
      json.null();
    } else {
      json.value(time_text(time));
    }
  }
  json.member("rejected", report.rejected).key("rejected_by_reason").begin_object();
  for (const auto& [reason, count] : report.rejected_by_reason) json.member(reason, count);
  json.end_object().key("resends");
  if (report.context.resends) {
    json.value(*report.context.resends);
  } else {
    json.null();
  }
  json.end_object();
}

void times(JsonWriter& json, const Report& report) {
  json.key("by_hour").begin_array();
  for (std::size_t hour = 0; hour < hours; ++hour) {
    json.begin_object().member("hour", hour);
    tally_members(json, report.by_hour[hour]);
    json.end_object();
  }
  json.end_array().key("by_weekday").begin_array();
  for (std::size_t day = 0; day < weekdays; ++day) {
    json.begin_object().member("weekday", day + 1).member("name", weekday_names[day]);
    tally_members(json, report.by_weekday[day]);
    json.end_object();
  }
  json.end_array().key("by_weekday_hour").begin_array();
  for (const auto& day : report.by_weekday_hour) {
    json.begin_array();
    for (const Tally& cell : day) json.value(cell.count);
    json.end_array();
  }
  json.end_array();

  const auto& buckets = report.series.buckets();
  json.key("time_series").begin_object().member("width_seconds", report.series.width_us() / 1'000'000);
  json.key("buckets").begin_array();
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    const std::int64_t start_us = report.series.start().us() + static_cast<std::int64_t>(i) * report.series.width_us();
    json.begin_object().member("start", time_text(model::EventTime::from_us(start_us)));
    tally_members(json, buckets[i].transactions);
    if (report.alerts) json.member("alerts", buckets[i].alerts);
    json.end_object();
  }
  json.end_array().end_object();
}

void amounts(JsonWriter& json, const AmountSummary& summary) {
  json.key("amounts").begin_object();
  money(json, "min", summary.min);
  money(json, "max", summary.max);
  money(json, "mean", summary.mean_units);
  json.member("exact", summary.exact).member("relative_error_max", summary.exact ? 0.0 : AmountSketch::relative_error);
  json.key("percentiles").begin_object();
  for (const auto& [percentage, amount] : summary.percentiles) money(json, "p" + std::to_string(percentage), amount);
  json.end_object().key("histogram").begin_array();
  for (const AmountBin& bin : summary.histogram) {
    json.begin_object();
    money(json, "low", bin.low);
    money(json, "high", bin.high);
    json.member("count", bin.count).end_object();
  }
  json.end_array().end_object();
}

void alerted_accounts(JsonWriter& json, std::string_view key, const std::vector<AlertedAccount>& list) {
  json.key(key).begin_array();
  for (const AlertedAccount& account : list) {
    json.begin_object().member("account_number", account.account_number).member("alerts", account.tally.count);
    json.member("transactions", account.tally.flagged);
    money(json, "volume", account.tally.volume);
    json.member("risk_sum", account.tally.risk).member("risk_max", account.tally.risk_max).end_object();
  }
  json.end_array();
}

void alerts(JsonWriter& json, const AlertSummary& summary) {
  json.key("alerts").begin_object().member("total", summary.total);
  json.member("flagged_transactions", summary.flagged);
  money(json, "flagged_volume", summary.flagged_volume);
  json.member("alerts_per_thousand", summary.alerts_per_thousand).member("flagged_share", summary.flagged_share);
  json.member("accounts", summary.accounts).member("accounts_exact", summary.accounts_exact);
  json.member("belong_to_transactions", !summary.foreign);
  json.key("rules_versions").begin_array();
  for (const std::string& version : summary.rules_versions) json.value(version);
  json.end_array();
  json.key("decisions").begin_object().member("approve", summary.approved).member("review", summary.reviewed);
  json.member("block", summary.blocked).member("review_threshold", summary.thresholds.review);
  json.member("block_threshold", summary.thresholds.block).end_object();
  json.key("by_severity").begin_object();
  for (std::size_t i = 0; i < severities; ++i) {
    json.member(to_string(static_cast<model::Severity>(i)), summary.by_severity[i]);
  }
  json.end_object().key("by_rule").begin_array();
  for (const RuleGroup& rule : summary.by_rule) {
    json.begin_object().member("rule", rule.id).member("severity", to_string(rule.tally.severity));
    json.member("score", rule.tally.score).member("count", rule.tally.count);
    money(json, "volume", rule.tally.volume);
    json.end_object();
  }
  json.end_array().key("by_hour").begin_array();
  for (const std::uint64_t count : summary.by_hour) json.value(count);
  json.end_array().key("by_weekday_hour").begin_array();
  for (const auto& day : summary.by_weekday_hour) {
    json.begin_array();
    for (const std::uint64_t count : day) json.value(count);
    json.end_array();
  }
  json.end_array();
  alerted_accounts(json, "top_accounts_by_alerts", summary.top_by_alerts);
  alerted_accounts(json, "top_accounts_by_risk", summary.top_by_risk);
  json.end_object();
}

}  // namespace

void write_json(JsonWriter& json, const Report& report) {
  json.begin_object().member("schema_version", Report::schema_version).member("generator", report.context.generator);
  json.member("generated_at", time_text(model::EventTime::from_us(report.context.generated_at_us)));
  json.key("inputs").begin_object().key("transactions").begin_array();
  for (const std::string& input : report.context.inputs) json.value(input);
  json.end_array().key("alerts");
  if (report.alerts) {
    json.value(report.context.alerts_input);
  } else {
    json.null();
  }
  json.end_object();
  totals(json, report);
  groups(json, "by_type", report.by_type);
  groups(json, "by_status", report.by_status);
  times(json, report);
  top_list(json, "accounts_by_volume", report.accounts_by_volume);
  top_list(json, "accounts_by_count", report.accounts_by_count);
  top_list(json, "locations", report.locations);
  top_list(json, "merchants", report.merchants);
  amounts(json, report.amounts);
  if (report.alerts) {
    alerts(json, *report.alerts);
  } else {
    json.key("alerts").null();
  }
  json.end_object();
}

std::string to_json(const Report& report) {
  std::string out;
  JsonWriter json(out, 2);
  write_json(json, report);
  out += '\n';
  return out;
}

}  // namespace bank::analytics
