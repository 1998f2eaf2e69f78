// `bank config`: the settings in force, and where each comes from.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>

#include "adapters/kafka/connection.h"
#include "base/closest.h"
#include "base/json_writer.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "config/settings.h"
#include "config/template.h"

namespace bank::cli {

namespace {

using config::Key;

// Librdkafka's properties may hold passwords, which are for nobody to read over a shoulder or in a log.
config::Value without_secrets(const config::Value& value) {
  const auto* pairs = std::get_if<config::Mapping>(&value);
  if (pairs == nullptr) return value;
  config::Mapping shown = *pairs;
  for (auto& [name, mapped] : shown) {
    if (kafka::is_secret(name)) mapped = "(hidden)";
  }
  return shown;
}

void print_table(Context& context) {
  const config::Settings& settings = context.settings;
  const config::Settings defaults = config::Settings::defaults(settings.string("data_dir"));
  Stream& out = context.terminal.out();
  Table table({{"KEY"}, {"VALUE"}, {"FROM"}}, 0);
  // A terminal cuts long values, so that the origins stay in line; a file or a pipe gets all of it.
  constexpr int other_columns = 60;
  const int room = out.is_terminal() ? std::max(20, out.width() - other_columns) : 1'000'000;
  for (const Key& key : config::registry()) {
    const config::Value value = without_secrets(settings.value(key.name));
    const bool changed = value != defaults.value(key.name);
    table.add({{key.name, changed ? Style::bold : Style::plain},
               {shortened(visible(to_text(key, value)), room), changed ? Style::bold : Style::plain},
               {settings.origin(key.name), settings.is_set(key.name) ? Style::plain : Style::dim}});
  }
  table.print(out);
}

void write_value(JsonWriter& json, const Key& key, const config::Value& value) {
  if (const auto* items = std::get_if<config::List>(&value)) {
    json.begin_array();
    for (const std::string& item : *items) json.value(std::string_view(item));
    json.end_array();
  } else if (const auto* pairs = std::get_if<config::Mapping>(&value)) {
    json.begin_object();
    for (const auto& [name, mapped] : *pairs) json.member(name, std::string_view(mapped));
    json.end_object();
  } else if (key.type == config::Type::integer) {
    json.value(std::get<std::int64_t>(value));
  } else if (key.type == config::Type::decimal) {
    json.value(std::get<double>(value));
  } else {
    json.value(std::string_view(to_text(key, value)));
  }
}

void print_json(Context& context) {
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  for (const Key& key : config::registry()) {
    json.key(key.name).begin_object().key("value");
    write_value(json, key, without_secrets(context.settings.value(key.name)));
    json.member("from", std::string_view(context.settings.origin(key.name))).end_object();
  }
  json.end_object();
  context.terminal.out().write(text + "\n");
}

Result<ExitCode> get(Context& context, const std::string& name) {
  const Key* key = config::find_key(name);
  if (key == nullptr) {
    std::vector<std::string_view> known;
    for (const Key& candidate : config::registry()) known.push_back(candidate.name);
    const std::string_view close = closest(name, known);
    return fail_config(fmt::format("there is no setting '{}'; {}", name,
                                   close.empty() ? "bank config lists all" : fmt::format("did you mean '{}'?", close)));
  }
  context.terminal.out().write(to_text(*key, without_secrets(context.settings.value(name))) + "\n");
  return ExitCode::ok;
}

}  // namespace

void add_config(CLI::App& app, Context& context) {
  struct Flags {
    bool json = false;
    bool as_template = false;
    std::string key;
  };
  const auto flags = std::make_shared<Flags>();
  CLI::App& command = add_command(app, "config", "Show the settings in force, and where each comes from.",
                                  "bank config                                  # every setting: value and origin\n"
                                  "bank config --json                           # the same for programs\n"
                                  "bank config get detect.threads               # one value\n"
                                  "BANK_DETECT_THREADS=2 bank config            # what a variable changes\n"
                                  "bank config --template > config/bank.yaml    # a file of all defaults, explained");
  command.add_flag("--json", flags->json, "Print JSON: {\"key\": {\"value\": …, \"from\": …}, …}");
  command.add_flag("--template", flags->as_template,
                   "Print a configuration file with every default and what it is for");
  command.require_subcommand(0, 1);
  on_run(command, context, [&context, flags]() -> Result<ExitCode> {
    if (flags->as_template)
      context.terminal.out().write(config::template_yaml());
    else if (flags->json)
      print_json(context);
    else
      print_table(context);
    return ExitCode::ok;
  });

  CLI::App& get_command =
      add_command(command, "get", "Print the value of one setting.", "bank config get detect.threads");
  get_command.add_option("KEY", flags->key, "The setting's dotted name")->required()->type_name("");
  on_run(get_command, context, [&context, flags] { return get(context, flags->key); });
}

}  // namespace bank::cli
