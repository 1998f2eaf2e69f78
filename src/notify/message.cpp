#include "notify/message.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/json_writer.h"
#include "model/amount.h"
#include "model/event_time.h"
#include "model/mask.h"

namespace bank::notify {
namespace {

constexpr std::size_t listed_max = 20;
constexpr std::size_t summary_bytes_max = 1024;  // PagerDuty's summary

using Alerts = std::span<const store::AlertRow>;

std::string time_text(std::int64_t us) { return model::rfc3339(model::EventTime::from_us(us)); }

// Not through the middle of a character.
std::string cut(std::string text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  return text.substr(0, end) + "…";
}

std::string headline(const store::AlertRow& alert) {
  return fmt::format("{} {}: {}", model::to_string(alert.severity), alert.rule,
                     model::masked_text(alert.reason, alert.account));
}

// `3 CRITICAL, 2 LOW`
std::string tally_text(Alerts alerts) {
  using enum model::Severity;
  std::string text;
  for (const model::Severity severity : {critical, high, medium, low}) {
    const auto count = std::ranges::count(alerts, severity, &store::AlertRow::severity);
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, model::to_string(severity));
  }
  return text;
}

std::string headline(Alerts alerts) {
  if (alerts.size() == 1) return headline(alerts.front());
  return fmt::format("{} alerts that were held back: {}", alerts.size(), tally_text(alerts));
}

std::map<std::string_view, std::size_t> by_rule(Alerts alerts) {
  std::map<std::string_view, std::size_t> counts;
  for (const store::AlertRow& alert : alerts) ++counts[alert.rule];
  return counts;
}

std::vector<const store::AlertRow*> worst(Alerts alerts) {
  std::vector<const store::AlertRow*> all;
  for (const store::AlertRow& alert : alerts) all.push_back(&alert);
  const auto rank = [](const store::AlertRow* alert) { return std::pair(alert->severity, alert->score); };
  std::ranges::stable_sort(all, [&](const auto* a, const auto* b) { return rank(a) > rank(b); });
  all.resize(std::min(all.size(), listed_max));
  return all;
}

// No account number stands in it: the interface knows accounts by their account_ref.
std::string link_of(Alerts alerts, const Sender& sender) {
  if (sender.origin.empty()) return {};
  if (alerts.size() > 1) return sender.origin + "/alerts";
  std::string id;
  for (const char c : alerts.front().alert_id) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    id += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return fmt::format("{}/accounts/{}?around={}", sender.origin, alerts.front().account_ref, id);
}

void write_alert(JsonWriter& json, const store::AlertRow& alert) {
  json.begin_object().member("alert_id", alert.alert_id).member("alert_type", alert.rule);
  json.member("severity", model::to_string(alert.severity)).member("score", alert.score);
  json.member("reason", model::masked_text(alert.reason, alert.account));
  json.member("transaction_id", alert.transaction_id);
  json.member("account_number", model::masked_account(alert.account)).member("account_ref", alert.account_ref);
  json.member("amount", model::amount_text(alert.amount)).member("time", time_text(alert.time_us));
  json.member("detected_at", time_text(alert.detected_us)).member("rules_version", alert.rules_version);
  if (alert.decision) json.member("decision", model::to_string(*alert.decision));
  if (alert.risk) json.member("risk", *alert.risk);
  if (alert.case_id) json.member("case_id", *alert.case_id);
  json.end_object();
}

// The members that webhooks and PagerDuty's details share.
void write_sums(JsonWriter& json, Alerts alerts) {
  using enum model::Severity;
  json.member("count", alerts.size()).key("by_severity").begin_object();
  for (const model::Severity severity : {low, medium, high, critical}) {
    json.member(model::to_string(severity), std::ranges::count(alerts, severity, &store::AlertRow::severity));
  }
  json.end_object().key("by_rule").begin_object();
  for (const auto& [rule, count] : by_rule(alerts)) json.member(rule, count);
  json.end_object().key("alerts").begin_array();
  for (const store::AlertRow* alert : worst(alerts)) write_alert(json, *alert);
  json.end_array();
}

std::string webhook_body(Alerts alerts, const std::string& key, const std::string& link) {
  std::string out;
  JsonWriter json(out, 0);
  json.begin_object().member("schema_version", 1);
  json.member("event", alerts.size() == 1 ? "alert" : "alerts").member("key", key);
  if (alerts.size() == 1) {
    json.key("alert");
    write_alert(json, alerts.front());
  } else {
    write_sums(json, alerts);
  }
  if (!link.empty()) json.member("link", link);
  json.end_object();
  return out;
}

// Slack reads `<…>` as links and mentions, and `&` as the begin of an entity; in these messages nothing is either.
std::string slack_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string slack_body(Alerts alerts, const std::string& link) {
  constexpr std::array colours = {"#8a8f98", "#c98a00", "#d9480f", "#c2183c"};
  const auto most = std::ranges::max(alerts, {}, &store::AlertRow::severity).severity;
  const std::string title = slack_text(headline(alerts));
  std::string out;
  JsonWriter json(out, 0);
  json.begin_object().member("text", title).key("attachments").begin_array().begin_object();
  json.member("fallback", title).member("color", colours[static_cast<std::size_t>(most)]);
  if (!link.empty()) json.member("title", "Open the dashboard").member("title_link", link);
  json.key("fields").begin_array();
  const auto field = [&](std::string_view name, std::string_view value) {
    json.begin_object().member("title", name).member("value", slack_text(value)).member("short", true).end_object();
  };
  if (alerts.size() == 1) {
    const store::AlertRow& alert = alerts.front();
    field("Account", model::masked_account(alert.account));
    field("Amount", model::amount_text(alert.amount));
    field("Time", time_text(alert.time_us));
    if (alert.decision) field("Decision", model::to_string(*alert.decision));
    field("Transaction", alert.transaction_id);
  } else {
    for (const auto& [rule, count] : by_rule(alerts)) field(rule, std::to_string(count));
  }
  json.end_array().end_object().end_array().end_object();
  return out;
}

std::string pagerduty_body(const Target& target, Alerts alerts, const std::string& key, const std::string& link,
                           const Sender& sender) {
  constexpr std::array words = {"info", "warning", "error", "critical"};
  const auto& most = std::ranges::max(alerts, {}, &store::AlertRow::severity);
  std::string out;
  JsonWriter json(out, 0);
  json.begin_object().member("routing_key", target.secret).member("event_action", "trigger");
  json.member("dedup_key", key).member("client", "bank");
  if (!link.empty()) {
    json.member("client_url", sender.origin).key("links").begin_array().begin_object();
    json.member("href", link).member("text", "Open the dashboard").end_object().end_array();
  }
  json.key("payload").begin_object().member("summary", cut(headline(alerts), summary_bytes_max));
  json.member("source", "bank dashboard").member("severity", words[static_cast<std::size_t>(most.severity)]);
  json.member("timestamp", time_text(most.time_us)).member("component", "fraud detection");
  json.member("group", model::masked_account(most.account)).member("class", most.rule);
  json.key("custom_details");
  if (alerts.size() == 1) {
    write_alert(json, alerts.front());
  } else {
    json.begin_object();
    write_sums(json, alerts);
    json.end_object();
  }
  json.end_object().end_object();
  return out;
}

}  // namespace

