// The report of `bank analyze`, for `bank run` too.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "adapters/file/file_source.h"
#include "analytics/report.h"
#include "base/result.h"
#include "cli/context.h"
#include "cli/terminal.h"
#include "pipeline/ports.h"

namespace bank::cli {

struct AnalyzeOptions {
  std::vector<std::string> inputs;  ///< Transactions: as for FileSource::open.
  std::string alerts;               ///< Alerts, as JSON lines; empty: none.
  bool alerts_required = false;     ///< Whether it is an error if that file is missing.
  std::string json;                 ///< Where the reports go; empty: nowhere, `-`: stdout.
  std::string html;
  pipeline::Source* stream = nullptr;  ///< If set, the transactions come from here, and `inputs` only names it.
  file::SourceOptions source;          ///< Format and column names.
  std::size_t top = 10;
  std::size_t threads = 1;  ///< At least 1.
  model::DecisionThresholds thresholds;
  std::optional<std::uint64_t> resends;  ///< Where a detector has just counted them.
};

/// What the settings say.
[[nodiscard]] Result<AnalyzeOptions> analyze_options(const Context& context);

struct Analysis {
  analytics::Report report;
  std::uint64_t bytes = 0;  ///< Of transactions, decompressed.
  double seconds = 0;
  bool stopped = false;  ///< The stop flag ended the reading: nothing was written.
};

/// Reads, writes the reports (both or neither), warns on the terminal of what is odd about the alerts.
[[nodiscard]] Result<Analysis> run_analyze(const AnalyzeOptions& options, Context& context);

/// The report in a screen or two.
void print_report(Stream& out, const analytics::Report& report);

}  // namespace bank::cli
