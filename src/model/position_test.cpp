#include "model/position.h"

#include <gtest/gtest.h>

namespace bank::model {
namespace {

TEST(Position, IsItsOriginAndNumber) {
  std::string out = "at ";
  append_position(out, {"data/sample.json:", 17});
  EXPECT_EQ(out, "at data/sample.json:17");
  out.clear();
  append_position(out, {"banking-transactions/2/", 9'223'372'036'854'775'807});
  EXPECT_EQ(out, "banking-transactions/2/9223372036854775807");
}

}  // namespace
}  // namespace bank::model
