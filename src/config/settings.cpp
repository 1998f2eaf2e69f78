#include "config/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/assert.h"
#include "base/closest.h"
#include "config/value.h"
#include "yaml/values.h"
#include "yaml/yaml.h"

namespace bank::config {

namespace {

std::size_t index_of(const Key& key) { return static_cast<std::size_t>(&key - registry().data()); }

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
}

std::string section_name(const std::string& prefix) {
  return prefix.empty() ? "the configuration" : fmt::format("'{}'", prefix.substr(0, prefix.size() - 1));
}

// What may stand directly under `prefix`: `threads` of `detect.threads`, `detect` where the prefix is empty.
std::vector<std::string_view> names_in(std::string_view prefix) {
  std::vector<std::string_view> names;
  for (const Key& key : registry()) {
    if (!key.name.starts_with(prefix)) continue;
    const std::string_view rest = key.name.substr(prefix.size());
    const std::string_view name = rest.substr(0, rest.find('.'));
    if (names.empty() || names.back() != name) names.push_back(name);
  }
  return names;
}

std::string unknown_variable(std::string_view name) {
  std::vector<std::string> known;
  for (const Key& key : registry()) known.push_back(environment_name(key));
  const std::vector<std::string_view> views(known.begin(), known.end());
  const std::string_view close = closest(name, views);
  return close.empty()
             ? fmt::format("{}: there is no such setting; `bank config` lists all, and BANK_ names are kept for them",
                           name)
             : fmt::format("{}: there is no such setting; did you mean {}?", name, close);
}

}  // namespace

// Gathers the layers, lowest first, and every mistake on the way.
class Loader {
 public:
  void read_file(const Sources& sources) {
    std::optional<std::string> path = sources.file;
    std::error_code ignored;
    for (const std::string& candidate : sources.default_files)
      if (!path && std::filesystem::exists(candidate, ignored)) path = candidate;
    if (!path) return;
    const auto document = yaml::Document::load(*path);
    if (!document) return problem(document.error().message);
    settings_.file_ = *path;
    path_ = *path;
    yaml::Problems problems(*path);
    read_section(document->root(), "", problems);
    if (!problems.empty()) problem(problems.error().message);
  }

  void read_environment(const std::vector<std::pair<std::string, std::string>>& variables) {
    for (const auto& [name, text] : variables) {
      if (!name.starts_with("BANK_") || name == "BANK_CONFIG") continue;
      const auto key = std::ranges::find(registry(), name, environment_name);
      if (key == registry().end())
        problem(unknown_variable(name));
      else
        set(*key, text, name);
    }
  }

  void read_flags(const std::vector<FlagValue>& flags) {
    for (const FlagValue& flag : flags) {
      const Key* key = find_key(flag.key);
      BANK_ASSERT(key != nullptr);
      if (key->type == Type::list)
        settings_.entries_[index_of(*key)] = {flag.values, flag.flag};
      else
        set(*key, flag.values.back(), flag.flag);
    }
  }

  // The default path is right in a clone of the project, and leads nowhere elsewhere. A file written by
  // `bank config --template` names it as well; the layers above are asked for what they say.
  void find_installed(const std::string& directory) {
    constexpr std::string_view source = "config/";  // what is installed as `directory`
    const Key& key = *find_key("detect.rules");
    Settings::Entry& entry = settings_.entries_[index_of(key)];
    std::error_code ignored;
    if (directory.empty() || settings_.string(key.name) != key.default_value) return;
    if (std::filesystem::exists(key.default_value, ignored)) return;
    BANK_ASSERT(key.default_value.starts_with(source));
    const std::string installed = fmt::format("{}/{}", directory, key.default_value.substr(source.size()));
    if (std::filesystem::exists(installed, ignored)) entry = {installed, entry.origin + ", as installed"};
  }

  Result<Settings> finish() {
    check_order("decision.review_threshold", "decision.block_threshold");
    for (const Key& key : registry())
      if (key.name.ends_with("_warn"))
        check_order(key.name, fmt::format("{}_critical", key.name.substr(0, key.name.rfind("_warn"))));
    check_data_dir();
    if (!problems_.empty()) return fail_config(problems_);
    settings_.expand_data_dir(std::string(settings_.string("data_dir")));
    return std::move(settings_);
  }

