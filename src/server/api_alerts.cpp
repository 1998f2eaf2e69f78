// Alerts and cases: lists, details, and the work on them.
#include <fmt/format.h>

#include "server/api.h"
#include "server/render.h"

namespace bank::server {
namespace {

constexpr std::size_t note_max = 4000;
constexpr std::size_t bulk_max = 1000;
constexpr std::size_t assignee_max = 64;
constexpr std::size_t case_alerts_max = 200;
constexpr std::size_t history_max = 200;

/// `open,closed` → the values, or what is wrong.
template <typename T, typename Parse>
std::expected<std::vector<T>, Problem> words_of(const std::string& text, std::string_view name, Parse parse,
                                                std::string_view known) {
  std::vector<T> out;
  for (const std::string& word : list_of(text)) {
    const std::optional<T> value = parse(word);
    if (!value) return bad_request(fmt::format("{} may be some of {}", name, known));
    out.push_back(*value);
  }
  return out;
}

std::optional<std::string> assignee_of(const std::optional<std::string>& text) {
  return text == "-" ? std::optional<std::string>("") : text;
}

template <typename Filter>
std::optional<Problem> fill_common(Filter& filter, const std::string& severity, const std::string& status) {
  auto severities = words_of<model::Severity>(severity, "severity", store::severity_of, "LOW, MEDIUM, HIGH, CRITICAL");
  if (!severities) return severities.error();
  filter.severities = *std::move(severities);
  auto statuses = words_of<store::Disposition>(status, "status", store::disposition_of,
                                               "open, acknowledged, confirmed_fraud, false_positive, closed");
  if (!statuses) return statuses.error();
  filter.statuses = *std::move(statuses);
  return std::nullopt;
}

std::optional<Problem> fill_order(store::AlertFilter& filter, std::string sort) {
  filter.ascending = !sort.starts_with('-');
  if (!filter.ascending) sort.erase(0, 1);
  if (sort == "timestamp") {
    filter.order = store::Order::time;
  } else if (sort == "detected_at") {
    filter.order = store::Order::detected;
  } else if (sort == "score") {
    filter.order = store::Order::score;
  } else {
    return bad_request("sort may be timestamp, detected_at or score, with - before it for downwards").error();
  }
  return std::nullopt;
}

/// status, assignee and version of a body.
std::expected<store::Change, Problem> change_of(const Body& body, bool versioned) {
  store::Change change;
  const auto status = body.text("status");
  if (!status) return bad_request(status.error().message);
  if (*status) {
    change.status = store::disposition_of(**status);
    if (!change.status) {
      return bad_request("status may be open, acknowledged, confirmed_fraud, false_positive or closed");
    }
  }
  if (body.is_null("assignee")) {
    change.assignee.emplace(std::nullopt);
  } else {
    const auto assignee = body.text("assignee");
    if (!assignee) return bad_request(assignee.error().message);
    if (*assignee && ((*assignee)->empty() || (*assignee)->size() > assignee_max)) {
      return bad_request("assignee is a user's name, or null");
    }
    if (*assignee) change.assignee.emplace(**assignee);
  }
  if (!versioned) return change;
  const auto version = body.integer("version");
  if (!version) return bad_request(version.error().message);
  if (!*version) return bad_request("version is missing: give back the one that was read");
  change.version = *version;
  if (!change.status && !change.assignee) return bad_request("nothing is to be changed: give status or assignee");
  return change;
}

std::unexpected<Problem> conflict() {
  return std::unexpected(
      Problem{.status = 409, .code = "conflict", .message = "somebody changed it meanwhile; read it again"});
}

}  // namespace

Answered Api::get_alerts(const Call& call) {
  store::AlertFilter filter;
  filter.account = call.maybe("account");
  filter.reasons = !call.identity.masked();
  if (auto problem = guess(call, filter.account)) return std::unexpected(*problem);
  filter.rules = list_of(call.get("rule"));
  if (auto problem = fill_common(filter, call.get("severity"), call.get("status"))) return std::unexpected(*problem);
  auto decisions =
      words_of<model::Decision>(call.get("decision"), "decision", store::decision_of, "APPROVE, REVIEW, BLOCK");
  if (!decisions) return std::unexpected(decisions.error());
  filter.decisions = *std::move(decisions);
  filter.assignee = assignee_of(call.maybe("assignee"));
  filter.text = call.maybe("q");
  filter.case_id = call.maybe("case");
  const auto from = time_parameter(call.query, "from");
  const auto to = time_parameter(call.query, "to");
  if (!from) return std::unexpected(from.error());
  if (!to) return std::unexpected(to.error());
  filter.from_us = *from;
  filter.to_us = *to;
  if (auto problem = fill_order(filter, call.maybe("sort").value_or("-timestamp"))) return std::unexpected(*problem);
  const auto wish = page_wish(call.query);
  if (!wish) return std::unexpected(wish.error());
  if (auto problem = audit_read(call, "alerts.read", "alerts")) return std::unexpected(*problem);
  const auto page = parts_.store.alerts(filter, *wish);
  if (!page) return unavailable(page.error());
  return json_of([&](JsonWriter& json) {
    json.begin_object().key("items").begin_array();
    for (const store::AlertRow& alert : page->items) write_alert(json, alert, call.identity.masked());
    json.end_array();
    write_maybe(json, "next_cursor", page->next);
    json.end_object();
  });
}

Answered Api::get_alert(const Call& call) {
  const bool masked = call.identity.masked();
  const auto alert = parts_.store.alert(call.path[0]);
  if (!alert) return unavailable(alert.error());
  if (!*alert) return not_found("alert");
  if (auto problem = audit_read(call, "alert.read", (*alert)->alert_id)) return std::unexpected(*problem);
  const auto transaction = parts_.store.transaction((*alert)->transaction_id);
  const auto siblings = parts_.store.alerts_of_transaction((*alert)->transaction_id);
  const auto notes = parts_.store.notes((*alert)->alert_id);
  const auto audit =
      parts_.store.audit_log({.user = {}, .action = "alert", .subject = (*alert)->alert_id, .from_us = {}, .to_us = {}},
                             {.limit = history_max, .cursor = {}});
  if (!transaction) return unavailable(transaction.error());
  if (!siblings) return unavailable(siblings.error());
  if (!notes) return unavailable(notes.error());
  if (!audit) return unavailable(audit.error());
  return json_of([&](JsonWriter& json) {
    json.begin_object();
    write_alert_members(json, **alert, masked);
    json.key("transaction");
    if (*transaction) {
      write_transaction(json, **transaction, masked);
    } else {
      json.null();
    }
    json.key("siblings").begin_array();
    for (const store::AlertRow& each : *siblings) {
      if (each.alert_id != (*alert)->alert_id) write_alert(json, each, masked);
    }
    json.end_array().key("notes").begin_array();
    for (const store::NoteRow& note : *notes) write_note(json, note);
    json.end_array().key("audit").begin_array();
    for (const store::AuditRow& entry : audit->items) write_audit(json, entry);
    json.end_array().end_object();
  });
}

Answered Api::patch_alert(const Call& call) {
  const auto body = Body::parse(call.request.body, {"status", "assignee", "version"});
  if (!body) return bad_request(body.error().message);
  const auto change = change_of(*body, true);
  if (!change) return std::unexpected(change.error());
  const auto changed = parts_.store.change_alert(call.path[0], *change, actor(call));
  if (!changed) return unavailable(changed.error());
  if (*changed == store::Changed::no_such) return not_found("alert");
  if (*changed == store::Changed::other_version) return conflict();
  const auto alert = parts_.store.alert(call.path[0]);
  if (!alert) return unavailable(alert.error());
  if (!*alert) return not_found("alert");
  parts_.hub.alert_changed(**alert);
  return json_of([&](JsonWriter& json) { write_alert(json, **alert, call.identity.masked()); });
}

Answered Api::post_alert_note(const Call& call) {
  const auto body = Body::parse(call.request.body, {"text"});
  if (!body) return bad_request(body.error().message);
  const auto text = body->required_text("text");
  if (!text) return bad_request(text.error().message);
  if (text->empty() || text->size() > note_max) return bad_request("a note has 1 to 4000 bytes");
  const auto alert = parts_.store.alert(call.path[0]);
  if (!alert) return unavailable(alert.error());
  if (!*alert) return not_found("alert");
  const auto note = parts_.store.add_note("alert", call.path[0], *text, actor(call));
  if (!note) return unavailable(note.error());
  return json_of([&](JsonWriter& json) { write_note(json, *note); }, 201);
}

Answered Api::post_bulk(const Call& call) {
  const auto body = Body::parse(call.request.body, {"ids", "status", "assignee", "note"});
  if (!body) return bad_request(body.error().message);
  const auto ids = body->texts("ids");
  if (!ids) return bad_request(ids.error().message);
  if (!*ids || (*ids)->empty() || (*ids)->size() > bulk_max) return bad_request("ids are 1 to 1000 alert_ids");
  const auto change = change_of(*body, false);
  if (!change) return std::unexpected(change.error());
  const auto note = body->text("note");
  if (!note) return bad_request(note.error().message);
  if (*note && ((*note)->empty() || (*note)->size() > note_max)) return bad_request("a note has 1 to 4000 bytes");
  if (!change->status && !change->assignee && !*note) {
    return bad_request("nothing is to be changed: give status, assignee or note");
  }
  const auto changed = parts_.store.change_alerts(**ids, *change, *note, actor(call));
  if (!changed) return unavailable(changed.error());
  tell_changed(*changed);
  return json_of([&](JsonWriter& json) {
    json.begin_object().member("changed", changed->size()).member("skipped", (*ids)->size() - changed->size());
    json.end_object();
  });
}

Answered Api::get_cases(const Call& call) {
  store::CaseFilter filter;
  filter.account = call.maybe("account");
  if (auto problem = guess(call, filter.account)) return std::unexpected(*problem);
  if (auto problem = fill_common(filter, call.get("severity"), call.get("status"))) return std::unexpected(*problem);
  filter.assignee = assignee_of(call.maybe("assignee"));
  const auto wish = page_wish(call.query);
  if (!wish) return std::unexpected(wish.error());
  if (auto problem = audit_read(call, "cases.read", "cases")) return std::unexpected(*problem);
  const auto page = parts_.store.cases(filter, *wish);
  if (!page) return unavailable(page.error());
  return json_of([&](JsonWriter& json) {
    json.begin_object().key("items").begin_array();
    for (const store::CaseRow& one : page->items) write_case(json, one, call.identity.masked());
    json.end_array();
    write_maybe(json, "next_cursor", page->next);
    json.end_object();
  });
}

Answered Api::get_case(const Call& call) {
  const bool masked = call.identity.masked();
  const auto one = parts_.store.find_case(call.path[0]);
  if (!one) return unavailable(one.error());
  if (!*one) return not_found("case");
  if (auto problem = audit_read(call, "case.read", (*one)->case_id)) return std::unexpected(*problem);
  store::AlertFilter filter;
  filter.case_id = (*one)->case_id;
  const auto alerts = parts_.store.alerts(filter, {.limit = case_alerts_max, .cursor = {}});
  const auto notes = parts_.store.notes((*one)->case_id);
  const auto audit =
      parts_.store.audit_log({.user = {}, .action = "case", .subject = (*one)->case_id, .from_us = {}, .to_us = {}},
                             {.limit = history_max, .cursor = {}});
  if (!alerts) return unavailable(alerts.error());
  if (!notes) return unavailable(notes.error());
  if (!audit) return unavailable(audit.error());
  return json_of([&](JsonWriter& json) {
    json.begin_object();
    write_case_members(json, **one, masked);
    json.key("alert_items").begin_array();
    for (const store::AlertRow& alert : alerts->items) write_alert(json, alert, masked);
    json.end_array().key("notes").begin_array();
    for (const store::NoteRow& note : *notes) write_note(json, note);
    json.end_array().key("audit").begin_array();
    for (const store::AuditRow& entry : audit->items) write_audit(json, entry);
    json.end_array().end_object();
  });
}

Answered Api::patch_case(const Call& call) {
  const auto body = Body::parse(call.request.body, {"status", "assignee", "version"});
  if (!body) return bad_request(body.error().message);
  const auto change = change_of(*body, true);
  if (!change) return std::unexpected(change.error());
  std::vector<std::string> alerts;
  const auto changed = parts_.store.change_case(call.path[0], *change, actor(call), alerts);
  if (!changed) return unavailable(changed.error());
  if (*changed == store::Changed::no_such) return not_found("case");
  if (*changed == store::Changed::other_version) return conflict();
  tell_changed(alerts);
  const auto one = parts_.store.find_case(call.path[0]);
  if (!one) return unavailable(one.error());
  if (!*one) return not_found("case");
  return json_of([&](JsonWriter& json) { write_case(json, **one, call.identity.masked()); });
}

Answered Api::post_case_note(const Call& call) {
  const auto body = Body::parse(call.request.body, {"text"});
  if (!body) return bad_request(body.error().message);
  const auto text = body->required_text("text");
  if (!text) return bad_request(text.error().message);
  if (text->empty() || text->size() > note_max) return bad_request("a note has 1 to 4000 bytes");
  const auto one = parts_.store.find_case(call.path[0]);
  if (!one) return unavailable(one.error());
  if (!*one) return not_found("case");
  const auto note = parts_.store.add_note("case", call.path[0], *text, actor(call));
  if (!note) return unavailable(note.error());
  return json_of([&](JsonWriter& json) { write_note(json, *note); }, 201);
}

}  // namespace bank::server
