// However an array is cut into chunks, its elements are the same; and an array that RapidJSON takes for JSON has the
// elements that RapidJSON counts, without an error.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "codec/json_array.h"
#include "rapidjson.h"

namespace {

using Splitter = bank::codec::JsonArraySplitter;

// What a splitting came to, in words.
std::string split(std::string_view text, std::size_t chunk) {
  Splitter splitter;
  std::vector<Splitter::Element> elements;
  std::string error;
  for (std::size_t at = 0; at < text.size() && error.empty(); at += std::min(chunk, text.size() - at)) {
    const auto fed = splitter.feed(text.substr(at, chunk), elements);
    if (!fed) error = fed.error().message;
    BANK_ASSERT(!fed || splitter.keep_from() <= at + chunk);
  }
  if (error.empty()) {
    const auto finished = splitter.finish(elements);
    if (!finished) error = finished.error().message;
  }
  std::string words;
  std::uint64_t behind = 0;
  for (const Splitter::Element& element : elements) {
    BANK_ASSERT(element.begin >= behind && element.begin < element.end && element.end <= text.size());
    behind = element.end;
    const auto before = text.substr(0, static_cast<std::size_t>(element.begin));
    BANK_ASSERT(element.line == 1 + std::ranges::count(before, '\n'));
    words += std::to_string(element.begin) + "-" + std::to_string(element.end) + " ";
  }
  return words + error;
}

struct CountElements : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, CountElements> {
  bool StartObject() { return open(); }
  bool StartArray() { return open(); }
  bool EndObject(rapidjson::SizeType) { return close(); }
  bool EndArray(rapidjson::SizeType) { return close(); }
  bool Key(const char*, rapidjson::SizeType, bool) { return true; }
  bool Default() {
    elements += depth == 1;
    return true;
  }
  bool open() {
    elements += depth == 1;
    ++depth;
    return true;
  }
  bool close() {
    --depth;
    return true;
  }
  std::ptrdiff_t elements = 0;
  int depth = 0;
};

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string whole = split(text, size + 1);
  for (const std::size_t chunk : {1u, 2u, 3u, 7u, 16u, 33u}) BANK_ASSERT(split(text, chunk) == whole);

  if (text.find('\0') != text.npos) return 0;  // RapidJSON takes it for the end
  rapidjson::Reader reader;
  CountElements count;
  rapidjson::MemoryStream stream(text.data(), text.size());
  if (reader.Parse<rapidjson::kParseIterativeFlag>(stream, count).IsError()) return 0;
  if (text[text.find_first_not_of(" \t\r\n")] != '[') return 0;
  BANK_ASSERT(whole.empty() || whole.back() == ' ');  // no error
  BANK_ASSERT(std::ranges::count(whole, ' ') == count.elements);
  return 0;
}
