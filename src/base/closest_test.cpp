#include "base/closest.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace bank {
namespace {

TEST(Closest, FindsSlipsAndNothingElse) {
  static constexpr std::array<std::string_view, 4> words{"amount", "merchant", "hour", "in"};
  EXPECT_EQ(closest("ammount", words), "amount");
  EXPECT_EQ(closest("amuont", words), "amount");
  EXPECT_EQ(closest("AMOUNT", words), "amount");
  EXPECT_EQ(closest("merchnat", words), "merchant");
  EXPECT_EQ(closest("xyz", words), "");
  EXPECT_EQ(closest("x", words), "");
  EXPECT_EQ(closest(std::string(100'000, 'a'), words), "");
}

TEST(Suggestion, ListsWhatThereIsWhereNothingIsClose) {
  static constexpr std::array<std::string_view, 3> words{"amount", "merchant", "hour"};
  EXPECT_EQ(suggestion("amuont", words), "; did you mean 'amount'?");
  EXPECT_EQ(suggestion("xyz", words), "; known are amount, merchant and hour");
  EXPECT_EQ(suggestion("xyz", std::span(words).first(1)), "; known is amount");
}

}  // namespace
}  // namespace bank
