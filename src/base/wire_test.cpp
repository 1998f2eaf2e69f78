#include "base/wire.h"

#include <gtest/gtest.h>

#include <limits>

namespace bank::wire {
namespace {

TEST(Wire, NumbersAndTextsComeBack) {
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  std::string bytes;
  append(bytes, std::int32_t{-7});
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, most}) {
    append_varint(bytes, value);
  }
  append_text(bytes, "hello");
  Reader reader(bytes);
  EXPECT_EQ(reader.number<std::int32_t>(), -7);
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, most}) {
    EXPECT_EQ(reader.varint(), value);
  }
  EXPECT_FALSE(reader.done());
  EXPECT_EQ(reader.text(), "hello");
  EXPECT_TRUE(reader.done());
}

TEST(Wire, SmallNumbersOfEitherSignAreShort) {
  for (const std::int64_t value : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{63}, std::int64_t{-64}}) {
    EXPECT_LT(zigzag(value), 128U);
    EXPECT_EQ(unzigzag(zigzag(value)), value);
  }
  for (const std::int64_t value :
       {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    EXPECT_EQ(unzigzag(zigzag(value)), value);
  }
}

TEST(Wire, WhatIsCutOffIsNoticedOnce) {
  std::string bytes;
  append_text(bytes, "hello");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    Reader reader(std::string_view(bytes).substr(0, size));
    EXPECT_EQ(reader.text(), "");
    EXPECT_FALSE(reader.ok());
    EXPECT_EQ(reader.number<std::uint8_t>(), 0) << "what follows is gone too";
  }
}

TEST(Wire, AVarintWithoutAnEndIsRefused) {
  Reader reader("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
  EXPECT_EQ(reader.varint(), 0U);
  EXPECT_FALSE(reader.ok());
}

}  // namespace
}  // namespace bank::wire
