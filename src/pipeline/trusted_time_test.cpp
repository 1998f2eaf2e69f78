#include "pipeline/trusted_time.h"

#include <gtest/gtest.h>

#include <random>

namespace bank::pipeline {
namespace {

constexpr std::int64_t second_us = 1'000'000;
constexpr std::int64_t hour_us = 3600 * second_us;
constexpr std::int64_t year_us = 365 * 24 * hour_us;

TEST(TrustedTime, IsUnknownUntilEnoughAccountsHaveShownOne) {
  TrustedTime time;
  for (std::uint64_t account = 1; account < TrustedTime::witnesses; ++account) time.note(account, 1000 * second_us);
  EXPECT_EQ(time.us(), no_time);
  time.note(99, 900 * second_us);
  EXPECT_EQ(time.us(), 900 * second_us);
}

TEST(TrustedTime, FollowsTheCrowdWithinASecond) {
  TrustedTime time;
  for (std::int64_t i = 0; i < 100'000; ++i) time.note(static_cast<std::uint64_t>(i % 500), i * 10'000);
  EXPECT_LE(time.us(), 99'999 * 10'000);
  EXPECT_GE(time.us(), 99'999 * 10'000 - 2 * second_us);
}

TEST(TrustedTime, IsNotMovedByAFewAccountsFromTheFuture) {
  TrustedTime time;
  for (std::int64_t i = 0; i < 1000; ++i) time.note(static_cast<std::uint64_t>(i % 50), i * second_us);
  const std::int64_t before = time.us();
  for (std::uint64_t account = 1000; account < 1000 + TrustedTime::witnesses - 1; ++account) {
    for (int i = 0; i < 100; ++i) time.note(account, year_us + i * second_us);
  }
  EXPECT_LE(time.us(), 1000 * second_us);
  EXPECT_GE(time.us(), before);
}

TEST(TrustedTime, NeverGoesBack) {
  TrustedTime time;
  std::mt19937_64 random(7);
  std::int64_t last = no_time;
  for (int i = 0; i < 100'000; ++i) {
    time.note(random() % 100, static_cast<std::int64_t>(random() % (10 * hour_us)));
    ASSERT_GE(time.us(), last);
    last = time.us();
  }
}

}  // namespace
}  // namespace bank::pipeline
