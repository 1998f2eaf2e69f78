#include "yaml/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <system_error>

#include "base/closest.h"

namespace bank::yaml {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct Unit {
  std::string_view name;
  std::int64_t us;
};
constexpr std::int64_t second_us = 1'000'000;
// The largest first.
constexpr std::array<Unit, 6> units{{{"d", 86'400 * second_us},
                                     {"h", 3'600 * second_us},
                                     {"m", 60 * second_us},
                                     {"s", second_us},
                                     {"ms", 1'000},
                                     {"us", 1}}};

/// 0, or digits that don't begin with 0.
bool is_whole(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_digit) && (text == "0" || text.front() != '0');
}

std::string not_text(const Node& node, std::string_view name, std::string_view wanted) {
  return fmt::format("'{}' must be {}, and is {}", name, wanted, to_string(node.kind));
}

template <typename T, typename Parse>
std::optional<T> get(const Node& node, std::string_view name, std::string_view wanted, Problems& problems,
                     Parse parse) {
  if (node.kind != Kind::scalar) {
    problems.add(node.mark, not_text(node, name, wanted));
    return std::nullopt;
  }
  if (!node.plain) {
    problems.add(node.mark, fmt::format("'{}' must be {}; write it without quotes", name, wanted));
    return std::nullopt;
  }
  std::expected<T, std::string> value = parse(node.text);
  if (!value) {
    problems.add(node.mark, fmt::format("'{}': {}", name, value.error()));
    return std::nullopt;
  }
  return *value;
}

}  // namespace

std::expected<std::int64_t, std::string> parse_duration_us(std::string_view text, FinestUnit finest) {
  const auto digits = static_cast<std::size_t>(std::ranges::find_if_not(text, is_digit) - text.begin());
  const std::string_view number = text.substr(0, digits);
  const auto unit = std::ranges::find(units, text.substr(digits), &Unit::name);
  const bool seconds = finest == FinestUnit::second;
  if (unit == units.end() || !is_whole(number) || (seconds && unit->us < second_us)) {
    return std::unexpected(fmt::format("'{}' is not a duration; write a whole number and one of {}, as in 5m", text,
                                       seconds ? "s m h d" : "us ms s m h d"));
  }
  std::int64_t count = 0;
  const auto read = std::from_chars(number.data(), number.data() + number.size(), count);
  if (read.ec != std::errc() || count > max_duration_us / unit->us) {
    return std::unexpected(fmt::format("'{}' is too long; the longest duration is 3660d", text));
  }
  return count * unit->us;
}

void append_duration(std::string& out, std::int64_t us) {
  if (us == 0) {
    out += "0s";
    return;
  }
  const auto unit =
      std::ranges::find_if(units, [us](const Unit& u) { return us % u.us == 0 && (u.name != "d" || us != u.us); });
  out += fmt::format("{}{}", us / unit->us, unit->name);
}

std::expected<std::int64_t, std::string> parse_integer(std::string_view text, std::int64_t min, std::int64_t max) {
  const auto wanted = [&] {
    if (min == std::numeric_limits<std::int64_t>::min() || max == std::numeric_limits<std::int64_t>::max()) {
      return min == 0   ? std::string("a whole number, 0 or more")
             : min == 1 ? std::string("a whole number above 0")
                        : std::string("a whole number");
    }
    return fmt::format("a whole number from {} to {}", min, max);
  };
  const bool negative = text.starts_with('-');
  if (!is_whole(text.substr(negative ? 1 : 0))) return std::unexpected(fmt::format("'{}' is not {}", text, wanted()));
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || value < min || value > max)
    return std::unexpected(fmt::format("{} is out of range; write {}", text, wanted()));
  return value;
}

std::expected<bool, std::string> parse_boolean(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return std::unexpected(fmt::format("'{}' is not a yes or no; write true or false", text));
}

std::optional<std::int64_t> get_integer(const Node& node, std::string_view name, std::int64_t min, std::int64_t max,
                                        Problems& problems) {
  return get<std::int64_t>(node, name, "a whole number", problems,
                           [&](std::string_view text) { return parse_integer(text, min, max); });
}

std::optional<std::int64_t> get_duration_us(const Node& node, std::string_view name, Problems& problems) {
  return get<std::int64_t>(node, name, "a duration, as in 5m", problems,
                           [](std::string_view text) { return parse_duration_us(text); });
}

std::optional<bool> get_boolean(const Node& node, std::string_view name, Problems& problems) {
  return get<bool>(node, name, "true or false", problems, parse_boolean);
}

std::optional<std::string> get_text(const Node& node, std::string_view name, Problems& problems) {
  if (node.kind != Kind::scalar) {
    const bool braces = node.kind == Kind::map || node.kind == Kind::sequence;
    problems.add(node.mark,
                 not_text(node, name, "a text") + (braces ? "; quote a text that begins with { or [" : "; write one"));
    return std::nullopt;
  }
  if (node.text.empty()) {
    problems.add(node.mark, fmt::format("'{}' is empty; write a text", name));
    return std::nullopt;
  }
  return node.text;
}

bool check_keys(const Node& node, std::string_view what, std::span<const std::string_view> known, Problems& problems) {
  if (node.kind != Kind::map) {
    problems.add(node.mark, fmt::format("{} must be a mapping (key: value), and is {}", what, to_string(node.kind)));
    return false;
  }
  for (const Entry& entry : node.entries) {
    if (std::ranges::find(known, entry.key) == known.end()) {
      problems.add(entry.key_mark,
                   fmt::format("unknown key '{}' in {}{}", entry.key, what, suggestion(entry.key, known)));
    }
  }
  return true;
}

}  // namespace bank::yaml