Message message_of(const Target& target, std::span<const store::AlertRow> alerts, const std::string& key,
                   const Sender& sender) {
  const std::string link = link_of(alerts, sender);
  Message message;
  message.headers = {{"Content-Type", "application/json"}, {"User-Agent", "bank/" + sender.version}};
  switch (target.kind) {
    case Kind::webhook:
      message.body = webhook_body(alerts, key, link);
      message.headers.emplace_back("Idempotency-Key", key);
      if (!target.secret.empty()) message.headers.emplace_back("Authorization", "Bearer " + target.secret);
      break;
    case Kind::slack: message.body = slack_body(alerts, link); break;
    case Kind::pagerduty: message.body = pagerduty_body(target, alerts, key, link, sender); break;
  }
  return message;
}

store::AlertRow test_alert(std::int64_t now_us) {
  store::AlertRow alert;
  alert.alert_id = fmt::format("test-{}:TEST", now_us);
  alert.rule = "TEST";
  alert.severity = model::Severity::low;
  alert.reason = "This is a test of notifications; nothing happened";
  alert.transaction_id = fmt::format("test-{}", now_us);
  alert.account = "TEST-0000000000";
  alert.account_ref = "acct_test";
  alert.time_us = alert.detected_us = now_us;
  return alert;
}

}  // namespace bank::notify
