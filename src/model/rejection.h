// Why a record was refused.
#pragma once

#include <cstdint>
#include <string_view>

namespace bank::model {

/// The reason code of a rejected record, as it stands in the dead-letter output (to_string). The codes are part of
/// the interface: add, never rename.
enum class Reason : std::uint8_t {
  too_long,           ///< Longer than 1 MiB.
  not_utf8,           ///< Bytes that are not UTF-8.
  not_json,           ///< Not well-formed JSON.
  not_object,         ///< JSON, but not an object.
  duplicate_key,      ///< The object (or the CSV header) names a key twice.
  missing_field,      ///< A required field is missing, null, or an empty CSV cell.
  wrong_type,         ///< A field has another JSON type than the contract says.
  bad_length,         ///< A string is empty or longer than its field allows.
  bad_amount_syntax,  ///< Not a number (CSV only; JSON calls it not_json or wrong_type).
  amount_negative,
  amount_too_large,    ///< 10^14 or more.
  amount_too_precise,  ///< More than 4 decimals.
  bad_timestamp,       ///< Not a date and time of the contract, or none that exists.
  bad_status,          ///< Not PENDING, COMPLETED or FAILED.
  bad_csv,             ///< A row with another number of cells than the header, or broken quoting.
};

[[nodiscard]] std::string_view to_string(Reason reason);

/// A refusal with the field that it is about, if it is about one.
struct Rejection {
  Reason reason;
  std::string_view field;  ///< Static text: one of the contract's field names, or empty.
};

}  // namespace bank::model
