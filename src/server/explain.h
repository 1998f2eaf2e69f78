// Why a rule fired: the windows that it looked at, and which transactions were in them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rules/ast.h"
#include "store/records.h"

namespace bank::server {

/// One question of a rule to the account's history. `last.…` and `since_last` are one together, `last`: from the latest
/// transaction before to the one that is judged.
struct ExplainedWindow {
  std::string aggregate;  ///< As a rules file spells it; `last`.
  std::string words;
  std::int64_t duration_us = 0;
  std::int64_t from_us = 0;
  std::int64_t to_us = 0;
  bool prior = false;
  std::vector<std::string> transaction_ids;  ///< Oldest first.
};

/// How far back a rule's condition looks: its longest window, or `history_us` where it asks for the transaction before,
/// which may be as old as what the engine keeps; 0 where it looks at nothing.
[[nodiscard]] std::int64_t look_back_us(const rules::Rule& rule, std::int64_t history_us);

/// The windows of the rule's condition at the transaction `id`. `history`: the account's transactions in the order in
/// which they arrived, at least those within look_back_us() before it; those that came after it are left out.
[[nodiscard]] std::vector<ExplainedWindow> explain_windows(const rules::Rule& rule,
                                                           const std::vector<store::TransactionRow>& history,
                                                           const std::string& id, std::int64_t time_us);

}  // namespace bank::server
