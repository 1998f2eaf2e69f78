// A request's JSON body, read strictly: one object, known members, each once.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/json_reader.h"

namespace bank::server {

class Body {
 public:
  /// Errors say what is wrong with it. `text` outlives it.
  [[nodiscard]] static Result<Body> parse(std::string_view text, std::initializer_list<std::string_view> members);

  [[nodiscard]] bool has(std::string_view name) const { return values_.contains(name); }
  [[nodiscard]] bool is_null(std::string_view name) const;
  // Errors: it is there, and of another kind; nullopt where it is missing.
  [[nodiscard]] Result<std::optional<std::string>> text(std::string_view name) const;
  [[nodiscard]] Result<std::optional<std::int64_t>> integer(std::string_view name) const;
  [[nodiscard]] Result<std::optional<bool>> boolean(std::string_view name) const;
  [[nodiscard]] Result<std::optional<std::vector<std::string>>> texts(std::string_view name) const;
  /// The same as text(), but an error where it is missing.
  [[nodiscard]] Result<std::string> required_text(std::string_view name) const;

 private:
  std::map<std::string, codec::JsonValue, std::less<>> values_;
};

}  // namespace bank::server
