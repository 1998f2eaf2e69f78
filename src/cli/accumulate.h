// Files into the accumulators of a report.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "adapters/file/file_source.h"
#include "analytics/accumulator.h"
#include "base/clock.h"
#include "base/result.h"
#include "cli/terminal.h"
#include "codec/decode.h"
#include "pipeline/ports.h"

namespace bank::cli {

/// What the reading needs besides the files' names. All that it points to outlives it.
struct Reading {
  Terminal& terminal;  ///< For progress.
  const Clock& clock;
  const std::atomic<bool>& stop_requested;
};

struct ReadTransactions {
  analytics::TransactionAccumulator accumulator;
  std::uint64_t bytes = 0;  ///< Of text, decompressed.
};

/// Reads transactions on `threads` threads, each account's on one of them, so that the accounts are held once.
/// `limits` holds for all threads together. Raising the stop flag ends it early.
[[nodiscard]] Result<ReadTransactions> read_transactions(const std::vector<std::string>& inputs,
                                                         file::SourceOptions source, std::size_t threads,
                                                         const analytics::Limits& limits, const Reading& reading);

/// The same from a source of JSON records, or whatever its streams say, under `names`.
[[nodiscard]] Result<ReadTransactions> read_transactions(pipeline::Source& source, const codec::FieldNames& names,
                                                         std::size_t threads, const analytics::Limits& limits,
                                                         const Reading& reading);

struct ReadAlerts {
  analytics::AlertAccumulator accumulator;  ///< Finished.
  std::uint64_t rejected = 0;               ///< Records that are no alerts.
  std::string first_rejected;               ///< Where the first of them stands and why; empty without.
};
[[nodiscard]] Result<ReadAlerts> read_alerts(const std::string& input, model::DecisionThresholds thresholds,
                                             const Reading& reading);

}  // namespace bank::cli
