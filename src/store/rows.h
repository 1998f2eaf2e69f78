// Columns to records, and the columns that a record takes. Private to this room.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/database.h"
#include "store/records.h"

namespace bank::store {

inline constexpr std::string_view alert_columns =
    "alert_id, rule, severity, score, reason, transaction_id, account, account_ref, amount, given_time, time_us, "
    "rules_version, detected_us, source, decision, risk, status, assignee, case_id, updated_us, version";
inline constexpr std::string_view transaction_columns =
    "transaction_id, account, account_ref, type, amount, given_time, time_us, location, merchant, status, risk, "
    "decision, rules";
inline constexpr std::string_view case_columns =
    "case_id, account, account_ref, status, assignee, severity, alerts, score, rules, first_us, last_us, updated_us, "
    "version";

[[nodiscard]] AlertRow alert_of(const Rows& rows, std::size_t row);
[[nodiscard]] TransactionRow transaction_of(const Rows& rows, std::size_t row);
[[nodiscard]] CaseRow case_of(const Rows& rows, std::size_t row);

/// Reads them all.
template <typename Read>
[[nodiscard]] auto all_of(const Rows& rows, Read read) {
  std::vector<decltype(read(rows, 0))> out;
  out.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) out.push_back(read(rows, i));
  return out;
}

/// Adds a text to a JSON array of texts unless it stands there.
void add_to_json_array(std::string& array, std::string_view text);

}  // namespace bank::store
