#include "server/body.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "codec/utf8.h"

namespace bank::server {
namespace {

using codec::JsonKind;
using codec::JsonObjectReader;

std::string text_of(const codec::JsonValue& value) {
  return value.escaped ? codec::unescape_json(value.text) : std::string(value.text);
}

// The elements of an array that the reader has found to be JSON.
std::optional<std::vector<std::string>> texts_of(std::string_view array) {
  std::vector<std::string> out;
  for (std::size_t i = 1; i + 1 < array.size(); ++i) {
    const char c = array[i];
    if (c == ',' || c == ' ' || c == '\t' || c == '\n' || c == '\r') continue;
    if (c != '"') return std::nullopt;
    const std::size_t begin = ++i;
    while (array[i] != '"') i += array[i] == '\\' ? 2 : 1;
    out.push_back(codec::unescape_json(array.substr(begin, i - begin)));
  }
  return out;
}

}  // namespace

Result<Body> Body::parse(std::string_view text, std::initializer_list<std::string_view> members) {
  if (!codec::is_utf8(text)) return fail("the body is not UTF-8");
  Body body;
  JsonObjectReader reader(text);
  for (;;) {
    switch (reader.next()) {
      case JsonObjectReader::Step::end: return body;
      case JsonObjectReader::Step::malformed: return fail("the body is not JSON");
      case JsonObjectReader::Step::not_object: return fail("the body is not a JSON object");
      case JsonObjectReader::Step::member: break;
    }
    const std::string name = text_of(reader.key());
    if (std::ranges::find(members, name) == members.end()) {
      return fail(fmt::format("the body may have {}, and nothing else", fmt::join(members, ", ")));
    }
    if (!body.values_.emplace(name, reader.value()).second) return fail(name + " stands in the body twice");
  }
}

bool Body::is_null(std::string_view name) const {
  const auto found = values_.find(name);
  return found != values_.end() && found->second.kind == JsonKind::null;
}

Result<std::optional<std::string>> Body::text(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  if (found->second.kind != JsonKind::string) return fail(fmt::format("{} must be a text", name));
  return text_of(found->second);
}

Result<std::string> Body::required_text(std::string_view name) const {
  Result<std::optional<std::string>> found = text(name);
  if (!found) return std::unexpected(found.error());
  if (!*found) return fail(fmt::format("{} is missing", name));
  return **std::move(found);
}

Result<std::optional<std::int64_t>> Body::integer(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  const std::string_view digits = found->second.text;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (found->second.kind != JsonKind::number || error != std::errc() || end != digits.data() + digits.size()) {
    return fail(fmt::format("{} must be a whole number", name));
  }
  return number;
}

Result<std::optional<bool>> Body::boolean(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  if (found->second.kind != JsonKind::boolean) return fail(fmt::format("{} must be true or false", name));
  return found->second.text == "true";
}

Result<std::optional<std::vector<std::string>>> Body::texts(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  if (found->second.kind == JsonKind::array) {
    if (auto out = texts_of(found->second.text)) return out;
  }
  return fail(fmt::format("{} must be an array of texts", name));
}

}  // namespace bank::server
