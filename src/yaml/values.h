// What a scalar says: whole numbers, durations, booleans, text. A getter that does not find what it
// wants adds to `problems` what is wrong, where, and what would be right, and returns nullopt.
#pragma once

#include <cstdint>
#include <expected>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "yaml/yaml.h"

namespace bank::yaml {

// From text, wherever it comes from (a file, a flag, the environment). The error is a message without a place, as in
// "'5x' is not a duration; write a whole number and one of s m h d, as in 5m".

inline constexpr std::int64_t max_duration_us = 3660LL * 86'400 * 1'000'000;

/// The smallest unit that a duration may be written in: seconds in rules, microseconds (`100us`, `250ms`) in settings.
enum class FinestUnit : std::uint8_t { second, microsecond };

/// `30s`, `5m`, `2h`, `7d`: microseconds, 0 to max_duration_us.
[[nodiscard]] std::expected<std::int64_t, std::string> parse_duration_us(std::string_view text,
                                                                         FinestUnit finest = FinestUnit::second);
/// Appends a duration as it would be written, in the largest unit that takes it whole, but 24h: `5m`, `24h`, `7d`.
void append_duration(std::string& out, std::int64_t us);

/// A whole number without leading zeros, blanks or plus sign, within both bounds.
[[nodiscard]] std::expected<std::int64_t, std::string> parse_integer(std::string_view text, std::int64_t min,
                                                                     std::int64_t max);
/// `true` or `false`.
[[nodiscard]] std::expected<bool, std::string> parse_boolean(std::string_view text);

// From a node. `name` is what the message calls it: the key.

[[nodiscard]] std::optional<std::int64_t> get_integer(const Node& node, std::string_view name, std::int64_t min,
                                                      std::int64_t max, Problems& problems);
[[nodiscard]] std::optional<std::int64_t> get_duration_us(const Node& node, std::string_view name, Problems& problems);
[[nodiscard]] std::optional<bool> get_boolean(const Node& node, std::string_view name, Problems& problems);
/// Any scalar, as its text; not empty.
[[nodiscard]] std::optional<std::string> get_text(const Node& node, std::string_view name, Problems& problems);

/// Reports what is no mapping, and its unknown keys ("unknown key 'sevrity' in a rule; did you mean 'severity'?").
/// `what` names the mapping. False where it is no mapping.
bool check_keys(const Node& node, std::string_view what, std::span<const std::string_view> known, Problems& problems);

}  // namespace bank::yaml
