// One engine at work: it judges transactions in order, encodes what they came to, and counts. File mode has several
// that share the accounts; Kafka mode one for each partition.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/plan.h"
#include "model/position.h"
#include "model/transaction.h"

namespace bank::pipeline {

inline constexpr std::size_t decision_count = 3;

/// A part of a text.
struct Piece {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

/// Empties a text that is used again; one that a huge record has blown up gives its memory back.
void clear_text(std::string& text);

/// What some transactions came to. Reuse it: cleared, it keeps its memory.
struct Judged {
  /// The lines of one transaction; there is one for each that has any.
  struct Lines {
    std::uint32_t transaction = 0;  ///< Its place in the span.
    std::uint32_t alert_count = 0;
    Piece alerts;
    Piece processed;
  };
  std::vector<Lines> lines;  ///< In the order of the transactions.
  std::string alerts;        ///< JSON lines.
  std::string processed;     ///< JSON lines; empty unless asked for.
  std::uint64_t alert_count = 0;

  void clear();
};

/// What a lane has done since it was made.
struct LaneCounts {
  std::vector<std::uint64_t> alerts_by_rule;              ///< In the order of the rules file.
  std::array<std::uint64_t, decision_count> decisions{};  ///< By model::Decision.
};

class Lane {
 public:
  Lane(const std::shared_ptr<const engine::Plan>& plan, const engine::Options& options);

  /// Judges the transactions in order and appends their lines to `out`. `position_of(i)` is asked for those that raise
  /// an alert. `processed`: whether the processed lines are wanted. The texts of one `out` stay below 4 GiB (asserted).
  void judge(std::span<const model::Transaction> transactions, bool processed, std::int64_t now_us,
             const std::function<model::Position(std::size_t)>& position_of, Judged& out);

  /// What the engine said of each, at the last judge(); until the next judge() or replay().
  [[nodiscard]] const engine::Judgements& judgements() const { return judgements_; }

  /// Judges for the history's sake alone: says nothing and counts nothing.
  void replay(std::span<const model::Transaction> transactions);

  [[nodiscard]] engine::Engine& engine() { return engine_; }
  [[nodiscard]] const engine::Engine& engine() const { return engine_; }
  [[nodiscard]] const LaneCounts& counts() const { return counts_; }

 private:
  void encode(const model::Transaction& transaction, const engine::Verdict& verdict, bool processed,
              std::int64_t now_us, const model::Position& position, Judged::Lines& lines, Judged& out);

  engine::Engine engine_;
  LaneCounts counts_;
  std::vector<std::string_view> fired_;  // reused
  engine::Judgements judgements_;        // reused, so that it is in the cache
};

}  // namespace bank::pipeline
