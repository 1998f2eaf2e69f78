#include "config/settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "config/value.h"

namespace bank::config {

namespace {

std::size_t index_of(const Key& key) { return static_cast<std::size_t>(&key - registry().data()); }

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
}

}  // namespace

// Gathers the layers, lowest first, and every mistake on the way.
class Loader {
 public:
  void read_environment(const std::vector<std::pair<std::string, std::string>>& variables) {
    for (const auto& [name, text] : variables) {
      if (!name.starts_with("BANK_") || name == "BANK_CONFIG") continue;
      const auto key = std::ranges::find(registry(), name, environment_name);
      if (key == registry().end())
        problem(fmt::format("unknown environment variable {}", name));
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

  Result<Settings> finish() {
    if (!problems_.empty()) return fail_config(problems_);
    settings_.expand_data_dir();
    return std::move(settings_);
  }

 private:
  void set(const Key& key, std::string_view text, const Origin& origin) {
    auto value = parse_value(key, text);
    if (value)
      settings_.entries_[index_of(key)] = {*std::move(value), origin};
    else
      problem(fmt::format("{}: {}", origin, value.error()));
  }

  void problem(std::string_view message) {
    if (!problems_.empty()) problems_ += '\n';
    problems_ += message;
  }

  Settings settings_;
  std::string problems_;
};

Settings::Settings() {
  for (const Key& key : registry()) {
    auto value = parse_value(key, key.default_value);
    BANK_ASSERT(value.has_value());
    entries_.push_back({*std::move(value), "default"});
  }
}

Result<Settings> Settings::load(const Sources& sources) {
  Loader loader;
  loader.read_environment(sources.environment);
  loader.read_flags(sources.flags);
  return loader.finish();
}

void Settings::expand_data_dir() {
  const std::string directory = string("data_dir");
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
std::int64_t Settings::size_bytes(std::string_view key) const { return typed<std::int64_t>(value(key)); }
bool Settings::boolean(std::string_view key) const { return typed<bool>(value(key)); }
const List& Settings::list(std::string_view key) const { return typed<List>(value(key)); }
const Mapping& Settings::mapping(std::string_view key) const { return typed<Mapping>(value(key)); }

}  // namespace bank::config
