// A text with readable bytes behind it, as the decoder asks for.
#pragma once

#include <string>
#include <string_view>

namespace bank::codec {

/// Owns a copy of a text followed by 64 bytes of something else. For tests, and for callers that have only a few
/// records.
class PaddedText {
 public:
  explicit PaddedText(std::string_view text) : bytes_(text), size_(text.size()) {
    bytes_.append(64, '"');  // not a terminator: who reads too far shall notice
  }
  [[nodiscard]] std::string_view view() const { return std::string_view(bytes_).substr(0, size_); }

 private:
  std::string bytes_;
  std::size_t size_;
};

}  // namespace bank::codec
