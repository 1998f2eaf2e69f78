#include "cli/pace.h"

#include <gtest/gtest.h>

namespace bank::cli {
namespace {

constexpr std::int64_t second_us = 1'000'000;
constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t day_us = 86'400 * second_us;
constexpr std::int64_t begin_us = 1'767'225'600 * second_us;

model::EventTime after(std::int64_t us) { return model::EventTime::from_us(begin_us + us); }

TEST(RatePace, IsEvenAndDoesNotDrift) {
  RatePace pace(7, 3);
  for (int i = 0; i < 3'000'000; ++i) static_cast<void>(pace.next_due_ns());
  EXPECT_EQ(pace.next_due_ns(), 7 + 1'000'000 * second_ns);
  EXPECT_EQ(pace.next_due_ns(), 7 + 1'000'000 * second_ns + 333'333'333);
}

TEST(EventPace, FollowsTheEventTimes) {
  EventPace pace(60);
  EXPECT_EQ(pace.due_ns(after(0), 5), 5);
  EXPECT_EQ(pace.due_ns(after(60 * second_us), 6), 5 + second_ns);
  EXPECT_EQ(pace.due_ns(after(90 * second_us), 7), 5 + second_ns * 3 / 2);
}

TEST(EventPace, LetsNothingWaitThatIsBehind) {
  EventPace pace(1);
  static_cast<void>(pace.due_ns(after(0), 0));
  static_cast<void>(pace.due_ns(after(10 * second_us), 0));
  EXPECT_EQ(pace.due_ns(after(3 * second_us), 10 * second_ns), 10 * second_ns);
  EXPECT_EQ(pace.due_ns(model::EventTime::from_us(model::EventTime::earliest_us), 10 * second_ns), 10 * second_ns);
  EXPECT_EQ(pace.due_ns(after(11 * second_us), 10 * second_ns), 11 * second_ns);
}

TEST(EventPace, IsNotHeldUpByOneMistakenDate) {
  EventPace pace(1);
  static_cast<void>(pace.due_ns(after(0), 0));
  EXPECT_EQ(pace.due_ns(after(70'000 * day_us), second_ns), second_ns);
  EXPECT_EQ(pace.due_ns(after(2 * second_us), second_ns), 2 * second_ns);
}

TEST(EventPace, PassesOverAGapOfMoreThanADay) {
  EventPace pace(1);
  static_cast<void>(pace.due_ns(after(0), 0));
  EXPECT_EQ(pace.due_ns(after(2 * day_us), second_ns), second_ns);
  EXPECT_EQ(pace.due_ns(after(2 * day_us + second_us), 3 * second_ns), 3 * second_ns);
  EXPECT_EQ(pace.due_ns(after(2 * day_us + 2 * second_us), 3 * second_ns), 4 * second_ns);
}

TEST(EventPace, SitsOutAGapOfADay) {
  EventPace pace(1);
  static_cast<void>(pace.due_ns(after(0), 0));
  EXPECT_EQ(pace.due_ns(after(day_us), 0), day_us * 1000);
}

}  // namespace
}  // namespace bank::cli
