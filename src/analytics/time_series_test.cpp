#include "analytics/time_series.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace bank::analytics {
namespace {

using model::Amount;
using model::EventTime;

constexpr std::int64_t minute = 60'000'000;
constexpr std::int64_t hour = 60 * minute;
constexpr std::int64_t day = 24 * hour;
const EventTime monday = *model::parse_event_time("2026-03-02 00:00:00");

EventTime later(EventTime time, std::int64_t us) { return EventTime::from_us(time.us() + us); }

TimeSeries series_of(const std::vector<EventTime>& times) {
  TimeSeries series;
  for (const EventTime time : times) series.add(time, Amount::from_units(10));
  return series;
}

TEST(TimeSeries, StartsWithMinutes) {
  const TimeSeries series =
      series_of({later(monday, 30'000'000), later(monday, 2 * minute), later(monday, 3 * minute - 1)});
  EXPECT_EQ(series.width_us(), minute);
  EXPECT_EQ(series.start(), monday);
  ASSERT_EQ(series.buckets().size(), 3U);
  EXPECT_EQ(series.buckets()[0].transactions.count, 1U);
  EXPECT_EQ(series.buckets()[1].transactions.count, 0U);
  EXPECT_EQ(series.buckets()[2].transactions.count, 2U);
  EXPECT_TRUE(series.buckets()[2].transactions.volume == 20);
}

TEST(TimeSeries, ChoosesTheWidthBySpan) {
  EXPECT_EQ(series_of({monday, later(monday, 399 * minute)}).width_us(), minute);
  EXPECT_EQ(series_of({monday, later(monday, 400 * minute)}).width_us(), 5 * minute);
  EXPECT_EQ(series_of({monday, later(monday, 10 * day)}).width_us(), hour);
  EXPECT_EQ(series_of({monday, later(monday, 365 * day)}).width_us(), day);
  const TimeSeries years = series_of({later(monday, 3 * day), later(monday, 5 * 365 * day)});
  EXPECT_EQ(years.width_us(), 7 * day);
  EXPECT_EQ(years.start(), monday) << "weeks start on Mondays";
}

TEST(TimeSeries, StaysBoundedOverAllOfTime) {
  const TimeSeries series = series_of({*model::parse_event_time("0001-01-01 00:00:00"), monday,
                                       *model::parse_event_time("9999-12-31 23:59:59.999999")});
  EXPECT_LE(series.buckets().size(), static_cast<std::size_t>(TimeSeries::max_buckets));
  std::uint64_t count = 0;
  for (const auto& bucket : series.buckets()) count += bucket.transactions.count;
  EXPECT_EQ(count, 3U);
}

TEST(TimeSeries, NeitherOrderNorMergingChangesIt) {
  std::mt19937_64 random(3);
  for (const std::int64_t span : {minute, hour, 3 * day, 90 * day, 4000 * day}) {
    std::vector<EventTime> times;
    for (int i = 0; i < 500; ++i) {
      times.push_back(later(monday, static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(2 * span)) - span));
    }
    const TimeSeries whole = series_of(times);
    TimeSeries parts = series_of({times.begin() + 400, times.end()});
    parts.merge(series_of({times.begin(), times.begin() + 1}));
    parts.merge(series_of({times.begin() + 1, times.begin() + 400}));
    parts.merge(TimeSeries());
    std::sort(times.begin(), times.end(), std::greater<>());
    const TimeSeries descending = series_of(times);
    for (const TimeSeries* other : {&std::as_const(parts), &descending}) {
      EXPECT_EQ(other->width_us(), whole.width_us());
      EXPECT_EQ(other->start(), whole.start());
      EXPECT_EQ(other->buckets(), whole.buckets());
    }
    for (const EventTime time : times) {
      const auto at = (time.us() - whole.start().us()) / whole.width_us();
      ASSERT_LT(static_cast<std::size_t>(at), whole.buckets().size());
      ASSERT_GT(whole.buckets()[static_cast<std::size_t>(at)].transactions.count, 0U);
    }
  }
}

TEST(TimeSeries, CountsAlertsBesideTransactions) {
  TimeSeries series = series_of({monday});
  series.add_alert(later(monday, 1));
  series.add_alert(later(monday, minute));
  ASSERT_EQ(series.buckets().size(), 2U);
  EXPECT_EQ(series.buckets()[0].alerts, 1U);
  EXPECT_EQ(series.buckets()[1].alerts, 1U);
  EXPECT_EQ(series.buckets()[1].transactions.count, 0U);
}

}  // namespace
}  // namespace bank::analytics
