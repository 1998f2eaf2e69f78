// How well the alerts found the fraud that the labels tell of.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/alert.h"

namespace bank::cli {

/// What counts as found: transactions with a risk from some threshold on.
struct Level {
  std::string name;           ///< `any alert`, `REVIEW or BLOCK`, `BLOCK`.
  std::uint64_t flagged = 0;  ///< Transactions.
  std::uint64_t right = 0;    ///< Of them fraudulent.
};

struct ScenarioScore {
  std::string name;  ///< As in the labels: `card_testing`.
  std::uint64_t transactions = 0;
  std::uint64_t flagged = 0;  ///< Of them with an alert.
  std::uint64_t cases = 0;
  std::uint64_t cases_found = 0;  ///< Of them with an alert on at least one transaction.
};

struct Score {
  std::uint64_t fraudulent = 0;          ///< Transactions with a label.
  std::array<Level, 3> levels;           ///< From the most to the fewest flagged.
  std::vector<ScenarioScore> scenarios;  ///< By name.

  /// Share of the flagged that are fraudulent; nullopt where nothing is flagged.
  [[nodiscard]] static std::optional<double> precision(const Level& level);
  /// Share of the fraudulent that are flagged; nullopt where nothing is fraudulent.
  [[nodiscard]] std::optional<double> recall(const Level& level) const;
};

/// Reads both files: labels as `bank generate` writes them (JSON lines or CSV), alerts as `bank detect` does, those of
/// one transaction one after another. Memory grows with the labels, not with the alerts. Errors (runtime): a file that
/// can't be read, or a line of another form.
[[nodiscard]] Result<Score> score_alerts(const std::string& labels_path, const std::string& alerts_path,
                                         model::DecisionThresholds thresholds);

}  // namespace bank::cli
