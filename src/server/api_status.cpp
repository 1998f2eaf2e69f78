// What machines ask: metrics, health.
#include <fmt/format.h>

#include "monitor/words.h"
#include "server/api.h"
#include "server/metrics_text.h"
#include "server/render.h"

namespace bank::server {
namespace {

constexpr std::int64_t health_again_ns = 2'000'000'000;

Response text_response(std::string body, unsigned status = 200) {
  Response response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(body);
  return response;
}

monitor::Check check_of(std::string name, const std::string& trouble, const std::string& fine) {
  monitor::Check check;
  check.name = std::move(name);
  check.status = trouble.empty() ? monitor::Status::ok : monitor::Status::critical;
  check.text = trouble.empty() ? fine : trouble;
  return check;
}

}  // namespace

std::string Api::source_trouble() const { return options_.source_trouble ? options_.source_trouble() : std::string(); }

Answered Api::get_livez(const Call& /*call*/) { return text_response("alive\n"); }

Answered Api::get_readyz(const Call& call) {
  const std::string store = parts_.watch.trouble();
  const std::string source = source_trouble();
  if (store.empty() && source.empty()) return text_response("ready\n");
  std::string why = store.empty() ? source : store;
  if (!tells_detail(call)) why = store.empty() ? "the source can't be read" : "the store can't be written";
  return text_response(why + "\n", 503);
}

Answered Api::get_metrics(const Call& call) {
  if (!options_.loopback) {
    const auto identity = parts_.auth.identify(call.request, true);
    if (!identity) return unavailable(identity.error());
    if (!*identity || !(*identity)->may(read_right)) {
      return std::unexpected(
          Problem{.status = 401, .code = "unauthorized", .message = "send a token that has the scope read"});
    }
  }
  const Totals totals = parts_.hub.totals();
  const Decisions::Durations durations = parts_.decisions.durations();
  MetricsText out;
  out.family("bank_build_info", "gauge", "Which bank this is; always 1.")
      .sample(std::uint64_t{1}, {{"version", options_.version}, {"commit", options_.commit}});
  out.family("bank_transactions_total", "counter", "Transactions that the store has taken in since it was made.")
      .sample(totals.transactions);
  out.family("bank_alerts_total", "counter", "Alerts that the store has taken in, by rule.");
  for (const auto& [rule, tally] : totals.by_rule) {
    out.sample(tally.count, {{"rule", rule}, {"severity", model::to_string(tally.severity)}});
  }
  out.family("bank_decisions_total", "counter", "Transactions by what was decided.");
  for (std::size_t i = 0; i < totals.by_decision.size(); ++i) {
    out.sample(totals.by_decision[i], {{"decision", model::to_string(static_cast<model::Decision>(i))}});
  }
  out.histogram("bank_detect_duration_seconds", "How long this process took to judge a transaction.");
  for (std::size_t i = 0; i < durations.within.size(); ++i) {
    out.bucket(static_cast<double>(Decisions::Durations::bounds_us[i]) / 1e6, durations.within[i]);
  }
  out.end_histogram(durations.seconds, durations.count);
  if (const auto lag = parts_.hub.lag()) {
    out.family("bank_consumer_lag_records", "gauge",
               "What waits to be read: records of the topics, or bytes of the files.")
        .sample(*lag);
  }
  out.family("bank_store_up", "gauge", "Whether the store can be written.")
      .sample(std::uint64_t{parts_.watch.trouble().empty()});
  out.family("bank_source_up", "gauge", "Whether the source can be read.")
      .sample(std::uint64_t{source_trouble().empty()});
  out.family("bank_unreadable_records_total", "counter", "Records left out since they are not what they should be.")
      .sample(parts_.intake.unreadable());
  out.family("bank_event_clients", "gauge", "Browsers that listen to events.")
      .sample(std::uint64_t{parts_.hub.clients()});
  out.family("bank_events_dropped_total", "counter", "Events that slow clients did not get.")
      .sample(parts_.hub.dropped());
  write_notification_metrics(out);
  if (options_.process_metrics) options_.process_metrics(out);
  Response response = text_response(out.text());
  response.content_type = metrics_content_type;
  return response;
}

std::string Api::health_json(bool whole) {
  monitor::Health health;
  {
    const std::lock_guard lock(health_mutex_);
    const std::int64_t now_ns = parts_.clock.monotonic_ns();
    if (!health_ || now_ns - health_ns_ > health_again_ns) {
      health_ = options_.health ? options_.health() : monitor::Health{.at_us = parts_.clock.wall_us(), .checks = {}};
      health_ns_ = now_ns;
    }
    health = *health_;
  }
  std::string store_trouble = parts_.watch.trouble();
  std::string source = source_trouble();
  if (!whole) {  // where they are is for admins
    if (!store_trouble.empty()) store_trouble = "it can't be written; an admin sees why";
    if (!source.empty()) source = "it can't be read; an admin sees why";
  }
  const std::size_t others = health.checks.size();
  const std::string kind = parts_.store.is_postgresql() ? "postgresql" : "sqlite";
  health.checks.push_back(check_of("store", store_trouble, kind + " takes what comes"));
  health.checks.push_back(check_of("source", source, options_.mode + " is followed"));
  health.checks.push_back(check_of("events", "", fmt::format("{} listen", parts_.hub.clients())));
  if (!parts_.notifier.figures().empty()) {
    const std::string trouble = notification_trouble(whole);
    health.checks.push_back(check_of("notifications", trouble, "nothing is undelivered"));
    if (!trouble.empty()) health.checks.back().status = monitor::Status::warning;
  }
  std::string out;
  JsonWriter json(out, 0);
  json.begin_object().member("schema_version", 1).member("at", time_text(health.at_us));
  json.member("status", to_string(health.overall())).key("checks").begin_array();
  for (const monitor::Check& check : health.checks) {
    json.begin_object().member("name", check.name).member("status", to_string(check.status));
    if (check.value) json.member("value", *check.value).member("unit", check.unit);
    if (check.value && check.thresholds) {
      json.member("warning", check.thresholds->warning).member("critical", check.thresholds->critical);
    }
    json.member("text", check.text).end_object();
  }
  json.end_array();
  json.key("store").begin_object().member("kind", kind).member("ready", store_trouble.empty());
  json.member("text", health.checks[others].text).end_object();
  json.key("source").begin_object().member("kind", options_.mode).member("ready", source.empty());
  write_lag(json, parts_.hub.lag());
  json.member("text", health.checks[others + 1].text).end_object();
  json.key("events").begin_object().member("clients", parts_.hub.clients()).member("dropped", parts_.hub.dropped());
  json.end_object().end_object();
  return out;
}

void Api::tell_of_health() {
  if (looking_.exchange(true)) return;
  const bool posted = status_workers_.post([this] {
    look_at_health();
    looking_ = false;
  });
  if (!posted) looking_ = false;
}

void Api::look_at_health() {
  const std::string json = health_json(false);
  const std::size_t at = json.find("\"status\":");
  std::string status = json.substr(at, json.find(',', at) - at);
  if (status == announced_health_) return;
  announced_health_ = std::move(status);
  parts_.hub.announce("health", json);
}

}  // namespace bank::server
