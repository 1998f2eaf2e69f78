#include "notify/pace.h"

#include <gtest/gtest.h>

namespace bank::notify {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

TEST(TokenBucket, GivesABurstAndThenASteadyStream) {
  TokenBucket bucket(60, 3, 0);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(bucket.wait_ns(0), 0);
    bucket.take(0);
  }
  EXPECT_NEAR(static_cast<double>(bucket.wait_ns(0)), 1e9, 10);
  EXPECT_NEAR(static_cast<double>(bucket.wait_ns(second_ns / 4)), 0.75e9, 10);
  EXPECT_EQ(bucket.wait_ns(second_ns + 10), 0);
}

TEST(TokenBucket, KeepsNoMoreThanABurst) {
  TokenBucket bucket(60, 3, 0);
  EXPECT_DOUBLE_EQ(bucket.tokens(1000 * second_ns), 3);
}

TEST(Backoff, DoublesFromASecondToFiveMinutesOfWhichAtLeastHalf) {
  Backoff backoff(1);
  std::int64_t whole_ns = Backoff::first_ns;
  for (int i = 0; i < 20; ++i) {
    const std::int64_t pause_ns = backoff.failed();
    EXPECT_GE(pause_ns, whole_ns / 2);
    EXPECT_LE(pause_ns, whole_ns);
    whole_ns = std::min(Backoff::longest_ns, whole_ns * 2);
  }
  EXPECT_EQ(whole_ns, Backoff::longest_ns);
  backoff.succeeded();
  EXPECT_LE(backoff.failed(), Backoff::first_ns);
}

TEST(Backoff, IsNotTheSameForAll) {
  Backoff one(1);
  Backoff other(2);
  EXPECT_NE(one.failed(), other.failed());
}

}  // namespace
}  // namespace bank::notify
