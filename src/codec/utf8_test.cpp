#include "codec/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace bank::codec {
namespace {

// Encodes any number below 2^21 as if it were a code point, in `length` bytes.
std::string encoded(unsigned code, int length) {
  if (length == 1) return {static_cast<char>(code)};
  std::string out;
  constexpr unsigned leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
  out += static_cast<char>(leads[length] | code >> (6 * (length - 1)));
  for (int i = length - 2; i >= 0; --i) out += static_cast<char>(0x80 | (code >> (6 * i) & 0x3f));
  return out;
}

TEST(IsUtf8, ExactlyTheCodePointsInTheirShortestForm) {
  for (unsigned code = 0; code < 0x200000; ++code) {
    const int shortest = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    const bool exists = code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
    for (int length = shortest; length <= 4; ++length) {
      ASSERT_EQ(is_utf8(encoded(code, length)), exists && length == shortest) << code << " in " << length;
    }
  }
}

TEST(IsUtf8, AtEveryPlaceOfALongText) {
  EXPECT_TRUE(is_utf8(""));
  for (std::size_t place = 0; place < 40; ++place) {
    std::string text(60, 'a');
    text.replace(place, 4, "😀");
    EXPECT_TRUE(is_utf8(text)) << place;
    for (std::size_t cut = 1; cut < 4; ++cut) {
      EXPECT_FALSE(is_utf8(std::string(text).erase(place + cut, 1))) << place;
      EXPECT_FALSE(is_utf8(text.substr(0, place + cut))) << place;
    }
    text.replace(place, 4, "a\x80zz");
    EXPECT_FALSE(is_utf8(text)) << place;
  }
}

TEST(BeginAsUtf8, ReplacesWhatIsNoCharacterAndCutsBetweenThem) {
  EXPECT_EQ(begin_as_utf8("", 10), "");
  EXPECT_EQ(begin_as_utf8("busy", 10), "busy");
  EXPECT_EQ(begin_as_utf8("busy", 3), "bus");
  EXPECT_EQ(begin_as_utf8("gr\xc3\xbc\xc3\x9f", 10), "gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(begin_as_utf8("gr\xc3\xbc\xc3\x9f", 5), "gr\xc3\xbc");
  // Latin-1, and a character that was cut in two.
  EXPECT_EQ(begin_as_utf8("gr\xfc\xdf!", 20), "gr\xef\xbf\xbd\xef\xbf\xbd!");
  EXPECT_EQ(begin_as_utf8("\xe2\x82", 20), "\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(begin_as_utf8("\xff", 2), "");
}

}  // namespace
}  // namespace bank::codec
