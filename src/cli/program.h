// `bank` as a function, so that a test may run it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/context.h"

namespace bank::cli {

struct Invocation {
  std::string program;                                           ///< As it was called.
  std::vector<std::string> arguments;                            ///< Without the program's name.
  std::vector<std::pair<std::string, std::string>> environment;  ///< The whole of it.
  std::string version;                                           ///< What --version prints.
  Build build{};
  std::string installed{};  ///< As in config::Sources.
};

/// Parses, loads the settings, runs the command, and says what went wrong. The result is the exit code, but for
/// signals.
[[nodiscard]] int run_program(const Invocation& invocation, Clock& clock, Terminal& terminal,
                              const std::atomic<bool>& stop_requested);

}  // namespace bank::cli
