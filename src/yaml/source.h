// Places in a YAML source text. Private to this room.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "yaml/yaml.h"

namespace bank::yaml {

/// Bytes of the UTF-8 sequence at `offset`; 0 where it is none (overlong, surrogate, cut off, beyond U+10FFFF).
[[nodiscard]] std::size_t utf8_length(std::string_view text, std::size_t offset);

/// Line and column of byte offsets that mostly ascend; a step forward costs its length, a step back starts anew.
class Cursor {
 public:
  explicit Cursor(std::string_view source) : source_(source) {}
  Cursor(std::string_view source, std::size_t offset, Mark mark) : source_(source), offset_(offset), mark_(mark) {}
  [[nodiscard]] Mark at(std::size_t offset);

 private:
  std::string_view source_;
  std::size_t offset_ = 0;
  Mark mark_{1, 1};
};

/// The offset of the quote that closes the one at `offset`.
[[nodiscard]] std::optional<std::size_t> closing_quote(std::string_view source, std::size_t offset);

}  // namespace bank::yaml
