#include "config/value.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "yaml/values.h"

namespace bank::config {

namespace {

std::optional<std::int64_t> parse_whole(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

std::optional<double> parse_double(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::string duration_text(std::int64_t us) {
  std::string text;
  yaml::append_duration(text, us);
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

bool within(const Key& key, double value) { return value >= key.min && value <= key.max; }

bool is_choice(const Key& key, std::string_view text) {
  const auto words = split(key.choices, '|');
  return std::ranges::find(words, text) != words.end();
}

std::expected<Value, std::string> parse_list(std::string_view text) {
  List items;
  for (const std::string_view part : split(text, ',')) {
    if (trim(part).empty()) return std::unexpected(fmt::format("'{}' has an empty item; write a,b,c", text));
    items.emplace_back(trim(part));
  }
  return items;
}

std::expected<Value, std::string> parse_mapping(std::string_view text) {
  Mapping pairs;
  int number = 0;
  for (const std::string_view part : split(text, ',')) {
    ++number;
    const std::size_t equals = part.find('=');
    const std::string_view name = trim(part.substr(0, equals));
    const std::string_view value = equals == std::string_view::npos ? "" : trim(part.substr(equals + 1));
    // The text is not quoted: what stands in it may be a password, and this part of it half of one, with a comma.
    if (name.empty() || value.empty()) {
      return std::unexpected(
          fmt::format("item {} between the commas is no name=value; write name=value,name=value", number));
    }
    if (std::ranges::find(pairs, name, &Mapping::value_type::first) != pairs.end())
      return std::unexpected(fmt::format("'{}' stands in it twice", name));
    pairs.emplace_back(name, value);
  }
  return pairs;
}

std::string number_text(const Key& key, double value) {
  if (key.type == Type::duration) return duration_text(static_cast<std::int64_t>(value * 1e6));
  if (key.type == Type::integer) return fmt::format("{}", static_cast<std::int64_t>(value));
  return fmt::format("{}", value);
}

}  // namespace

std::string expectation(const Key& key) {
  std::string text;
  switch (key.type) {
    case Type::string: return "a text";
    case Type::list: return "a list";
    case Type::mapping: return "a mapping";
    case Type::choice: {
      const auto words = split(key.choices, '|');
      for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) text += i + 1 < words.size() ? ", " : " or ";
        text += words[i];
      }
      return text;
    }
    case Type::integer: text = "a whole number"; break;
    case Type::decimal: text = "a number"; break;
    case Type::duration: text = "a whole number and one of us ms s m h d"; break;
  }
  if (std::isfinite(key.min) && std::isfinite(key.max))
    text += fmt::format("{} from {} to {}", key.type == Type::duration ? "," : "", number_text(key, key.min),
                        number_text(key, key.max));
  else if (std::isfinite(key.min) && key.min > 0)
    text += fmt::format(", at least {}", number_text(key, key.min));
  return text;
}

std::expected<Value, std::string> parse_value(const Key& key, std::string_view text) {
  const auto refuse = [&] {
    return std::unexpected(fmt::format("'{}' will not do; write {}", text, expectation(key)));
  };
  switch (key.type) {
    case Type::string: return std::string(text);
    case Type::list: return parse_list(text);
    case Type::mapping: return parse_mapping(text);
    case Type::choice:
      if (!is_choice(key, text)) return refuse();
      return std::string(text);
    case Type::decimal:
      if (const auto number = parse_double(text); number && within(key, *number)) return *number;
      return refuse();
    case Type::integer:
      if (const auto number = parse_whole(text); number && within(key, static_cast<double>(*number))) return *number;
      return refuse();
    case Type::duration:
      if (const auto us = yaml::parse_duration_us(text, yaml::FinestUnit::microsecond);
          us && within(key, static_cast<double>(*us) / 1e6))
        return *us;
      return refuse();
  }
  return refuse();
}

std::expected<Value, std::string> from_node(const Key& key, const yaml::Node& node) {
  const auto refuse = [&](std::string_view expected) {
    return std::unexpected(fmt::format("here stands {}; write {}", to_string(node.kind), expected));
  };
  if (key.type == Type::list) {
    if (node.kind != yaml::Kind::sequence && node.kind != yaml::Kind::null) return refuse("a list, as in [a, b]");
    List items;
    for (const yaml::Node& item : node.items) {
      if (item.kind != yaml::Kind::scalar || item.text.empty()) return refuse("texts in it, as in [a, b]");
      items.push_back(item.text);
    }
    return items;
  }
  if (key.type == Type::mapping) {
    if (node.kind != yaml::Kind::map && node.kind != yaml::Kind::null) return refuse("a mapping, as in {name: value}");
    Mapping pairs;
    for (const yaml::Entry& entry : node.entries) {
      if (entry.value.kind != yaml::Kind::scalar || entry.value.text.empty())
        return refuse(fmt::format("a text for '{}', as in {{{}: value}}", entry.key, entry.key));
      pairs.emplace_back(entry.key, entry.value.text);
    }
    return pairs;
  }
  if (key.type == Type::string && node.kind == yaml::Kind::null) return std::string();
  if (node.kind != yaml::Kind::scalar) return refuse(expectation(key));
  return parse_value(key, node.text);
}

std::string to_text(const Key& key, const Value& value) {
  struct Visitor {
    const Key& key;
    std::string operator()(const std::string& text) const { return text; }
    std::string operator()(double number) const { return fmt::format("{}", number); }
    std::string operator()(std::int64_t number) const {
      return key.type == Type::duration ? duration_text(number) : fmt::format("{}", number);
    }
    std::string operator()(const List& items) const { return fmt::format("{}", fmt::join(items, ",")); }
    std::string operator()(const Mapping& pairs) const {
      std::string text;
      for (const auto& [name, mapped] : pairs) text += fmt::format("{}{}={}", text.empty() ? "" : ",", name, mapped);
      return text;
    }
  };
  return std::visit(Visitor{key}, value);
}

}  // namespace bank::config
