#include "model/mask.h"

#include <gtest/gtest.h>

namespace bank::model {
namespace {

TEST(Mask, ShowsTheLastFourCharactersAndNeverTheWhole) {
  EXPECT_EQ(masked_account("ACC-0000001234"), "****1234");
  EXPECT_EQ(masked_account("12345"), "****2345");
  EXPECT_EQ(masked_account("1234"), "****");
  EXPECT_EQ(masked_account("κονто12"), "****то12");
}

TEST(Mask, FindsTheNumberInATextHoweverOftenItStandsThere) {
  EXPECT_EQ(masked_text("ACC-0000001234 paid ACC-0000001234", "ACC-0000001234"), "****1234 paid ****1234");
  EXPECT_EQ(masked_text("nobody", "ACC-0000001234"), "nobody");
}

}  // namespace
}  // namespace bank::model
