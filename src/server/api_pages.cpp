// What pages show besides alerts: figures, accounts, rules, health, the audit log, labels, events.
#include <fmt/format.h>

#include <algorithm>

#include "model/mask.h"
#include "rules/explain.h"
#include "server/api.h"
#include "server/assets.h"
#include "server/explain.h"
#include "server/render.h"

namespace bank::server {
namespace {

constexpr std::size_t account_alerts_max = 100;
constexpr std::size_t labels_page = 1000;

/// A cell of CSV. A spreadsheet takes what begins with one of these for a formula, so a quote is put before it.
std::string csv_cell(std::string_view text) {
  std::string out;
  if (!text.empty() && std::string_view("=+-@\t\r").contains(text.front())) out += '\'';
  out += text;
  if (out.find_first_of(",\"\r\n") == std::string::npos) return out;
  std::string quoted = "\"";
  for (const char c : out) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string_view label_word(store::Disposition status) {
  return status == store::Disposition::confirmed_fraud ? "fraud" : "legitimate";
}

void append_label(std::string& out, const store::LabelRow& label, bool csv) {
  const std::string decided = time_text(label.decided_us);
  const std::string by = label.decided_by.value_or("");
  if (csv) {
    out += fmt::format("{},{},{},{},{},{},{},{}\n", csv_cell(label.transaction_id), csv_cell(label.account),
                       csv_cell(label.alert_id), csv_cell(label.rule), label_word(label.status),
                       store::to_string(label.status), decided, csv_cell(by));
    return;
  }
  JsonWriter json(out, 0);
  json.begin_object().member("transaction_id", label.transaction_id).member("account_number", label.account);
  json.member("alert_id", label.alert_id).member("rule", label.rule).member("label", label_word(label.status));
  json.member("status", store::to_string(label.status)).member("decided_at", decided).member("decided_by", by);
  json.end_object();
  out += '\n';
}

/// A rule of the file with what it came to, or, without a rule, what is left of one that was.
void write_rule(JsonWriter& json, const rules::Rule* rule, const rules::RuleSet& set,
                const store::RuleFigures& figures) {
  json.begin_object().member("id", figures.rule);
  json.member("severity", model::to_string(rule != nullptr ? rule->severity : figures.severity));
  json.member("score", rule != nullptr ? rule->score : 0);
  json.member("when", rule != nullptr ? std::string_view(rule->when_text) : "");
  json.member("reason", rule != nullptr ? std::string_view(rule->reason_text) : "");
  const rules::Explanation explanation = rule != nullptr ? rules::explain(*rule, set) : rules::Explanation{};
  json.member("words", explanation.sentence).key("windows_s").begin_array();
  for (const std::int64_t window_us : explanation.windows_us) json.value(static_cast<double>(window_us) / 1e6);
  json.end_array().member("hits", figures.hits);
  write_maybe_time(json, "last_hit", figures.last_hit_us);
  json.key("dispositions").begin_object().member("confirmed_fraud", figures.confirmed_fraud);
  json.member("false_positive", figures.false_positive).member("open", figures.undecided).end_object();
  const std::int64_t decided = figures.confirmed_fraud + figures.false_positive;
  json.key("precision");
  if (decided > 0) {
    json.value(static_cast<double>(figures.confirmed_fraud) / static_cast<double>(decided));
  } else {
    json.null();
  }
  json.end_object();
}

}  // namespace

Answered Api::get_statistics(const Call& call) {
  const auto minutes = number_parameter(call.query, "minutes", 15, 1, 60);
  if (!minutes) return std::unexpected(minutes.error());
  return json_response(parts_.hub.statistics(static_cast<int>(*minutes)));
}

Answered Api::get_events(const Call& call) {
  if (auto problem = audit_read(call, "events.read", "events")) return std::unexpected(*problem);
  const Identity& who = call.identity;
  auto feed = parts_.hub.subscribe(
      {.user = who.user, .credential = who.credential, .masked = who.masked(), .until_us = who.expires_us},
      call.request.header("last-event-id"));
  if (feed == nullptr) {
    return std::unexpected(Problem{.status = 503,
                                   .code = "unavailable",
                                   .message = "too many listen already",
                                   .headers = {{"Retry-After", "10"}}});
  }
  // A login that ended since it was looked at ended the feeds that were there, and not this one.
  const auto still = parts_.auth.identify(call.request, true);
  if (!still) return unavailable(still.error());
  if (!*still || (*still)->rights != who.rights) {
    return std::unexpected(Problem{.status = 401, .code = "unauthorized", .message = "the login has just ended"});
  }
  Response response;
  response.content_type = "text/event-stream";
  response.headers.emplace_back("X-Accel-Buffering", "no");
  response.feed = std::move(feed);
  return response;
}

Answered Api::get_openapi(const Call& /*call*/) {
  Response response;
  response.fixed_body = find_asset("/api/v1/openapi.json")->bytes;
  return response;
}

std::expected<std::string, Problem> Api::explanation(const store::AlertRow& alert) {
  const auto rule = std::ranges::find(parts_.rules.rules, alert.rule, &rules::Rule::id);
  const bool known = rule != parts_.rules.rules.end();
  std::vector<ExplainedWindow> windows;
  bool complete = false;
  if (known) {
    const std::int64_t from_us =
        alert.time_us - look_back_us(*rule, parts_.rules.longest_window_us + options_.lateness_us);
    const auto history = parts_.store.account_window(alert.account, from_us, alert.time_us);
    const auto figures = parts_.store.account_figures(alert.account);
    if (!history) return unavailable(history.error());
    if (!figures) return unavailable(figures.error());
    windows = explain_windows(*rule, *history, alert.transaction_id, alert.time_us);
    const auto judged = std::ranges::find(*history, alert.transaction_id, &store::TransactionRow::transaction_id);
    const bool held = judged != history->end();
    const bool dropped = parts_.hub.totals().transactions > options_.transactions_max;
    complete = held && history->size() < store::account_window_max &&
               (!dropped || figures->first_us.value_or(alert.time_us) < from_us);
  }
  std::string out;
  JsonWriter json(out, 0);
  json.begin_object().member("alert_id", alert.alert_id).member("rule", alert.rule);
  json.member("words", known ? rules::explain(*rule, parts_.rules).sentence : std::string());
  json.member("when", known ? std::string_view(rule->when_text) : "").member("reason", alert.reason);
  json.member("transaction_id", alert.transaction_id);
  json.member("same_rules", alert.rules_version == parts_.rules.version).member("complete", complete);
  json.key("windows").begin_array();
  for (const ExplainedWindow& window : windows) {
    json.begin_object().member("aggregate", window.aggregate).member("words", window.words);
    json.member("duration_s", static_cast<double>(window.duration_us) / 1e6);
    json.member("from", time_text(window.from_us)).member("to", time_text(window.to_us)).member("prior", window.prior);
    json.key("transaction_ids").begin_array();
    for (const std::string& id : window.transaction_ids) json.value(std::string_view(id));
    json.end_array().end_object();
  }
  json.end_array().end_object();
  return out;
}

Answered Api::get_account(const Call& call) {
  const bool masked = call.identity.masked();
  const auto limit = number_parameter(call.query, "limit", 200, 1, 500);
  if (!limit) return std::unexpected(limit.error());
  if (masked && !call.path[0].starts_with("acct_")) return not_found("account");
  const auto account = parts_.store.account(call.path[0]);
  if (!account) return unavailable(account.error());
  if (!*account) return not_found("account");
  const std::string ref = parts_.store.account_ref(**account);
  if (auto problem = audit_read(call, "account.read", ref)) return std::unexpected(*problem);
  std::optional<store::AlertRow> around;
  std::string why = "null";
  if (const auto id = call.maybe("around")) {
    auto found = parts_.store.alert(*id);
    if (!found) return unavailable(found.error());
    if (!*found || (*found)->account != **account) return not_found("alert of this account");
    around = **std::move(found);
    if (masked) around->reason = model::masked_text(around->reason, around->account);
    auto explained = explanation(*around);
    if (!explained) return std::unexpected(explained.error());
    why = *std::move(explained);
  }
  const auto transactions = parts_.store.account_transactions(**account, static_cast<std::size_t>(*limit),
                                                              around ? std::optional(around->time_us) : std::nullopt);
  store::AlertFilter filter;
  filter.account = **account;
  const auto alerts = parts_.store.alerts(filter, {.limit = account_alerts_max, .cursor = {}});
  const auto figures = parts_.store.account_figures(**account);
  if (!transactions) return unavailable(transactions.error());
  if (!alerts) return unavailable(alerts.error());
  if (!figures) return unavailable(figures.error());
  return json_of([&](JsonWriter& json) {
    json.begin_object().member("account_number", masked ? model::masked_account(**account) : **account);
    json.member("account_ref", ref).key("transactions").begin_array();
    for (const store::TransactionRow& transaction : *transactions) write_transaction(json, transaction, masked);
    json.end_array().key("alerts").begin_array();
    for (const store::AlertRow& alert : alerts->items) write_alert(json, alert, masked);
    json.end_array().key("explanation").number(why).key("totals").begin_object();
    json.member("transactions", figures->transactions).member("alerts", figures->alerts);
    json.member("amount", model::amount_text(figures->amount));
    write_maybe_time(json, "first_at", figures->first_us);
    write_maybe_time(json, "last_at", figures->last_us);
    json.end_object().end_object();
  });
}

Answered Api::get_rules(const Call& /*call*/) {
  auto figures = parts_.store.rule_figures();
  if (!figures) return unavailable(figures.error());
  return json_of([&](JsonWriter& json) {
    json.begin_object().member("rules_version", parts_.rules.version).member("file", parts_.rules.file);
    json.key("rules").begin_array();
    for (const rules::Rule& rule : parts_.rules.rules) {
      const auto found = std::ranges::find(*figures, rule.id, &store::RuleFigures::rule);
      store::RuleFigures none;
      none.rule = rule.id;
      write_rule(json, &rule, parts_.rules, found == figures->end() ? none : *found);
    }
    for (const store::RuleFigures& old : *figures) {
      const auto known = std::ranges::find(parts_.rules.rules, old.rule, &rules::Rule::id);
      if (known == parts_.rules.rules.end()) write_rule(json, nullptr, parts_.rules, old);
    }
    json.end_array().end_object();
  });
}

Answered Api::get_health(const Call& call) { return json_response(health_json(call.identity.may(admin_right))); }

Answered Api::get_labels(const Call& call) {
  const std::string format = call.maybe("format").value_or("csv");
  if (format != "csv" && format != "jsonl") return bad_request("format may be csv or jsonl");
  if (auto problem = audit_read(call, "labels.read", "labels")) return std::unexpected(*problem);
  const bool csv = format == "csv";
  Response response;
  response.content_type = csv ? "text/csv; charset=utf-8" : "application/jsonl";
  response.headers.emplace_back("Content-Disposition", fmt::format("attachment; filename=\"labels.{}\"", format));
  if (csv) response.body = "transaction_id,account_number,alert_id,rule,label,status,decided_at,decided_by\n";
  store::PageWish wish{.limit = labels_page, .cursor = {}};
  for (;;) {
    const auto page = parts_.store.labels(wish);
    if (!page) return unavailable(page.error());
    for (const store::LabelRow& label : page->items) append_label(response.body, label, csv);
    if (!page->next) return response;
    wish.cursor = *page->next;
  }
}

Answered Api::get_audit(const Call& call) {
  const auto from = time_parameter(call.query, "from");
  const auto to = time_parameter(call.query, "to");
  const auto wish = page_wish(call.query);
  if (!from) return std::unexpected(from.error());
  if (!to) return std::unexpected(to.error());
  if (!wish) return std::unexpected(wish.error());
  const auto page = parts_.store.audit_log({.user = call.maybe("user"),
                                            .action = call.maybe("action"),
                                            .subject = call.maybe("subject"),
                                            .from_us = *from,
                                            .to_us = *to},
                                           *wish);
  if (!page) return unavailable(page.error());
  return json_of([&](JsonWriter& json) {
    json.begin_object().key("items").begin_array();
    for (const store::AuditRow& entry : page->items) write_audit(json, entry);
    json.end_array();
    write_maybe(json, "next_cursor", page->next);
    json.end_object();
  });
}

}  // namespace bank::server
