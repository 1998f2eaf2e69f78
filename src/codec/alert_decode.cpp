#include "codec/alert_decode.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

#include "codec/json_reader.h"
#include "codec/utf8.h"

namespace bank::codec {
namespace {

using model::Reason;
using model::Rejection;

/// In the order of the contract.
enum Member : std::uint8_t {
  alert_id,
  alert_type,
  severity,
  score,
  reason,
  transaction_id,
  account_number,
  amount,
  timestamp,
  rules_version,
  detected_at,
  source,
};
constexpr std::array<std::string_view, 12> names = {"alert_id",  "alert_type",     "severity",       "score",
                                                    "reason",    "transaction_id", "account_number", "amount",
                                                    "timestamp", "rules_version",  "detected_at",    "source"};
using Values = std::array<std::optional<JsonValue>, names.size()>;

std::string_view text_of(const JsonValue& value, TextArena& arena) {
  return value.escaped ? arena.keep(unescape_json(value.text)) : value.text;
}

std::optional<Rejection> read_members(std::string_view record, TextArena& arena, Values& values) {
  JsonObjectReader reader(record);
  for (;;) {
    switch (reader.next()) {
      case JsonObjectReader::Step::malformed: return Rejection{Reason::not_json, {}};
      case JsonObjectReader::Step::not_object: return Rejection{Reason::not_object, {}};
      case JsonObjectReader::Step::end: return std::nullopt;
      case JsonObjectReader::Step::member: break;
    }
    const std::string_view key = text_of(reader.key(), arena);
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (key != names[i]) continue;
      if (values[i]) return Rejection{Reason::duplicate_key, names[i]};
      values[i] = reader.value();
    }
  }
}

std::optional<model::Severity> severity_of(std::string_view word) {
  using enum model::Severity;
  for (const model::Severity severity_value : {low, medium, high, critical}) {
    if (word == to_string(severity_value)) return severity_value;
  }
  return std::nullopt;
}

std::optional<int> score_of(std::string_view number) {
  int value = -1;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc() || end != number.data() + number.size()) return std::nullopt;
  return value >= 0 && value <= model::max_risk ? std::optional(value) : std::nullopt;
}

}  // namespace

std::expected<model::AlertRecord, Rejection> decode_alert(std::string_view record, TextArena& arena) {
  const auto refuse = [](Reason why, Member member) { return std::unexpected(Rejection{why, names[member]}); };
  if (!is_utf8(record)) return std::unexpected(Rejection{Reason::not_utf8, {}});
  Values values;
  if (const auto rejection = read_members(record, arena, values)) return std::unexpected(*rejection);

  std::array<std::string_view, names.size()> texts;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto member = static_cast<Member>(i);
    if (!values[i] || values[i]->kind == JsonKind::null) return refuse(Reason::missing_field, member);
    const bool number = member == score || member == amount;
    if (values[i]->kind != (number ? JsonKind::number : JsonKind::string)) return refuse(Reason::wrong_type, member);
    texts[i] = number ? values[i]->text : text_of(*values[i], arena);
  }

  model::AlertRecord alert;
  alert.alert_id = texts[alert_id];
  alert.rule_id = texts[alert_type];
  alert.reason = texts[reason];
  alert.transaction_id = texts[transaction_id];
  alert.account_number = texts[account_number];
  alert.timestamp = texts[timestamp];
  alert.rules_version = texts[rules_version];
  alert.source = texts[source];
  for (const Member member : {alert_id, alert_type, transaction_id, account_number}) {
    if (texts[member].empty()) return refuse(Reason::bad_length, member);
  }
  const auto severity_value = severity_of(texts[severity]);
  if (!severity_value) return refuse(Reason::wrong_type, severity);
  alert.severity = *severity_value;
  const auto score_value = score_of(texts[score]);
  if (!score_value) return refuse(Reason::wrong_type, score);
  alert.score = *score_value;
  const auto amount_value = model::parse_amount(texts[amount]);
  if (!amount_value) return refuse(amount_value.error(), amount);
  alert.amount = *amount_value;
  const auto time = model::parse_event_time(texts[timestamp]);
  if (!time) return refuse(Reason::bad_timestamp, timestamp);
  alert.time = *time;
  const auto detected = model::parse_event_time(texts[detected_at]);
  if (!detected) return refuse(Reason::bad_timestamp, detected_at);
  alert.detected_at_us = detected->us();
  return alert;
}

}  // namespace bank::codec
