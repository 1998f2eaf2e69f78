// The screen that `bank run` ends in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analytics/report.h"
#include "cli/score.h"
#include "cli/terminal.h"

namespace bank::cli {

struct RunStep {
  std::string name;                ///< `generate`.
  std::uint64_t transactions = 0;  ///< Worked on; 0 where that says nothing.
  double seconds = 0;
};

struct RunFile {
  std::string path;
  std::string what;
};

/// What a run has come to.
struct RunOutcome {
  analytics::Report report;  ///< With alerts.
  std::uint64_t rejected = 0;
  std::optional<Score> score;  ///< Where labels exist.
  std::vector<RunStep> steps;
  std::vector<RunFile> files;
  std::vector<RunFile> next;  ///< Commands worth trying, and what each does.
};

/// For 80 columns, with or without colour.
void print_run_screen(Stream& out, const RunOutcome& outcome);

}  // namespace bank::cli
