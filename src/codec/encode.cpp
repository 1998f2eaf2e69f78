#include "codec/encode.h"

#include <charconv>

#include "codec/csv.h"
#include "codec/scan.h"
#include "codec/utf8.h"

namespace bank::codec {
namespace {

void append_int(std::string& out, std::int64_t value) {
  char digits[20];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

void append_json_escape(std::string& out, char c) {
  constexpr char hex[] = "0123456789abcdef";
  switch (c) {
    case '"': out += "\\\""; break;
    case '\\': out += "\\\\"; break;
    case '\n': out += "\\n"; break;
    case '\r': out += "\\r"; break;
    case '\t': out += "\\t"; break;
    case '\b': out += "\\b"; break;
    case '\f': out += "\\f"; break;
    default:
      out += "\\u00";
      out += hex[c >> 4];
      out += hex[c & 15];
  }
}

// A JSON string's inside.
void append_json_text(std::string& out, std::string_view text) {
  const char* p = text.data();
  const char* const end = p + text.size();
  for (;;) {
    const char* const stop = find_string_stop(p, end);
    out.append(p, stop);
    if (stop == end) return;
    append_json_escape(out, *stop);
    p = stop + 1;
  }
}

void append_json_optional(std::string& out, const std::optional<std::string_view>& text) {
  if (text) {
    append_json_string(out, *text);
  } else {
    out += "null";
  }
}

void append_source(std::string& out, const model::Position& source) {
  out += "\"source\": \"";
  append_json_text(out, source.origin);
  append_int(out, source.number);
  out += '"';
}

// The members of a transaction, without the braces.
void append_members(std::string& out, const model::Transaction& transaction) {
  out += "\"transaction_id\": ";
  append_json_string(out, transaction.transaction_id);
  out += ", \"account_number\": ";
  append_json_string(out, transaction.account_number);
  out += ", \"transaction_type\": ";
  append_json_string(out, transaction.transaction_type);
  out += ", \"amount\": ";
  append_amount(out, transaction.amount);
  out += ", \"timestamp\": ";
  append_json_string(out, transaction.timestamp);
  out += ", \"location\": ";
  append_json_optional(out, transaction.location);
  out += ", \"merchant\": ";
  append_json_optional(out, transaction.merchant);
  if (transaction.status == model::Status::none) {
    out += ", \"status\": null";
  } else {
    out += ", \"status\": \"";
    out += to_string(transaction.status);
    out += '"';
  }
}

void append_base64(std::string& out, std::string_view bytes) {
  constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::string_view group = bytes.substr(i, 3);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      bits = bits << 8 | (k < group.size() ? static_cast<unsigned char>(group[k]) : 0u);
    }
    for (std::size_t k = 0; k < 4; ++k) out += k <= group.size() ? alphabet[bits >> (18 - 6 * k) & 63] : '=';
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  append_json_text(out, text);
  out += '"';
}

void append_alert(std::string& out, const model::Alert& alert, std::int64_t detected_at_us,
                  const model::Position& source) {
  const model::Transaction& transaction = alert.transaction;
  out += "{\"alert_id\": \"";
  append_json_text(out, transaction.transaction_id);
  out += ':';
  append_json_text(out, alert.rule_id);
  out += "\", \"alert_type\": ";
  append_json_string(out, alert.rule_id);
  out += ", \"severity\": \"";
  out += to_string(alert.severity);
  out += "\", \"score\": ";
  append_int(out, alert.score);
  out += ", \"reason\": ";
  append_json_string(out, alert.reason);
  out += ", \"transaction_id\": ";
  append_json_string(out, transaction.transaction_id);
  out += ", \"account_number\": ";
  append_json_string(out, transaction.account_number);
  out += ", \"amount\": ";
  append_amount(out, transaction.amount);
  out += ", \"timestamp\": ";
  append_json_string(out, transaction.timestamp);
  out += ", \"rules_version\": ";
  append_json_string(out, alert.rules_version);
  out += ", \"detected_at\": \"";
  append_rfc3339(out, model::EventTime::from_us(detected_at_us));
  out += "\", ";
  append_source(out, source);
  out += "}\n";
}

void append_processed(std::string& out, const model::Processed& processed) {
  out += '{';
  append_members(out, processed.transaction);
  out += ", \"risk\": ";
  append_int(out, processed.risk);
  out += ", \"decision\": \"";
  out += to_string(processed.decision);
  out += "\", \"rules\": [";
  bool first = true;
  for (const std::string_view rule : processed.fired) {
    if (!first) out += ", ";
    first = false;
    append_json_string(out, rule);
  }
  out += "]}\n";
}

void append_rejected(std::string& out, const model::Rejection& rejection, const model::Position& source,
                     std::string_view record, std::int32_t piece) {
  out += "{\"reason\": \"";
  out += to_string(rejection.reason);
  if (!rejection.field.empty()) {
    out += "\", \"field\": \"";
    out += rejection.field;
  }
  out += "\", ";
  append_source(out, source);
  if (piece != 0) {
    out += ", \"piece\": ";
    append_int(out, piece);
  }
  if (is_utf8(record)) {
    out += ", \"record\": ";
    append_json_string(out, record);
  } else {
    out += ", \"record_base64\": \"";
    append_base64(out, record);
    out += '"';
  }
  out += "}\n";
}

void append_transaction_json(std::string& out, const model::Transaction& transaction) {
  out += '{';
  append_members(out, transaction);
  out += "}\n";
}

std::string_view csv_header() {
  return "transaction_id,account_number,transaction_type,amount,timestamp,location,merchant,status\n";
}

void append_transaction_csv(std::string& out, const model::Transaction& transaction) {
  append_csv_cell(out, transaction.transaction_id);
  out += ',';
  append_csv_cell(out, transaction.account_number);
  out += ',';
  append_csv_cell(out, transaction.transaction_type);
  out += ',';
  append_amount(out, transaction.amount);
  out += ',';
  append_csv_cell(out, transaction.timestamp);
  out += ',';
  append_csv_cell(out, transaction.location.value_or(""));
  out += ',';
  append_csv_cell(out, transaction.merchant.value_or(""));
  out += ',';
  out += to_string(transaction.status);
  out += '\n';
}

}  // namespace bank::codec
