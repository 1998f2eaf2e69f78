#include "cli/spark_event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bank::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(SparkEvent, GivesMembersOfEachKind) {
  const auto event = SparkEvent::parse(
      R"({"event":"batch","epoch":7,"ui":null,"message":"caf\u00e9 \"x\"","alerts_by_rule":{"VELOCITY":3,"HIGH_AMOUNT":12},)"
      R"("columns":["a","b, c",null],"rows":[["1","x"],["2","y"]]})");
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(event->name(), "batch");
  EXPECT_EQ(event->number("epoch"), 7U);
  EXPECT_EQ(event->text("ui"), "");
  EXPECT_EQ(event->text("message"), "café \"x\"");
  EXPECT_EQ(event->number("nothing"), 0U);
  EXPECT_THAT(event->numbers("alerts_by_rule"), ElementsAre(Pair("VELOCITY", 3), Pair("HIGH_AMOUNT", 12)));
  EXPECT_THAT(event->list("columns"), ElementsAre("a", "b, c", ""));
  const auto rows = event->list("rows");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_THAT(json_elements(rows[1]), ElementsAre("2", "y"));
}

TEST(SparkEvent, PassesOverWhatIsNoEvent) {
  EXPECT_EQ(SparkEvent::parse("Exception in thread main"), std::nullopt);
  EXPECT_EQ(SparkEvent::parse(R"({"epoch":7})"), std::nullopt);
  EXPECT_EQ(SparkEvent::parse(R"({"event":"batch")"), std::nullopt);
  EXPECT_EQ(SparkEvent::parse(R"(["event"])"), std::nullopt);
  EXPECT_EQ(SparkEvent::parse("{\"event\":\"\xff\"}"), std::nullopt);
}

TEST(SparkEvent, ANestedValueThatIsAnotherKindIsEmpty) {
  const auto event = SparkEvent::parse(R"({"event":"batch","alerts_by_rule":[1],"rows":{"a":1}})");
  ASSERT_TRUE(event.has_value());
  EXPECT_THAT(event->numbers("alerts_by_rule"), IsEmpty());
  EXPECT_THAT(event->list("rows"), IsEmpty());
}

}  // namespace
}  // namespace bank::cli
