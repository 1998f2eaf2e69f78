// An alert that was read back, from a file or a topic, rather than just made.
#pragma once

#include <cstdint>
#include <string_view>

#include "model/alert.h"
#include "model/amount.h"
#include "model/event_time.h"

namespace bank::model {

/// The fields of an alert as the contract lists them. A view: the strings belong to whoever decoded it.
struct AlertRecord {
  std::string_view alert_id;
  std::string_view rule_id;  ///< `alert_type`.
  std::string_view reason;
  std::string_view transaction_id;
  std::string_view account_number;
  std::string_view timestamp;  ///< The transaction's, as it was given.
  std::string_view rules_version;
  std::string_view source;  ///< Where the transaction stood: `data/sample.json:17`.
  Amount amount;
  EventTime time;                   ///< What `timestamp` says.
  std::int64_t detected_at_us = 0;  ///< Wall clock, microseconds since 1970 UTC.
  int score = 0;
  Severity severity = Severity::low;
};

}  // namespace bank::model
