#include "adapters/spark/java_text.h"

#include "codec/utf8.h"

namespace bank::spark {
namespace {

constexpr char32_t replacement = 0xfffd;
constexpr char32_t first_supplementary = 0x10000;

bool is_high(char16_t unit) { return unit >= 0xd800 && unit < 0xdc00; }
bool is_low(char16_t unit) { return unit >= 0xdc00 && unit < 0xe000; }

void append(std::string& out, char32_t c) {
  const auto byte = [&out](char32_t value) { out += static_cast<char>(value); };
  if (c < 0x80) {
    byte(c);
    return;
  }
  if (c < 0x800) {
    byte(0xc0 | c >> 6);
  } else if (c < first_supplementary) {
    byte(0xe0 | c >> 12);
    byte(0x80 | (c >> 6 & 0x3f));
  } else {
    byte(0xf0 | c >> 18);
    byte(0x80 | (c >> 12 & 0x3f));
    byte(0x80 | (c >> 6 & 0x3f));
  }
  byte(0x80 | (c & 0x3f));
}

// How long the character is that begins with this byte, if it is one.
std::size_t length_of(unsigned char first) {
  if (first < 0x80) return 1;
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
}

char32_t character(std::string_view bytes) {
  const auto first = static_cast<unsigned char>(bytes[0]);
  if (bytes.size() == 1) return first;
  char32_t c = first & (0x7fU >> bytes.size());
  for (const char next : bytes.substr(1)) c = c << 6 | (static_cast<unsigned char>(next) & 0x3fU);
  return c;
}

}  // namespace

std::string to_utf8(std::u16string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char16_t unit = text[i];
    if (is_high(unit) && i + 1 < text.size() && is_low(text[i + 1])) {
      append(out, first_supplementary + ((unit & 0x3ffU) << 10) + (text[++i] & 0x3ffU));
    } else {
      append(out, is_high(unit) || is_low(unit) ? replacement : unit);
    }
  }
  return out;
}

std::u16string to_utf16(std::string_view text) {
  std::u16string out;
  out.reserve(text.size());
  while (!text.empty()) {
    std::string_view bytes = text.substr(0, length_of(static_cast<unsigned char>(text[0])));
    char32_t c = replacement;
    if (codec::is_utf8(bytes)) {
      c = character(bytes);
    } else {
      bytes = bytes.substr(0, 1);
    }
    text.remove_prefix(bytes.size());
    if (c < first_supplementary) {
      out += static_cast<char16_t>(c);
    } else {
      out += static_cast<char16_t>(0xd800 + ((c - first_supplementary) >> 10));
      out += static_cast<char16_t>(0xdc00 + ((c - first_supplementary) & 0x3ff));
    }
  }
  return out;
}

}  // namespace bank::spark
