// Writes one JSON document into a string: reports, health, summaries. Not for the hot path (codec/encode.h is).
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace bank {

/// Puts commas, indentation and escapes where they belong. The caller opens and closes in pairs, and gives a key before
/// each value of an object; that is asserted at the end of each object and array.
class JsonWriter {
 public:
  /// Appends to `out`, which must outlive it. `indent`: spaces a level; 0 writes everything on one line.
  explicit JsonWriter(std::string& out, int indent = 2) : out_(out), indent_(indent) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);

  /// A string. Bytes that are not UTF-8 become U+FFFD, so that the document is always valid.
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(std::same_as<bool> auto flag) { return number(flag ? "true" : "false"); }
  JsonWriter& value(std::signed_integral auto number_value) { return number(std::to_string(number_value)); }
  JsonWriter& value(std::unsigned_integral auto number_value)
    requires(!std::same_as<decltype(number_value), bool>)
  {
    return number(std::to_string(number_value));
  }
  /// The shortest text that reads back as the same double; null where it is not finite.
  JsonWriter& value(double real);
  JsonWriter& null() { return number("null"); }
  /// A number that is text already (exact money).
  JsonWriter& number(std::string_view text);

  /// key(name) and value(v).
  template <typename T>
  JsonWriter& member(std::string_view name, const T& v) {
    return key(name).value(v);
  }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void before_value();
  void new_line();

  std::string& out_;
  int indent_;
  int depth_ = 0;
  bool first_ = true;  ///< Nothing stands yet in the innermost object or array.
  bool after_key_ = false;
};

}  // namespace bank
