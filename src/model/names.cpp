// The words of the model's enumerations, as they stand in every input and output.
#include "base/assert.h"
#include "model/alert.h"
#include "model/rejection.h"
#include "model/transaction.h"

namespace bank::model {

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::too_long: return "too_long";
    case Reason::not_utf8: return "not_utf8";
    case Reason::not_json: return "not_json";
    case Reason::not_object: return "not_object";
    case Reason::duplicate_key: return "duplicate_key";
    case Reason::missing_field: return "missing_field";
    case Reason::wrong_type: return "wrong_type";
    case Reason::bad_length: return "bad_length";
    case Reason::bad_amount_syntax: return "bad_amount_syntax";
    case Reason::amount_negative: return "amount_negative";
    case Reason::amount_too_large: return "amount_too_large";
    case Reason::amount_too_precise: return "amount_too_precise";
    case Reason::bad_timestamp: return "bad_timestamp";
    case Reason::bad_status: return "bad_status";
    case Reason::bad_csv: return "bad_csv";
  }
  BANK_ASSERT(false);
}

std::string_view to_string(Status status) {
  switch (status) {
    case Status::none: return "";
    case Status::pending: return "PENDING";
    case Status::completed: return "COMPLETED";
    case Status::failed: return "FAILED";
  }
  BANK_ASSERT(false);
}

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::low: return "LOW";
    case Severity::medium: return "MEDIUM";
    case Severity::high: return "HIGH";
    case Severity::critical: return "CRITICAL";
  }
  BANK_ASSERT(false);
}

std::string_view to_string(Decision decision) {
  switch (decision) {
    case Decision::approve: return "APPROVE";
    case Decision::review: return "REVIEW";
    case Decision::block: return "BLOCK";
  }
  BANK_ASSERT(false);
}

}  // namespace bank::model
