// Reads one JSON object, member by member, by the letter of RFC 8259.
//
// Of the libraries at hand none leaves numbers alone: all refuse `1e400`, or a number of 400 digits, as not JSON, and a
// field that nobody asked for must not do that to a record; nor may an amount pass through a double. So the reader
// checks the grammar and hands out texts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bank::codec {

enum class JsonKind : std::uint8_t { null, boolean, number, string, array, object };

/// A value as it stands in the text; a string without its quotes.
struct JsonValue {
  JsonKind kind = JsonKind::null;
  bool escaped = false;  ///< A string with a backslash in it: unescape it before use.
  std::string_view text;
};

/// Walks through the members of a top-level object. Any nesting is fine: depth costs a bit a level, and no stack.
class JsonObjectReader {
 public:
  enum class Step : std::uint8_t {
    member,      ///< key() and value() hold the next member.
    end,         ///< The object is closed, and nothing but white space follows.
    malformed,   ///< The text is not JSON.
    not_object,  ///< The text is JSON, but not an object.
  };

  /// `text` is UTF-8, and outlives the reader. A string with an escaped surrogate that has no partner is malformed.
  explicit JsonObjectReader(std::string_view text) : p_(text.data()), end_(text.data() + text.size()) {}

  /// Goes on to the next member. Not to be called again once it has returned anything but `member`.
  [[nodiscard]] Step next();

  [[nodiscard]] const JsonValue& key() const { return key_; }
  [[nodiscard]] const JsonValue& value() const { return value_; }

 private:
  // Each moves p_ behind what it read; false: malformed.
  bool read_value(JsonValue& value);
  bool read_string(JsonValue& value);
  bool read_literal(std::string_view literal);
  bool read_number();
  bool read_nested();
  bool read_key_and_colon(JsonValue& key);

  [[nodiscard]] char peek() const { return p_ == end_ ? '\0' : *p_; }  // a zero byte is no part of JSON either
  void skip_space();

  const char* p_;
  const char* end_;
  bool started_ = false;
  JsonValue key_;
  JsonValue value_;
  std::vector<bool> open_;  // the brackets open in a nested value: true for a brace
};

/// Where the JSON number that starts at p ends, or nullptr if there is none.
[[nodiscard]] const char* skip_json_number(const char* p, const char* end);

/// What the escapes of a JSON string (JsonValue::text) stand for. The string is well-formed.
[[nodiscard]] std::string unescape_json(std::string_view text);

}  // namespace bank::codec
