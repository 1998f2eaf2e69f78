#include "adapters/kafka/recovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace bank::kafka {
namespace {

using testing::ElementsAre;

constexpr std::int64_t second_us = 1'000'000;
constexpr std::int64_t hour_us = 3600 * second_us;
constexpr std::int64_t year_us = 365 * 24 * hour_us;

// Each record is of an account of its own.
std::uint64_t account_of(std::int64_t offset) { return static_cast<std::uint64_t>(offset); }

TEST(Metadata, ComesBackAsItWas) {
  for (const ReplayPoint& point :
       {ReplayPoint{.floor = 0, .outliers = {}, .reach_us = 0, .lineage = 0, .columns = 0},
        ReplayPoint{.floor = 17, .outliers = {}, .reach_us = 7'500'000'000, .lineage = INT64_MAX, .columns = 1},
        ReplayPoint{
            .floor = 1'000'000, .outliers = {3, 9, 999'999}, .reach_us = 5, .lineage = 8, .columns = INT64_MAX}}) {
    EXPECT_EQ(parse_metadata(to_metadata(point)), point);
  }
  EXPECT_EQ(to_metadata({.floor = 17, .outliers = {3, 9}, .reach_us = 5, .lineage = 8, .columns = 4}),
            "bank/1 floor=17 reach=5 lineage=8 columns=4 outliers=3,9");
}

TEST(Metadata, OfSomebodyElseIsRefused) {
  const std::string whole = "bank/1 floor=5 reach=2 lineage=1 columns=1";
  ASSERT_TRUE(parse_metadata(whole));
  ASSERT_TRUE(parse_metadata(whole + " outliers=3,4"));
  for (const std::string& text :
       {std::string(), std::string("bank"), std::string("bank/1"), "bank/2" + whole.substr(6), whole + " ",
        whole + " outliers=", whole + " outliers=0,", whole + " outliers=3,3", whole + " outliers=6", whole + " more=3",
        std::string("bank/1 floor=5 reach=2 lineage=1"), std::string("bank/1 floor=-5 reach=2 lineage=1 columns=1"),
        std::string("bank/1 floor=5x reach=2 lineage=1 columns=1"),
        std::string("bank/1 reach=2 floor=5 lineage=1 columns=1"),
        std::string("bank/1 floor=99999999999999999999 reach=2 lineage=1 columns=1")}) {
    EXPECT_EQ(parse_metadata(text), std::nullopt) << text;
  }
}

TEST(ReplayFloor, IsThePositionWhereNothingIsNeeded) {
  ReplayFloor floor(hour_us);
  EXPECT_EQ(floor.at(42, no_time).floor, 42);
  floor.note(42, account_of(42), 10 * hour_us, no_time);
  EXPECT_EQ(floor.at(43, 10 * hour_us).floor, 42);
  EXPECT_EQ(floor.at(43, 11 * hour_us).floor, 42);  // exactly at the edge it is still needed
  EXPECT_EQ(floor.at(43, 11 * hour_us + 1).floor, 43);
}

TEST(ReplayFloor, KeepsEverythingWhileTheTimeIsUnknown) {
  ReplayFloor floor(hour_us);
  for (std::int64_t i = 0; i < 100'000; ++i) floor.note(i, account_of(i), i * second_us, no_time);
  EXPECT_EQ(floor.at(100'000, no_time).floor, 0);
}

// Against what it means: nothing at or above the edge lies below the floor, but for the outliers.
TEST(ReplayFloor, LeavesNothingBelowItThatIsNeeded) {
  std::mt19937_64 random(3);
  ReplayFloor floor(hour_us);
  std::vector<std::int64_t> times;
  std::int64_t trusted = no_time;
  for (std::int64_t offset = 0; offset < 200'000; ++offset) {
    const std::int64_t now = offset * second_us / 4;
    std::int64_t time = now - static_cast<std::int64_t>(random() % (hour_us / 2));
    if (random() % 50'000 == 0) time = now + year_us;
    times.push_back(time);
    floor.note(offset, account_of(offset), time, trusted);
    if (offset > 100) trusted = now - second_us;
    if (offset % 7919 != 0) continue;
    const ReplayPoint point = floor.at(offset + 1, trusted);
    if (trusted == no_time) continue;
    std::int64_t first_needed = offset + 1;
    for (std::int64_t i = 0; i <= offset; ++i) {
      if (times[static_cast<std::size_t>(i)] < trusted - hour_us) continue;
      const bool outlier = std::ranges::find(point.outliers, i) != point.outliers.end();
      if (!outlier) first_needed = std::min(first_needed, i);
    }
    ASSERT_LE(point.floor, first_needed) << offset;
    ASSERT_GE(point.floor + 2 * static_cast<std::int64_t>(ReplayFloor::bucket_records), first_needed) << offset;
  }
}

TEST(ReplayFloor, ARecordFromTheFutureIsNeededByItself) {
  ReplayFloor floor(hour_us);
  for (std::int64_t i = 0; i < 20'000; ++i)
    floor.note(i, account_of(i), i == 5 ? year_us : i * second_us, i * second_us);
  const ReplayPoint point = floor.at(20'000, 20'000 * second_us);
  EXPECT_THAT(point.outliers, ElementsAre(5));
  EXPECT_GT(point.floor, 10'000);
  EXPECT_TRUE(floor.at(20'001, 2 * year_us).outliers.empty());
}

TEST(ReplayFloor, ARecordFromTheFutureIsToldApartOnceTimesAreTrusted) {
  ReplayFloor floor(hour_us);
  for (std::int64_t i = 0; i < 20'000; ++i) {
    const bool early = i == 0 || i == 7;
    floor.note(i, account_of(i), early ? year_us : i * second_us, i < 100 ? no_time : i * second_us);
  }
  const ReplayPoint point = floor.at(20'000, 20'000 * second_us);
  EXPECT_THAT(point.outliers, ElementsAre(0, 7));
  EXPECT_GT(point.floor, 10'000);
}

TEST(ReplayFloor, IsTheSameAfterAReplayThatBeginsWithTheOutliers) {
  ReplayFloor floor(hour_us);
  floor.note(3, account_of(3), year_us, no_time);
  floor.note(9, account_of(9), year_us, no_time);
  for (std::int64_t i = 16'000; i < 20'000; ++i) {
    floor.note(i, account_of(i), i * second_us, i < 16'100 ? no_time : i * second_us);
  }
  const ReplayPoint point = floor.at(20'000, 19'000 * second_us);
  EXPECT_THAT(point.outliers, ElementsAre(3, 9));
  EXPECT_EQ(point.floor, 16'000);
}

TEST(ReplayFloor, ManyRecordsWithoutATrustedTimeAreAllNeeded) {
  ReplayFloor floor(hour_us);
  for (std::int64_t i = 0; i < 20'000; ++i) floor.note(i, account_of(i), i == 5 ? year_us : i * second_us, no_time);
  EXPECT_EQ(floor.at(20'000, no_time).floor, 0);
  const ReplayPoint point = floor.at(20'000, 20'000 * second_us);
  EXPECT_THAT(point.outliers, ElementsAre(5));
  EXPECT_GT(point.floor, 10'000);
}

TEST(ReplayFloor, AnAccountWhoseClockRunsAheadNeedsWhatIsYoungByThatClock) {
  constexpr std::uint64_t ahead = 1'000'000;
  ReplayFloor floor(hour_us);
  for (std::int64_t i = 0; i < 20'000; ++i) {
    const bool its = i % 100 == 0;  // every 10 minutes, by its clock
    floor.note(i, its ? ahead : account_of(i), its ? year_us + i * 6 * second_us : i * second_us, i * second_us);
  }
  const ReplayPoint point = floor.at(20'000, 20'000 * second_us);
  EXPECT_GT(point.floor, 10'000);
  EXPECT_EQ(floor.outliers().size(), 7U);
  EXPECT_EQ(floor.outliers().front().offset, 19'300);
}

TEST(ReplayFloor, TooManyOutliersKeepTheirBuckets) {
  ReplayFloor floor(hour_us);
  for (std::int64_t i = 0; i < 20'000; ++i)
    floor.note(i, account_of(i), i % 100 == 0 ? year_us : i * second_us, i * second_us);
  const ReplayPoint point = floor.at(20'000, 20'000 * second_us);
  EXPECT_LE(point.floor, static_cast<std::int64_t>(ReplayFloor::outliers_max) * 100);
  EXPECT_LT(to_metadata(point).size(), 2000);
}

TEST(ReplayFloor, GoesOnFromWhatItWas) {
  ReplayFloor first(hour_us);
  for (std::int64_t i = 0; i < 10'000; ++i) first.note(i, account_of(i), i * second_us, i * second_us);
  const ReplayPoint point = first.at(10'000, 10'000 * second_us);
  ReplayFloor second(hour_us);
  second.restore(first.buckets(), first.outliers());
  EXPECT_EQ(second.at(10'000, 10'000 * second_us), point);
  second.note(10'000, account_of(10'000), 10'000 * second_us, 10'000 * second_us);
  EXPECT_EQ(second.at(10'001, 13'600 * second_us).floor, 10'000);
}

}  // namespace
}  // namespace bank::kafka
