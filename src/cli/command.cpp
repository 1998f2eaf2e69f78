#include "cli/command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "base/assert.h"

namespace bank::cli {

namespace {

std::string_view value_name(const config::Key& key) {
  switch (key.type) {
    case config::Type::integer: return "N";
    case config::Type::decimal: return "X";
    case config::Type::duration: return "DURATION";
    case config::Type::choice: return key.choices;
    case config::Type::mapping: return "NAME=VALUE,…";
    case config::Type::list: return "TEXT…";
    case config::Type::string: return "TEXT";
  }
  return "";
}

std::string help_of(const config::Key& key) {
  return fmt::format("{} [{}{}{}]", key.why, key.name, key.default_value.empty() ? "" : ", default ",
                     key.default_value);
}

// `-t,--threads` → `--threads`
std::string long_name(const std::string& flag) { return flag.substr(flag.rfind(',') + 1); }

}  // namespace

CLI::App& add_command(CLI::App& parent, const std::string& name, const std::string& summary,
                      const std::string& examples) {
  CLI::App* command = parent.add_subcommand(name, summary);
  command->group("Commands");
  command->footer(examples);  // HelpFormatter prints it first.
  command->fallthrough();     // --quiet and the like may stand behind the command.
  return *command;
}

void on_run(CLI::App& command, Context& context, Action action) {
  // The parser calls a parent's callback after its subcommand's: the deepest one is the command that was meant.
  command.callback([&context, action = std::move(action)] {
    if (!context.action) context.action = action;
  });
}

CLI::Option* bind_flag(CLI::App& command, Context& context, const std::string& flag, std::string_view key_name) {
  const config::Key* key = config::find_key(key_name);
  BANK_ASSERT(key != nullptr);
  const auto give = [&context, name = std::string(key_name), shown = long_name(flag)](std::vector<std::string> values) {
    context.flag_values.push_back({name, shown, std::move(values)});
  };
  CLI::Option* option = nullptr;
  if (key->type == config::Type::list) {
    option = command.add_option_function<std::vector<std::string>>(flag, give, help_of(*key));
  } else {
    option = command.add_option_function<std::string>(
        flag, [give](const std::string& value) { give({value}); }, help_of(*key));
    if (key->type == config::Type::mapping)
      option->delimiter(',')->multi_option_policy(CLI::MultiOptionPolicy::Join);
    else
      option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }
  option->type_name(std::string(value_name(*key)));
  return option;
}

}  // namespace bank::cli
