#include "codec/utf8.h"

#include "codec/scan.h"

namespace bank::codec {
namespace {

// Bytes of the sequence that starts at p, where [p, end) begins with a byte that is not ASCII; 0 if it is none.
std::size_t sequence_length(const unsigned char* p, const unsigned char* end) {
  const auto in = [&](std::ptrdiff_t i, unsigned low, unsigned high) {
    return end - p > i && p[i] >= low && p[i] <= high;
  };
  const auto continues = [&](std::ptrdiff_t i) { return in(i, 0x80, 0xbf); };
  const unsigned lead = *p;
  if (lead >= 0xc2 && lead <= 0xdf) return continues(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const bool second = in(1, lead == 0xe0 ? 0xa0 : 0x80, lead == 0xed ? 0x9f : 0xbf);
    return second && continues(2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const bool second = in(1, lead == 0xf0 ? 0x90 : 0x80, lead == 0xf4 ? 0x8f : 0xbf);
    return second && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

bool is_utf8(std::string_view text) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = p + text.size();
  while (p != end) {
    if (end - p >= 16 && non_ascii(reinterpret_cast<const char*>(p)) == 0) {
      p += 16;
    } else if (*p < 0x80) {
      ++p;
    } else {
      const std::size_t length = sequence_length(p, end);
      if (length == 0) return false;
      p += length;
    }
  }
  return true;
}

std::string begin_as_utf8(std::string_view text, std::size_t bytes) {
  constexpr std::string_view replacement = "\xef\xbf\xbd";
  std::string out;
  while (!text.empty()) {
    const auto* p = reinterpret_cast<const unsigned char*>(text.data());
    const std::size_t length = *p < 0x80 ? 1 : sequence_length(p, p + text.size());
    const std::string_view character = length == 0 ? replacement : text.substr(0, length);
    if (out.size() + character.size() > bytes) break;
    out += character;
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

}  // namespace bank::codec
