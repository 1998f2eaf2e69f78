// The detector itself: account histories, windows, rules. Pure: no I/O, no threads, no clock, no randomness.
//
// What it computes is docs/semantics.md. An Engine judges transactions in the order in which they are given; what it
// says of an account depends on that account's transactions alone, so that accounts may be spread over any number of
// engines.
//
// Memory: an account takes 64 bytes, 11 to 21 in the index, and a block of its entries, on average three quarters full.
// An entry takes 24 bytes, 8 for each expression that the rules add up or that `this.` and `last.` compare, 4 for each
// 32 conditions, and 4 for each text field that is counted or compared: 24 with seed.yaml, 44 with default.yaml. Above
// 64 entries an account has an index over them, about 50 bytes an entry more.
//
// Time: an answer's cost does not grow with the entries in its window, but for conditions that look at `this.`, which
// are asked of each entry in the window, and for a distinct count at a transaction that lags by another time than the
// ones before it, which looks at the entries between.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/alert.h"
#include "model/transaction.h"
#include "rules/ast.h"

namespace bank::engine {

class Plan;  // engine/plan.h: a RuleSet, compiled. Immutable; shared by any number of engines and threads.

inline constexpr std::int64_t lateness_max_us = std::int64_t{3660} * 86'400 * 1'000'000;

struct Options {
  /// L: how far behind its account's newest transaction one may come unharmed. From 0 to lateness_max_us.
  std::int64_t lateness_us = 3'600'000'000;
  model::DecisionThresholds thresholds = {};
};

/// A longer reason is cut, and ends in `…`: a text of the transaction may be a megabyte long.
inline constexpr std::size_t max_reason_bytes = 4096;

/// One rule that fired.
struct Firing {
  std::uint32_t rule = 0;          ///< Index into the rule set.
  std::uint32_t reason_begin = 0;  ///< The reason is reasons[reason_begin, reason_end) of its Judgements.
  std::uint32_t reason_end = 0;
};

/// What became of one transaction.
struct Verdict {
  std::uint32_t firing_begin =
      0;  ///< Its firings are firings[firing_begin, firing_end) of its Judgements, in rule order.
  std::uint32_t firing_end = 0;
  std::uint8_t risk = 0;
  model::Decision decision = model::Decision::approve;
  bool resend = false;  ///< The history held its id already: it was counted and otherwise ignored.
  bool late = false;    ///< It came more than L behind its account's newest transaction.
};

/// The verdicts of one batch, in the order of the batch. Reuse it: cleared, it keeps its memory.
struct Judgements {
  std::vector<Verdict> verdicts;
  std::vector<Firing> firings;
  std::string reasons;

  void clear();
  [[nodiscard]] std::string_view reason(const Firing& firing) const {
    return std::string_view(reasons).substr(firing.reason_begin, firing.reason_end - firing.reason_begin);
  }
};

/// Counts since the engine was made.
struct Statistics {
  std::uint64_t judged = 0;  ///< Without resends.
  std::uint64_t resends = 0;
  std::uint64_t late = 0;
  std::uint64_t accounts = 0;     ///< Held now.
  std::uint64_t entries = 0;      ///< Held now, of all accounts.
  std::uint64_t state_bytes = 0;  ///< Held now: what the histories, their index and the symbols take.
};

class Engine {
 public:
  Engine(std::shared_ptr<const Plan> plan, Options options);
  ~Engine();
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;

  /// Judges the transactions in order and appends a verdict for each to `out`. Nothing of the batch is kept by
  /// reference.
  void judge(std::span<const model::Transaction> batch, Judgements& out);

  /// Drops what is older than `edge` in every account, and the accounts that are then empty. For runtimes without an
  /// end, which call it with the newest event time that they trust − (W + 2L): for disorder within L it never changes a
  /// verdict. Memory of which most is no longer used is given back; what is held then stands twice for that moment.
  void forget_before(model::EventTime edge);

  /// Appends the account's history as bytes (versioned, checksummed, tied to the rules that need it); false, and
  /// nothing, for an account that it does not hold.
  bool save(std::string_view account_number, std::string& out) const;

  /// Replaces the account's history with a saved one. Refuses what is damaged, of another version, or saved under rules
  /// that keep other things; the engine is then as before.
  [[nodiscard]] Result<void> restore(std::span<const std::byte> saved);

  /// The accounts it holds, in no particular order.
  [[nodiscard]] std::vector<std::string> accounts() const;

  [[nodiscard]] Statistics statistics() const;
  [[nodiscard]] const Plan& plan() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace bank::engine
