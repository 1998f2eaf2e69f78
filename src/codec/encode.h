// Model to bytes. Each function appends one line, its newline included.
#pragma once

#include <string>
#include <string_view>

#include "model/alert.h"
#include "model/position.h"
#include "model/rejection.h"
#include "model/transaction.h"

namespace bank::codec {

/// Appends `text` as a JSON string, quotes included. `text` is valid UTF-8.
void append_json_string(std::string& out, std::string_view text);

/// One alert, fields in the order of the contract. `detected_at_us`: wall clock, printed as RFC 3339 with microseconds,
/// UTC.
void append_alert(std::string& out, const model::Alert& alert, std::int64_t detected_at_us,
                  const model::Position& source);

/// One processed transaction: its fields as in the contract, then `risk`, `decision`, `rules`.
void append_processed(std::string& out, const model::Processed& processed);

/// One rejected record, kept whole: `reason`, `field` (where there is one), `source`, then `record`, or `record_base64`
/// where the bytes are not UTF-8. `piece`, where it isn't 0, says that `record` is only the piece of this number, from
/// 1, of a record too long to be held at once.
void append_rejected(std::string& out, const model::Rejection& rejection, const model::Position& source,
                     std::string_view record, std::int32_t piece = 0);

/// One transaction as a JSON line, fields in the order of the contract, null fields written as null.
void append_transaction_json(std::string& out, const model::Transaction& transaction);

/// The header line of the rows that append_transaction_csv writes.
[[nodiscard]] std::string_view csv_header();
void append_transaction_csv(std::string& out, const model::Transaction& transaction);

}  // namespace bank::codec
