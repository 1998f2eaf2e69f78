// What the HTTP interface says of stored things, as JSON; openapi.json describes the shapes.
#pragma once

#include <string>
#include <string_view>

#include "base/json_writer.h"
#include "model/amount.h"
#include "store/records.h"

namespace bank::server {

/// RFC 3339 with microseconds, UTC.
[[nodiscard]] std::string time_text(std::int64_t us);

/// `masked`: account numbers as model::masked_account() has them, in reasons too.
void write_alert(JsonWriter& json, const store::AlertRow& alert, bool masked);
void write_transaction(JsonWriter& json, const store::TransactionRow& transaction, bool masked);
void write_case(JsonWriter& json, const store::CaseRow& one, bool masked);
void write_note(JsonWriter& json, const store::NoteRow& note);
void write_audit(JsonWriter& json, const store::AuditRow& entry);

/// The members of an alert or case, for an object that has more.
void write_alert_members(JsonWriter& json, const store::AlertRow& alert, bool masked);
void write_case_members(JsonWriter& json, const store::CaseRow& one, bool masked);

/// A text, or null.
void write_maybe(JsonWriter& json, std::string_view name, const std::optional<std::string>& text);
void write_maybe_time(JsonWriter& json, std::string_view name, std::optional<std::int64_t> us);
/// The member `lag_records`.
void write_lag(JsonWriter& json, std::optional<std::int64_t> lag);

}  // namespace bank::server
