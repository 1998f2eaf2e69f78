#include "pipeline/lane.h"

#include <gtest/gtest.h>

#include <string>

namespace bank::pipeline {
namespace {

TEST(ClearText, KeepsTheMemoryOfAnUsualTextAndGivesBackThatOfAHugeOne) {
  std::string text(1 << 20, 'x');
  const std::size_t usual = text.capacity();
  clear_text(text);
  EXPECT_TRUE(text.empty());
  EXPECT_EQ(text.capacity(), usual);

  text.assign(64 << 20, 'x');
  clear_text(text);
  EXPECT_TRUE(text.empty());
  EXPECT_LT(text.capacity(), usual);
}

}  // namespace
}  // namespace bank::pipeline
