#include "cli/help.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "cli/table.h"

namespace bank::cli {

namespace {

constexpr int option_column = 26;
constexpr int command_column = 14;

std::string indented(const std::string& lines, const std::string& by) {
  std::string out;
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);) out += line.empty() ? "\n" : fmt::format("{}{}\n", by, line);
  return out;
}

// CLI11 leaves two blank lines between groups of flags.
std::string single_spaced(std::string text) {
  for (std::size_t at = text.find("\n\n\n"); at != std::string::npos; at = text.find("\n\n\n", at)) text.erase(at, 1);
  return text;
}

}  // namespace

std::string full_name(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name()
                                     : fmt::format("{} {}", full_name(*app.get_parent()), app.get_name());
}

HelpFormatter::HelpFormatter(int width) : width_(std::clamp(width, 60, 100)) {
  label("Positionals", "Arguments");
  label("SUBCOMMAND", "COMMAND");
  label("OPTIONS", "FLAGS");
}

std::string HelpFormatter::entry(const std::string& name, const std::string& description, int column) const {
  std::string out = "  " + name;
  int at = display_width(out);
  const auto next_line = [&] {
    out += '\n' + std::string(static_cast<std::size_t>(column), ' ');
    at = column;
  };
  if (at + 2 > column)
    next_line();
  else
    out.append(static_cast<std::size_t>(column - at), ' ');
  at = column;
  std::istringstream words(description);
  for (std::string word; words >> word;) {
    if (at > column && at + 1 + display_width(word) > width_) next_line();
    if (at > column) out += ' ';
    at += display_width(word) + (at > column ? 1 : 0);
    out += word;
  }
  return out + '\n';
}

std::string HelpFormatter::make_help(const CLI::App* app, std::string /*name*/, CLI::AppFormatMode mode) const {
  std::string help = app->get_description() + "\n\n";
  if (!app->get_footer().empty()) help += fmt::format("Examples:\n{}\n", indented(app->get_footer(), "  "));
  help += make_usage(app, full_name(*app));
  help += make_positionals(app);
  help += make_subcommands(app, mode);
  help += single_spaced(make_groups(app, mode));
  return help;
}

std::string HelpFormatter::make_option(const CLI::Option* option, bool is_positional) const {
  std::string name = make_option_name(option, is_positional);
  // Behind a colon CLI11 lists what its validators take, which is the description's to say.
  const std::string type = option->get_type_name();
  if (option->get_type_size() != 0 && !is_positional && !type.empty()) name += ' ' + type.substr(0, type.find(':'));
  return entry(name, make_option_desc(option), option_column);
}

std::string HelpFormatter::make_subcommand(const CLI::App* command) const {
  return entry(command->get_name(), command->get_description(), command_column);
}

}  // namespace bank::cli
