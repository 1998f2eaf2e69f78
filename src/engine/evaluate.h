// Works out a plan's expressions for one transaction.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "engine/history.h"
#include "engine/plan.h"
#include "engine/totals.h"
#include "model/transaction.h"

namespace bank::engine {

/// Answers each of the plan's queries at most once for a transaction, and only those that the rules come to ask.
class Evaluator {
 public:
  Evaluator(const Plan& plan, Histories& histories);

  /// What the transaction will be as an entry. Acquires its symbols; whoever does not insert the entry releases them.
  void describe(const model::Transaction& transaction, const Fingerprint& id, Entry& entry);
  void release_symbols(const Entry& entry);

  /// From here on, questions are about this transaction: its account's history before it, none of it older than
  /// `edge_us`. All are kept by reference until the next start().
  void start(const model::Transaction& transaction, const Entry& entry, const Account& account, std::int64_t edge_us);

  /// Whether the rule's preconditions are met; without them it does not hold.
  [[nodiscard]] bool may_hold(const CompiledRule& rule) const {
    for (const Precondition& precondition : rule.preconditions) {
      if (precondition.of_amount) {
        const std::int64_t units = transaction_->amount.units();
        if (units < precondition.low || units > precondition.high) return false;
      } else if (!has_entries(precondition.entries, precondition.window_us)) {
        return false;
      }
    }
    return true;
  }
  [[nodiscard]] bool holds(const Node& node);
  /// Appends the value as it stands in a reason.
  void append_value(std::string& out, const Node& node, const rules::Type& type);

 private:
  struct Exact {
    Int128 value = 0;
    bool null = false;
  };
  struct Real {
    double value = 0;
    bool null = false;
  };
  using Text = std::string_view;  // without data: null

  struct Place {  // a stored entry, or none (a null block)
    Block block;
    std::size_t index = 0;
    [[nodiscard]] bool none() const { return block.bytes() == nullptr; }
  };
  struct Answer {
    std::uint64_t stamp = 0;
    Totals totals;               // of the entries before; only `count` where the measure has no column
    std::uint64_t distinct = 0;  // of the entries before
    bool own_counts = false;     // the transaction itself meets the condition
    bool own_is_new = false;     // distinct: and its value is not null and not among those before
  };

  [[nodiscard]] bool holds_otherwise(const Node& node);
  [[nodiscard]] bool count_in_range(const Node& node);
  [[nodiscard]] Exact exact(const Node& node);
  [[nodiscard]] Real real(const Node& node);
  [[nodiscard]] Text text(const Node& node);
  [[nodiscard]] std::uint32_t symbol(const Node& node);
  [[nodiscard]] Text transaction_text(rules::Field field) const;
  [[nodiscard]] const Place& place(EntrySource source);
  [[nodiscard]] const Place& last();

  [[nodiscard]] Exact exact_aggregate(const Aggregate& aggregate);
  [[nodiscard]] Real real_aggregate(const Aggregate& aggregate);
  [[nodiscard]] Totals totals_of(const Aggregate& aggregate);
  [[nodiscard]] const Answer& answer(std::uint32_t query);
  void answer_small(const Query& query, Answer& answer);
  void answer_large(std::uint32_t query_index, const Query& query, Answer& answer);
  void answer_scan(const Query& query, Answer& answer);
  [[nodiscard]] std::int64_t window_begin(std::int64_t window_us) const {
    return std::max(entry_->time_us - window_us, edge_us_);
  }
  // Whether `count` entries before the transaction (1 or more) are in the window; true where that takes long to tell.
  [[nodiscard]] bool has_entries(std::int64_t count, std::int64_t window_us) const {
    if (account_->is_large()) return true;
    if (count > static_cast<std::int64_t>(end_ - account_->begin())) return false;
    return block_.times()[end_ - static_cast<std::size_t>(count)] >= window_begin(window_us);
  }
  void find_window(const Query& query, std::size_t& from, std::size_t& to) const;
  [[nodiscard]] bool own_key(const Query& query, std::uint64_t& key) const;
  [[nodiscard]] bool key_of(const Query& query, const Block& block, std::size_t at, std::uint64_t& key) const;

  const Plan& plan_;
  Histories& histories_;
  std::vector<Answer> answers_;
  std::uint64_t stamp_ = 0;

  const model::Transaction* transaction_ = nullptr;
  const Entry* entry_ = nullptr;
  const Account* account_ = nullptr;
  std::int64_t edge_us_ = 0;
  Block block_;          // of a small account
  std::size_t end_ = 0;  // small: entries not later than the transaction are [begin, end_)
  Place scanned_;
  Place last_;
  bool last_known_ = false;
  std::unordered_set<std::uint64_t> seen_;
};

/// Appends an exact number: `money` with two decimals, or as many more as it needs; else with as many as it needs.
void append_exact(std::string& out, Int128 value, int scale, bool money);

/// Appends a double: `money` with two decimals; else with up to four.
void append_real(std::string& out, double value, bool money);

}  // namespace bank::engine
