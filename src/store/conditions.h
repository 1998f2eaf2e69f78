// A WHERE clause in the making, its values beside it. Private to this room.
#pragma once

#include <fmt/args.h>
#include <fmt/format.h>

#include <deque>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "store/database.h"

namespace bank::store {

/// A text inside of a LIKE pattern whose escape is the backslash.
[[nodiscard]] inline std::string like_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

class Conditions {
 public:
  /// Places a value: `$3`.
  std::string place(Value value) {
    values_.push_back(value);
    return fmt::format("${}", values_.size());
  }
  /// `condition` has `{}` or `{0}` where each value's place is to stand; it is the program's, never a user's.
  void add(const std::string& condition, std::initializer_list<Value> values) {
    fmt::dynamic_format_arg_store<fmt::format_context> places;
    for (const Value& value : values) places.push_back(place(value));
    conditions_.push_back(fmt::vformat(condition, places));
  }
  /// One of these, or anything if there are none.
  template <typename T>
  void add_any(std::string_view column, const std::vector<T>& any) {
    if (any.empty()) return;
    std::string list;
    for (const T& each : any) {
      if (!list.empty()) list += ", ";
      if constexpr (std::is_enum_v<T>) {
        list += place(static_cast<std::int64_t>(each));
      } else {
        list += place(std::string_view(each));
      }
    }
    conditions_.push_back(fmt::format("{} IN ({})", column, list));
  }
  /// Keeps a text that is made for it.
  Value keep(std::string text) { return std::string_view(kept_.emplace_back(std::move(text))); }

  /// ` WHERE … AND …`, or empty.
  [[nodiscard]] std::string where() const {
    return conditions_.empty() ? std::string() : fmt::format(" WHERE {}", fmt::join(conditions_, " AND "));
  }
  [[nodiscard]] std::span<const Value> values() const { return values_; }

 private:
  std::vector<std::string> conditions_;
  std::vector<Value> values_;
  std::deque<std::string> kept_;
};

}  // namespace bank::store
