#include "pipeline/newlines.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace bank::pipeline {
namespace {

TEST(CountNewlines, CountsThemAll) {
  std::mt19937 random(3);
  for (std::size_t size = 0; size < 20'000; size = size * 3 / 2 + 1) {
    std::string text(size, '\n');
    EXPECT_EQ(count_newlines(text), size);
    for (char& c : text) c = random() % 3 == 0 ? '\n' : 'x';
    EXPECT_EQ(count_newlines(text), static_cast<std::size_t>(std::ranges::count(text, '\n')));
  }
}

TEST(FindNewlines, FindsThemAllInOrder) {
  std::mt19937 random(4);
  for (std::size_t size = 0; size < 20'000; size = size * 3 / 2 + 1) {
    std::string text(size, 'x');
    for (char& c : text) c = random() % 30 == 0 ? '\n' : 'x';
    std::vector<std::uint32_t> expected{7};
    for (std::size_t i = 0; i < size; ++i) {
      if (text[i] == '\n') expected.push_back(static_cast<std::uint32_t>(i));
    }
    std::vector<std::uint32_t> places{7};
    find_newlines(text, places);
    EXPECT_EQ(places, expected);
  }
}

}  // namespace
}  // namespace bank::pipeline
