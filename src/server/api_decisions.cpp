// POST /api/v1/decisions: one transaction, or many.
#include <fmt/format.h>

#include "codec/decode.h"
#include "codec/encode.h"
#include "codec/json_array.h"
#include "server/api.h"

namespace bank::server {
namespace {

constexpr std::size_t padding = 64;
constexpr std::size_t transactions_max = 10'000;

void append_said(std::string& out, std::string_view transaction_id, const Said& said, bool resend) {
  out += "{\"transaction_id\": ";
  codec::append_json_string(out, transaction_id);
  fmt::format_to(std::back_inserter(out), ", \"decision\": \"{}\", \"risk\": {}, \"fired\": {}, \"resend\": {}}}",
                 model::to_string(said.decision), said.risk, said.fired, resend);
}

Problem rejected(const model::Rejection& rejection) {
  return {.status = 400,
          .code = std::string(model::to_string(rejection.reason)),
          .message = rejection.field.empty() ? std::string("this is no transaction as docs/semantics.md has it")
                                             : fmt::format("{} is not as docs/semantics.md has it", rejection.field),
          .headers = {}};
}

void append_rejected(std::string& out, const model::Rejection& rejection) {
  out += "{\"error\": {\"code\": ";
  codec::append_json_string(out, model::to_string(rejection.reason));
  out += ", \"field\": ";
  if (rejection.field.empty()) {
    out += "null";
  } else {
    codec::append_json_string(out, rejection.field);
  }
  out += ", \"message\": ";
  codec::append_json_string(out, rejected(rejection).message);
  out += "}}";
}

std::unexpected<Problem> behind() {
  return std::unexpected(Problem{.status = 503,
                                 .code = "unavailable",
                                 .message = "the store is behind; nothing more is judged until it has caught up",
                                 .headers = {{"Retry-After", "2"}}});
}

/// The value of `transactions` where that is the body's only member; nullopt where the body is something else.
std::optional<codec::JsonValue> batch_of(std::string_view body) {
  codec::JsonObjectReader reader(body);
  if (reader.next() != codec::JsonObjectReader::Step::member || reader.key().text != "transactions") {
    return std::nullopt;
  }
  const codec::JsonValue value = reader.value();
  if (reader.next() != codec::JsonObjectReader::Step::end) return std::nullopt;
  return value;
}

/// Where a transaction that was judged in an earlier life of the program is looked up.
std::expected<Said, Problem> said_earlier(store::Store& store, const model::Transaction& transaction) {
  const auto row = store.transaction(transaction.transaction_id);
  if (!row) return unavailable(row.error());
  if (!*row || !(*row)->decision) {
    return std::unexpected(Problem{.status = 409,
                                   .code = "already_judged",
                                   .message = "it was judged before, and what was said then is not kept any more"});
  }
  Said said{.decision = *(*row)->decision, .risk = (*row)->risk.value_or(0), .fired = "[]"};
  const auto alerts = store.alerts_of_transaction(transaction.transaction_id);
  if (!alerts) return unavailable(alerts.error());
  if (alerts->empty()) return said;
  said.fired.clear();
  JsonWriter json(said.fired, 0);
  json.begin_array();
  for (const store::AlertRow& alert : *alerts) {
    json.begin_object().member("rule", alert.rule).member("severity", model::to_string(alert.severity));
    json.member("score", alert.score).member("reason", alert.reason).end_object();
  }
  json.end_array();
  return said;
}

}  // namespace

Answered Api::post_decisions(const Call& call) {
  // Before anything is judged: a repeat would be taken for known, and never reach the store.
  if (parts_.intake.behind()) return behind();
  static thread_local codec::JsonDecoder decoder{codec::FieldNames()};
  std::string text = call.request.body;
  const std::size_t size = text.size();
  text.append(padding, '\0');
  const std::string_view body = std::string_view(text).substr(0, size);
  codec::TextArena arena;
  std::string processed;
  std::string alerts;
  std::optional<Problem> failed;
  const auto judge = [&](const model::Transaction& transaction, std::string& out) {
    Judged judged = parts_.decisions.judge(transaction, "api:", ++decision_number_, processed, alerts);
    if (judged.forgotten) {
      if (!call.ask_store) {
        failed.emplace().status = 0;
        return;
      }
      auto said = said_earlier(parts_.store, transaction);
      if (!said) {
        failed = said.error();
        return;
      }
      judged.said = *std::move(said);
    }
    append_said(out, transaction.transaction_id, judged.said, judged.resend);
  };

  std::string out;
  if (const auto batch = batch_of(body)) {
    // The store may have to be asked in its midst, when a part has been judged.
    if (!call.ask_store) return std::unexpected(Problem{.status = 0, .code = {}, .message = {}, .headers = {}});
    if (batch->kind != codec::JsonKind::array) return bad_request("transactions must be an array");
    codec::JsonArraySplitter splitter;
    std::vector<codec::JsonArraySplitter::Element> elements;
    if (!splitter.feed(batch->text, elements) || !splitter.finish(elements)) {
      return bad_request("transactions must be an array of objects");
    }
    if (elements.size() > transactions_max) {
      return std::unexpected(
          Problem{.status = 413, .code = "too_large", .message = fmt::format("at most {} at once", transactions_max)});
    }
    out = "{\"results\": [";
    for (const auto& element : elements) {
      if (out.back() != '[') out += ", ";
      const auto transaction = decoder.decode(batch->text.substr(element.begin, element.end - element.begin), arena);
      if (!transaction) {
        append_rejected(out, transaction.error());
        continue;
      }
      judge(*transaction, out);
      if (failed) break;
    }
    out += "]}";
  } else {
    const auto transaction = decoder.decode(body, arena);
    if (!transaction) return std::unexpected(rejected(transaction.error()));
    judge(*transaction, out);
  }
  // What was judged is in the engine, and so is to be in the store, whatever became of the rest.
  if (!processed.empty()) parts_.intake.offer(processed, alerts);
  if (failed) return std::unexpected(*std::move(failed));
  return json_response(std::move(out));
}

}  // namespace bank::server
