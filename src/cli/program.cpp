#include "cli/program.h"

#include <fmt/format.h>

#include <map>
#include <memory>

#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/help.h"

namespace bank::cli {

namespace {

constexpr auto summary = "bank generates bank transactions, detects fraud in them, and reports on both.";
constexpr auto examples =
    "bank run                              # everything, once: generate, detect, analyze, summary\n"
    "bank generate --count 1000000         # a million transactions with labelled fraud\n"
    "bank detect --file data/*.json        # alerts for your own files\n"
    "bank rules check my-rules.yaml        # is this rules file right?\n"
    "bank COMMAND --help                   # examples and flags of a command";

struct GlobalFlags {
  ColorMode color = ColorMode::automatic;
  bool quiet = false;
  std::optional<std::string> config_file;
};

void add_global_flags(CLI::App& app, GlobalFlags& flags, const std::string& version) {
  const std::map<std::string, ColorMode> modes = {
      {"auto", ColorMode::automatic}, {"always", ColorMode::always}, {"never", ColorMode::never}};
  app.add_option("--config", flags.config_file,
                 "Configuration file [BANK_CONFIG, ./config/bank.yaml, /etc/bank/bank.yaml]")
      ->type_name("FILE");
  app.add_option("--color", flags.color, "When to use colour [auto: on a terminal, unless NO_COLOR is set]")
      ->transform(CLI::CheckedTransformer(modes))
      ->type_name("auto|always|never");
  app.add_flag("-q,--quiet", flags.quiet, "Say nothing on stderr but warnings and errors");
  app.set_help_flag("-h,--help", "Print this help");
  app.set_version_flag("--version", version, "Print version, commit and compiler");
}

config::Sources sources_of(const Invocation& invocation, const GlobalFlags& flags,
                           std::vector<config::FlagValue> flag_values) {
  config::Sources sources;
  sources.environment = invocation.environment;
  sources.file = flags.config_file;
  if (!sources.file)
    for (const auto& [name, value] : invocation.environment)
      if (name == "BANK_CONFIG" && !value.empty()) sources.file = value;
  sources.default_files = {"config/bank.yaml", "/etc/bank/bank.yaml"};
  sources.flags = std::move(flag_values);
  return sources;
}

// The command that the user was in the middle of.
const CLI::App& deepest(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : deepest(*chosen.front());
}

std::string full_name(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name()
                                     : fmt::format("{} {}", full_name(*app.get_parent()), app.get_name());
}

int exit_code(const Error& error) {
  return static_cast<int>(error.kind == ErrorKind::config ? ExitCode::usage : ExitCode::failed);
}

}  // namespace

int run_program(const Invocation& invocation, Clock& clock, Terminal& terminal,
                const std::atomic<bool>& stop_requested) {
  Context context{clock, terminal, stop_requested, {}, {}, {}};
  GlobalFlags flags;
  CLI::App app(summary, "bank");
  app.formatter(std::make_shared<HelpFormatter>(terminal.out().width()));
  app.footer(examples);
  app.require_subcommand(0, 1);
  add_global_flags(app, flags, invocation.version);
  add_commands(app, context);

  try {
    app.parse(std::vector<std::string>(invocation.arguments.rbegin(), invocation.arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    terminal.out().write(deepest(app).help());
    return static_cast<int>(ExitCode::ok);
  } catch (const CLI::CallForVersion&) {
    terminal.out().write(invocation.version + "\n");
    return static_cast<int>(ExitCode::ok);
  } catch (const CLI::ParseError& wrong) {
    terminal.configure(flags.color, flags.quiet);
    terminal.error({ErrorKind::config, wrong.what()});
    terminal.note(fmt::format("See {} --help.", full_name(deepest(app))));
    return static_cast<int>(ExitCode::usage);
  }
  terminal.configure(flags.color, flags.quiet);

  if (!context.action) {
    const CLI::App& command = deepest(app);
    terminal.out().write(command.help());
    return static_cast<int>(&command == &app ? ExitCode::ok : ExitCode::usage);
  }
  auto settings = config::Settings::load(sources_of(invocation, flags, std::move(context.flag_values)));
  if (!settings) {
    terminal.error(settings.error());
    return exit_code(settings.error());
  }
  context.settings = *std::move(settings);
  const Result<ExitCode> result = context.action();
  if (!result) {
    if (terminal.out().reader_gone()) return static_cast<int>(ExitCode::reader_gone);
    terminal.error(result.error());
    return exit_code(result.error());
  }
  return static_cast<int>(*result);
}

}  // namespace bank::cli
