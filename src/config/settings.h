// The effective configuration: every setting's value and where it comes from.
//
// A setting's value is that of the first of: a flag, the environment (`BANK_` and the key in capitals, `_` for `.`),
// the configuration file, the default. The keys stand in config/registry.h; config/bank.yaml documents them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "config/registry.h"

namespace bank::config {

using List = std::vector<std::string>;
/// In the order in which it was written.
using Mapping = std::vector<std::pair<std::string, std::string>>;
/// string and choice: std::string; integer and duration (µs): std::int64_t; the others as they say.
using Value = std::variant<std::string, std::int64_t, double, List, Mapping>;

/// A value given by a flag: `--threads 4` for detect.threads.
struct FlagValue {
  std::string key;
  std::string flag;                 ///< As it stands in messages: `--threads`.
  std::vector<std::string> values;  ///< One, but for lists.
};

/// What load() reads. All of it is passed in, so that a test may be a whole environment.
struct Sources {
  std::optional<std::string> file;         ///< From --config; must exist.
  std::vector<std::string> default_files;  ///< The first of these that exists is read, if any.
  /// What `make install` puts beside the program, a copy of config/: `/usr/local/share/bank`. The default rules are
  /// taken from there where the working directory has none, also if the file names them. Empty: nowhere.
  std::string installed;
  std::vector<std::pair<std::string, std::string>>
      environment;               ///< Variables that don't begin with `BANK_` are ignored.
  std::vector<FlagValue> flags;  ///< The last one of a key wins.
};

/// Where a value comes from: `default`, `config/bank.yaml:12`, `BANK_DETECT_THREADS`, `--threads`; with `, as
/// installed` behind, where Sources::installed took its place.
using Origin = std::string;

class Settings {
 public:
  /// Every default, as it stands in the registry.
  Settings();
  /// Every default, with {data_dir} replaced.
  [[nodiscard]] static Settings defaults(const std::string& data_dir);

  /// Errors (config) name the place and what would be right: unknown or repeated key, a value of the wrong type or out
  /// of bounds, an unknown BANK_ variable, an unreadable file; several mistakes come as several lines.
  [[nodiscard]] static Result<Settings> load(const Sources& sources);

  // The value of a key; that the key exists and has the type is the caller's contract (asserted). In strings and lists
  // `{data_dir}` is already replaced by the value of data_dir.
  [[nodiscard]] const std::string& string(std::string_view key) const;
  [[nodiscard]] std::int64_t integer(std::string_view key) const;
  [[nodiscard]] double decimal(std::string_view key) const;
  [[nodiscard]] std::int64_t duration_us(std::string_view key) const;
  [[nodiscard]] const List& list(std::string_view key) const;
  [[nodiscard]] const Mapping& mapping(std::string_view key) const;

  [[nodiscard]] const Value& value(std::string_view key) const;
  [[nodiscard]] const Origin& origin(std::string_view key) const;
  /// Whether a flag, the environment or the file gave the value.
  [[nodiscard]] bool is_set(std::string_view key) const {
    return origin(key) != "default" && origin(key) != "default, as installed";
  }
  /// The configuration file that was read; nullopt if none.
  [[nodiscard]] const std::optional<std::string>& file() const { return file_; }

 private:
  struct Entry {
    Value value;
    Origin origin;
  };
  friend class Loader;
  [[nodiscard]] const Entry& entry(std::string_view key) const;
  void expand_data_dir(const std::string& directory);

  std::vector<Entry> entries_;  // in the order of the registry
  std::optional<std::string> file_;
};

/// A value as it stands in the configuration file and may be given to a flag: `30m`, `a,b`.
[[nodiscard]] std::string to_text(const Key& key, const Value& value);

}  // namespace bank::config
