#include "cli/program.h"

#include <fmt/format.h>

#include <map>
#include <memory>

#include <CLI/CLI.hpp>

#include "base/closest.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/help.h"

namespace bank::cli {

namespace {

constexpr auto summary = "bank generates bank transactions, detects fraud in them, and reports on both.";
constexpr auto examples =
    "bank run                              # everything, once: generate, detect, analyze, summary\n"
    "bank generate --count 1000000         # a million transactions with labelled fraud\n"
    "bank detect --file mine/*.json.gz     # alerts for your own files\n"
    "bank rules check my-rules.yaml        # is this rules file right?\n"
    "bank COMMAND --help                   # examples and flags of a command";

struct GlobalFlags {
  ColorMode color = ColorMode::automatic;
  bool quiet = false;
  std::optional<std::string> config_file;
};

void add_global_flags(CLI::App& app, Context& context, GlobalFlags& flags, const std::string& version) {
  static const std::map<std::string, ColorMode> modes = {
      {"auto", ColorMode::automatic}, {"always", ColorMode::always}, {"never", ColorMode::never}};
  app.add_option("--config", flags.config_file,
                 "Configuration file [BANK_CONFIG, ./config/bank.yaml, /etc/bank/bank.yaml]")
      ->type_name("FILE");
  app.add_option_function<std::string>(
         "--color",
         [&flags](const std::string& word) {
           const auto mode = modes.find(word);
           if (mode == modes.end())
             throw CLI::ValidationError("--color", fmt::format("'{}'; write auto, always or never", word));
           flags.color = mode->second;
         },
         "When to use colour [auto: on a terminal, unless NO_COLOR is set]")
      ->type_name("auto|always|never");
  app.add_flag("-q,--quiet", flags.quiet, "Say nothing on stderr but warnings and errors");
  bind_flag(app, context, "--data-dir", "data_dir")->type_name("DIR");
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
  sources.installed = invocation.installed;
  sources.flags = std::move(flag_values);
  return sources;
}

// The command that the user was in the middle of.
const CLI::App& deepest(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : deepest(*chosen.front());
}

// What CLI11 says, or, where it says only that something was not expected, what may have been meant.
std::string parse_message(const CLI::ParseError& wrong, const CLI::App& root) {
  const CLI::App& command = deepest(root);
  const std::vector<std::string> unknown = root.remaining(true);
  if (dynamic_cast<const CLI::ExtrasError*>(&wrong) == nullptr || unknown.empty()) return wrong.what();
  const std::string& word = unknown.front();
  const bool is_flag = word.starts_with('-');
  const std::string name = word.substr(0, word.find('='));
  std::vector<std::string> known;
  if (is_flag) {
    for (const CLI::App* app = &command; app != nullptr; app = app->get_parent())
      for (const CLI::Option* option : app->get_options())
        for (const std::string& flag : option->get_lnames()) known.push_back("--" + flag);
  } else {
    for (const CLI::App* subcommand : command.get_subcommands({})) known.push_back(subcommand->get_name());
  }
  const std::vector<std::string_view> views(known.begin(), known.end());
  const std::string_view close = closest(name, views);
  return fmt::format("{} '{}' in `{}`{}",
                     is_flag         ? "unknown flag"
                     : known.empty() ? "unexpected argument"
                                     : "unknown command",
                     name, full_name(command), close.empty() ? "" : fmt::format("; did you mean {}?", close));
}

int exit_code(const Error& error) {
  return static_cast<int>(error.kind == ErrorKind::config ? ExitCode::usage : ExitCode::failed);
}

}  // namespace

int run_program(const Invocation& invocation, Clock& clock, Terminal& terminal,
                const std::atomic<bool>& stop_requested) {
  Context context{clock, terminal, stop_requested, invocation.program, invocation.build};
  GlobalFlags flags;
  CLI::App app(summary, "bank");
  app.formatter(std::make_shared<HelpFormatter>(terminal.out().width()));
  app.footer(examples);
  app.require_subcommand(0, 1);
  add_global_flags(app, context, flags, invocation.version);
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
    terminal.error({ErrorKind::config, parse_message(wrong, app)});
    terminal.note(fmt::format("See {} --help.", full_name(deepest(app))));
    return static_cast<int>(ExitCode::usage);
  }
  terminal.configure(flags.color, flags.quiet);

  if (!context.action) {
    const CLI::App& command = deepest(app);
    const bool overview = &command == &app;  // `bank` alone; else a command that needs one of its own.
    (overview ? terminal.out() : terminal.err()).write(command.help());
    return static_cast<int>(overview ? ExitCode::ok : ExitCode::usage);
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
