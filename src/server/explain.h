// Why a rule fired: the windows that it looked at, and which transactions were in them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rules/ast.h"
#include "store/records.h"

namespace bank::server {

/// One question of a rule to the account's history.
struct ExplainedWindow {
  std::string aggregate;  ///< As a rules file spells it.
  std::string words;
  std::int64_t duration_us = 0;
  std::int64_t from_us = 0;
  std::int64_t to_us = 0;
  bool prior = false;
  std::vector<std::string> transaction_ids;  ///< Oldest first.
};

/// The longest window of a rule's condition; 0 where it has none.
[[nodiscard]] std::int64_t longest_window_us(const rules::Rule& rule);

/// The windows of the rule's condition at the transaction `id`. `history`: the account's transactions in the order in
/// which they arrived, at least those within longest_window_us() before it; those that came after it are left out.
[[nodiscard]] std::vector<ExplainedWindow> explain_windows(const rules::Rule& rule,
                                                           const std::vector<store::TransactionRow>& history,
                                                           const std::string& id, std::int64_t time_us);

}  // namespace bank::server
