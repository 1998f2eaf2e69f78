// Every setting there is, declared once.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bank::config {

enum class Type : std::uint8_t {
  string,
  choice,  ///< One of a few words.
  integer,
  decimal,
  duration,  ///< `100us`, `250ms`, `30s`, `5m`, `2h`, `7d`; kept in microseconds.
  list,      ///< Of strings; `a,b` in the environment.
  mapping,   ///< Name to string; `a=b,c=d` in the environment and in flags.
};
[[nodiscard]] std::string_view to_string(Type type);

/// One setting.
struct Key {
  std::string_view name;  ///< Dotted: `detect.threads`.
  Type type = Type::string;
  std::string_view default_value;  ///< As it would stand in a flag; lists and mappings with commas.
  std::string_view why;            ///< What it is and why one would change it, in one line.
  double min = -std::numeric_limits<double>::infinity();  ///< Integer, decimal; seconds of a duration.
  double max = std::numeric_limits<double>::infinity();
  std::string_view choices = {};  ///< Of a choice: `jsonl|csv`.
};

/// All keys, in the order of config/bank.yaml.
[[nodiscard]] std::span<const Key> registry();
/// Null if there is none of that name.
[[nodiscard]] const Key* find_key(std::string_view name);
/// `BANK_DETECT_THREADS`.
[[nodiscard]] std::string environment_name(const Key& key);

}  // namespace bank::config