 private:
  // The entries of `node` are keys that begin with `prefix` (`detect.`).
  void read_section(const yaml::Node& node, const std::string& prefix, yaml::Problems& problems) {
    if (node.kind == yaml::Kind::null) return;  // A section of comments only.
    if (node.kind != yaml::Kind::map) {
      problems.add(node.mark, fmt::format("{} must be a mapping (key: value), and is {}", section_name(prefix),
                                          to_string(node.kind)));
      return;
    }
    for (const yaml::Entry& entry : node.entries) {
      const std::string name = prefix + entry.key;
      if (const Key* key = find_key(name))
        set(*key, entry.value, entry.key_mark, problems);
      else if (const auto known = names_in(name + '.'); !known.empty())
        read_section(entry.value, name + '.', problems);
      else
        problems.add(entry.key_mark, fmt::format("unknown key '{}' in {}{}", entry.key, section_name(prefix),
                                                 suggestion(entry.key, names_in(prefix))));
    }
  }

  void set(const Key& key, const yaml::Node& node, yaml::Mark key_mark, yaml::Problems& problems) {
    auto value = from_node(key, node);
    if (value)
      settings_.entries_[index_of(key)] = {*std::move(value), fmt::format("{}:{}", path_, key_mark.line)};
    else
      problems.add(node.mark, fmt::format("{}: {}", key.name, value.error()));
  }

  void set(const Key& key, std::string_view text, const Origin& origin) {
    auto value = parse_value(key, text);
    if (value)
      settings_.entries_[index_of(key)] = {*std::move(value), origin};
    else
      problem(fmt::format("{}: {}", origin, value.error()));
  }

  // Two numbers of which the first may not be above the second.
  void check_order(std::string_view lower, std::string_view upper) {
    const auto number = [this](std::string_view key) {
      const Value& value = settings_.value(key);
      return std::holds_alternative<double>(value) ? std::get<double>(value)
                                                   : static_cast<double>(std::get<std::int64_t>(value));
    };
    if (number(lower) <= number(upper)) return;
    problem(fmt::format("{} is {} ({}), above {}, which is {} ({}); it must not be higher", lower, number(lower),
                        settings_.origin(lower), upper, number(upper), settings_.origin(upper)));
  }

  void check_data_dir() {
    const std::string& directory = settings_.string("data_dir");
    if (directory.empty() || directory.find("{data_dir}") != std::string::npos)
      problem(
          fmt::format("{}: data_dir is '{}'; write a directory, as in data", settings_.origin("data_dir"), directory));
  }

  void problem(std::string_view message) {
    if (!problems_.empty()) problems_ += '\n';
    problems_ += message;
  }

  Settings settings_;
  std::string path_;  // of the file that is being read
  std::string problems_;
};

Settings::Settings() {
  for (const Key& key : registry()) {
    auto value = parse_value(key, key.default_value);
    BANK_ASSERT(value.has_value());
    entries_.push_back({*std::move(value), "default"});
  }
}

Settings Settings::defaults(const std::string& data_dir) {
  Settings settings;
  settings.expand_data_dir(data_dir);
  return settings;
}

Result<Settings> Settings::load(const Sources& sources) {
  Loader loader;
  loader.read_file(sources);
  loader.find_installed(sources.installed);
  loader.read_environment(sources.environment);
  loader.read_flags(sources.flags);
  return loader.finish();
}

void Settings::expand_data_dir(const std::string& directory) {
  for (Entry& entry : entries_) {
    if (auto* text = std::get_if<std::string>(&entry.value)) replace_all(*text, "{data_dir}", directory);
    if (auto* items = std::get_if<List>(&entry.value))
      for (std::string& item : *items) replace_all(item, "{data_dir}", directory);
  }
}

const Settings::Entry& Settings::entry(std::string_view name) const {
  const Key* key = find_key(name);
  BANK_ASSERT(key != nullptr);
  return entries_[index_of(*key)];
}

const Value& Settings::value(std::string_view key) const { return entry(key).value; }
const Origin& Settings::origin(std::string_view key) const { return entry(key).origin; }

namespace {
template <typename T>
const T& typed(const Value& value) {
  const T* found = std::get_if<T>(&value);
  BANK_ASSERT(found != nullptr);
  return *found;
}
}  // namespace

const std::string& Settings::string(std::string_view key) const { return typed<std::string>(value(key)); }
std::int64_t Settings::integer(std::string_view key) const { return typed<std::int64_t>(value(key)); }
double Settings::decimal(std::string_view key) const { return typed<double>(value(key)); }
std::int64_t Settings::duration_us(std::string_view key) const { return typed<std::int64_t>(value(key)); }
const List& Settings::list(std::string_view key) const { return typed<List>(value(key)); }
const Mapping& Settings::mapping(std::string_view key) const { return typed<Mapping>(value(key)); }

}  // namespace bank::config
