#include "server/render.h"

#include "model/event_time.h"
#include "model/mask.h"

namespace bank::server {
namespace {

template <typename T>
void write_word(JsonWriter& json, std::string_view name, const std::optional<T>& word) {
  json.key(name);
  if (word) {
    json.value(to_string(*word));
  } else {
    json.null();
  }
}

void write_risk(JsonWriter& json, std::optional<int> risk) {
  json.key("risk");
  if (risk) {
    json.value(*risk);
  } else {
    json.null();
  }
}

void write_account(JsonWriter& json, const std::string& account, const std::string& ref, bool masked) {
  json.member("account_number", masked ? model::masked_account(account) : account).member("account_ref", ref);
}

}  // namespace

std::string time_text(std::int64_t us) { return model::rfc3339(model::EventTime::from_us(us)); }

void write_lag(JsonWriter& json, std::optional<std::int64_t> lag) {
  json.key("lag_records");
  if (lag) {
    json.value(*lag);
  } else {
    json.null();
  }
}

void write_maybe(JsonWriter& json, std::string_view name, const std::optional<std::string>& text) {
  json.key(name);
  if (text) {
    json.value(std::string_view(*text));
  } else {
    json.null();
  }
}

void write_maybe_time(JsonWriter& json, std::string_view name, std::optional<std::int64_t> us) {
  write_maybe(json, name, us ? std::optional(time_text(*us)) : std::nullopt);
}

void write_alert_members(JsonWriter& json, const store::AlertRow& alert, bool masked) {
  json.member("alert_id", alert.alert_id).member("alert_type", alert.rule);
  json.member("severity", model::to_string(alert.severity)).member("score", alert.score);
  json.member("reason", masked ? model::masked_text(alert.reason, alert.account) : alert.reason);
  json.member("transaction_id", alert.transaction_id);
  write_account(json, alert.account, alert.account_ref, masked);
  json.member("amount", model::amount_text(alert.amount)).member("timestamp", alert.timestamp);
  json.member("time", time_text(alert.time_us)).member("rules_version", alert.rules_version);
  json.member("detected_at", time_text(alert.detected_us)).member("source", alert.source);
  write_word(json, "decision", alert.decision);
  write_risk(json, alert.risk);
  json.member("status", store::to_string(alert.status));
  write_maybe(json, "assignee", alert.assignee);
  write_maybe(json, "case_id", alert.case_id);
  json.member("updated_at", time_text(alert.updated_us)).member("version", alert.version);
}

void write_alert(JsonWriter& json, const store::AlertRow& alert, bool masked) {
  json.begin_object();
  write_alert_members(json, alert, masked);
  json.end_object();
}

void write_transaction(JsonWriter& json, const store::TransactionRow& transaction, bool masked) {
  json.begin_object().member("transaction_id", transaction.transaction_id);
  write_account(json, transaction.account, transaction.account_ref, masked);
  json.member("transaction_type", transaction.type).member("amount", model::amount_text(transaction.amount));
  json.member("timestamp", transaction.timestamp).member("time", time_text(transaction.time_us));
  write_maybe(json, "location", transaction.location);
  write_maybe(json, "merchant", transaction.merchant);
  write_maybe(json, "status", transaction.status);
  write_risk(json, transaction.risk);
  write_word(json, "decision", transaction.decision);
  json.key("rules").number(transaction.rules);
  json.end_object();
}

void write_case_members(JsonWriter& json, const store::CaseRow& one, bool masked) {
  json.member("case_id", one.case_id);
  write_account(json, one.account, one.account_ref, masked);
  json.member("status", store::to_string(one.status));
  write_maybe(json, "assignee", one.assignee);
  json.member("severity", model::to_string(one.severity)).member("alerts", one.alerts).member("score", one.score);
  json.key("rules").number(one.rules);
  json.member("first_at", time_text(one.first_us)).member("last_at", time_text(one.last_us));
  json.member("updated_at", time_text(one.updated_us)).member("version", one.version);
}

void write_case(JsonWriter& json, const store::CaseRow& one, bool masked) {
  json.begin_object();
  write_case_members(json, one, masked);
  json.end_object();
}

void write_note(JsonWriter& json, const store::NoteRow& note) {
  json.begin_object().member("id", note.id).member("at", time_text(note.at_us));
  json.member("user", note.user).member("text", note.text).end_object();
}

void write_audit(JsonWriter& json, const store::AuditRow& entry) {
  json.begin_object().member("id", entry.id).member("at", time_text(entry.at_us));
  json.member("user", entry.user).member("action", entry.action).member("subject", entry.subject);
  write_maybe(json, "from", entry.from);
  write_maybe(json, "to", entry.to);
  write_maybe(json, "remote", entry.remote);
  json.end_object();
}

}  // namespace bank::server
