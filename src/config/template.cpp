#include "config/template.h"

#include <fmt/format.h>

#include <string_view>

#include "base/assert.h"
#include "config/settings.h"
#include "config/value.h"

namespace bank::config {

namespace {

constexpr std::string_view heading =
    "# Every setting of `bank`, with its default and one line of why.\n"
    "#\n"
    "# A flag wins over the environment, the environment over this file, this file over the default. The variable of a "
    "setting is\n"
    "# BANK_ and its key in capitals, with _ for each dot: BANK_DETECT_THREADS=4. Durations are written as 500ms, 30s, "
    "5m, 2h or 7d.\n"
    "# `bank config` shows the values in force and where each comes from; `bank config --template` prints this file.\n";

std::string quoted(std::string_view text) {
  constexpr std::string_view harmless = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./";
  if (!text.empty() && text.find_first_not_of(harmless) == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string yaml_value(const Key& key) {
  const auto value = parse_value(key, key.default_value);
  BANK_ASSERT(value.has_value());
  if (const auto* items = std::get_if<List>(&*value)) {
    std::string out;
    for (const std::string& item : *items) out += fmt::format("{}{}", out.empty() ? "" : ", ", quoted(item));
    return fmt::format("[{}]", out);
  }
  if (const auto* pairs = std::get_if<Mapping>(&*value)) {
    std::string out;
    for (const auto& [name, mapped] : *pairs)
      out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", quoted(name), quoted(mapped));
    return fmt::format("{{{}}}", out);
  }
  return key.type == Type::string ? quoted(key.default_value) : to_text(key, *value);
}

}  // namespace

std::string template_yaml() {
  std::string out(heading);
  std::string_view section;
  for (const Key& key : registry()) {
    const std::size_t dot = key.name.find('.');
    const std::string_view its_section = dot == std::string_view::npos ? "" : key.name.substr(0, dot);
    if (its_section != section || its_section.empty()) {
      out += '\n';
      if (!its_section.empty()) out += fmt::format("{}:\n", its_section);
      section = its_section;
    }
    const std::string_view indent = section.empty() ? "" : "  ";
    out += fmt::format("{}# {}\n{}{}: {}\n", indent, key.why, indent, key.name.substr(dot + 1), yaml_value(key));
  }
  return out;
}

}  // namespace bank::config
