// What a rule that fired says, and what is done with the transaction.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "model/transaction.h"

namespace bank::model {

enum class Severity : std::uint8_t { low, medium, high, critical };
[[nodiscard]] std::string_view to_string(Severity severity);  ///< `LOW` …

enum class Decision : std::uint8_t { approve, review, block };
[[nodiscard]] std::string_view to_string(Decision decision);  ///< `APPROVE` …

/// Risk from which a transaction is reviewed, and from which it is blocked. 0 ≤ review ≤ block ≤ 101 (101: never).
struct DecisionThresholds {
  int review = 50;
  int block = 80;
};

[[nodiscard]] constexpr Decision decide(int risk, DecisionThresholds thresholds) {
  if (risk >= thresholds.block) return Decision::block;
  return risk >= thresholds.review ? Decision::review : Decision::approve;
}

/// One rule that fired on one transaction. A view, like Transaction.
struct Alert {
  const Transaction& transaction;
  std::string_view rule_id;
  std::string_view reason;         ///< The rule's reason with its values filled in.
  std::string_view rules_version;  ///< Short hash of the rules file.
  int score = 0;
  Severity severity = Severity::low;
};

/// What became of one transaction. A view.
struct Processed {
  const Transaction& transaction;
  std::span<const std::string_view> fired;  ///< Ids of the rules that fired, in the order of the rules file.
  int risk = 0;
  Decision decision = Decision::approve;
};

/// Risk is the sum of the scores of the rules that fired, at most this.
inline constexpr int max_risk = 100;

}  // namespace bank::model
