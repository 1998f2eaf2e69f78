#include "adapters/spark/java_text.h"

#include <gtest/gtest.h>

namespace bank::spark {
namespace {

TEST(JavaText, CharactersOfEveryLengthGoThereAndBack) {
  const std::string text = std::string("a\0b", 3) + "é€😀\xef\xbf\xbf";
  EXPECT_EQ(to_utf16(text).size(), 8U);
  EXPECT_EQ(to_utf8(to_utf16(text)), text);
  EXPECT_EQ(to_utf8(u"x\u00e9\U0001F600"), "xé😀");
}

TEST(JavaText, WhatIsNoCharacterIsReplaced) {
  EXPECT_EQ(to_utf16("a\xff\xc3"), u"a\ufffd\ufffd");
  EXPECT_EQ(to_utf16("\xed\xa0\x80!"), u"\ufffd\ufffd\ufffd!") << "a surrogate in UTF-8";
  const std::u16string lone = {u'a', char16_t{0xd800}, u'b', char16_t{0xdc00}, char16_t{0xd83d}};
  EXPECT_EQ(to_utf8(lone),
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd\xef\xbf\xbd");
}

}  // namespace
}  // namespace bank::spark
