// What every subcommand is given.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cli/exit_code.h"
#include "cli/terminal.h"
#include "config/settings.h"

namespace bank::cli {

/// Which `bank` this is.
struct Build {
  std::string version = "unknown";
  std::string commit = "unknown";
};

struct Context {
  Clock& clock;
  Terminal& terminal;
  /// Becomes true at the first SIGINT, SIGTERM or SIGHUP: finish the record at hand, keep what is complete, say what
  /// was done, return.
  const std::atomic<bool>& stop_requested;

  std::string
      program;  ///< How this program was called, for commands that a reader may paste: `build/release/bin/bank`.

  Build build{};

  config::Settings settings{};  ///< Complete when an action runs.

  // Filled while the flags are parsed, for main().
  std::vector<config::FlagValue> flag_values{};
  std::function<Result<ExitCode>()> action{};
};

}  // namespace bank::cli
