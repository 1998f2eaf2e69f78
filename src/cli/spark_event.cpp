#include "cli/spark_event.h"

#include <charconv>

#include "codec/json_array.h"
#include "codec/json_reader.h"
#include "codec/utf8.h"

namespace bank::cli {
namespace {

std::string text_of(const codec::JsonValue& value) {
  if (value.kind == codec::JsonKind::null) return {};
  return value.escaped ? codec::unescape_json(value.text) : std::string(value.text);
}

std::uint64_t number_of(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// Nullopt unless `text` is a JSON object.
std::optional<std::vector<std::pair<std::string, std::string>>> members_of(std::string_view text) {
  if (!codec::is_utf8(text)) return std::nullopt;
  std::vector<std::pair<std::string, std::string>> members;
  codec::JsonObjectReader reader(text);
  codec::JsonObjectReader::Step step;
  while ((step = reader.next()) == codec::JsonObjectReader::Step::member) {
    members.emplace_back(text_of(reader.key()), text_of(reader.value()));
  }
  if (step != codec::JsonObjectReader::Step::end) return std::nullopt;
  return members;
}

}  // namespace

std::optional<SparkEvent> SparkEvent::parse(std::string_view line) {
  auto members = members_of(line);
  if (!members) return std::nullopt;
  SparkEvent event;
  event.members_ = *std::move(members);
  event.name_ = event.text("event");
  if (event.name_.empty()) return std::nullopt;
  return event;
}

std::string SparkEvent::text(std::string_view member) const {
  for (const auto& [name, value] : members_) {
    if (name == member) return value;
  }
  return {};
}

std::uint64_t SparkEvent::number(std::string_view member) const { return number_of(text(member)); }

std::vector<std::pair<std::string, std::uint64_t>> SparkEvent::numbers(std::string_view member) const {
  std::vector<std::pair<std::string, std::uint64_t>> numbers;
  const auto nested = members_of(text(member));
  if (!nested) return numbers;
  for (const auto& [name, value] : *nested) numbers.emplace_back(name, number_of(value));
  return numbers;
}

std::vector<std::string> SparkEvent::list(std::string_view member) const { return json_elements(text(member)); }

std::vector<std::string> json_elements(std::string_view array) {
  codec::JsonArraySplitter splitter;
  std::vector<codec::JsonArraySplitter::Element> parts;
  std::vector<std::string> elements;
  if (!splitter.feed(array, parts) || !splitter.finish(parts)) return elements;
  for (const auto& part : parts) {
    const std::string_view text = array.substr(part.begin, part.end - part.begin);
    // The reader of objects knows what a string is; so it gets an object with this one member.
    const auto members = members_of("{\"\":" + std::string(text) + "}");
    if (members && members->size() == 1) elements.push_back(members->front().second);
  }
  return elements;
}

}  // namespace bank::cli
