// What a subcommand's file needs to join `bank`. A subcommand is one file, <name>.cpp, with
//
//   void add_<name>(CLI::App& app, Context& context);
//
// which calls add_command(), binds its flags, and hands over its action by on_run(). main() parses the flags, loads the
// settings and only then runs the action; so `context.settings` is complete when an action sees it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/context.h"
#include "cli/exit_code.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace bank::cli {

/// Adds `bank <name>` (or a subcommand of it: `parent` may be any command). `examples`: lines of commands, each with a
/// comment of what it does; --help opens with them.
CLI::App& add_command(CLI::App& parent, const std::string& name, const std::string& summary,
                      const std::string& examples);

using Action = std::function<Result<ExitCode>()>;
/// What `command` does. An Error is printed to stderr and ends as exit code 2 (config) or 1 (runtime).
void on_run(CLI::App& command, Context& context, Action action);

/// A flag that gives a setting its value, with the registry's text as its help: bind_flag(cmd, context, "--threads",
/// "detect.threads"). `flag` as in CLI11 (`-t,--threads`; `inputs` for positionals). Type and bounds are the registry's
/// to check. A list takes several values. Flags that are no setting are
/// added by CLI11's own functions.
CLI::Option* bind_flag(CLI::App& command, Context& context, const std::string& flag, std::string_view key);

}  // namespace bank::cli
