#include "analytics/time_series.h"

#include <algorithm>
#include <array>

#include "base/assert.h"

namespace bank::analytics {
namespace {

constexpr std::int64_t minute_us = 60'000'000;
constexpr std::int64_t day_us = 1440 * minute_us;
/// Buckets are counted from Monday, 1969-12-29, so that weeks start on Mondays. All shorter widths divide a day.
constexpr std::int64_t origin_us = -3 * day_us;
/// Each divides the next, so that buckets merge whole.
constexpr std::array<std::int64_t, 10> ladder_min = {1, 5, 15, 60, 180, 360, 720, 1440, 10'080, 40'320};

constexpr std::int64_t next_width(std::int64_t width_us) {
  for (const std::int64_t step : ladder_min) {
    if (step * minute_us > width_us) return step * minute_us;
  }
  return width_us * 2;
}

constexpr std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

}  // namespace

model::EventTime TimeSeries::start() const { return model::EventTime::from_us(origin_us + first_ * width_us_); }

SeriesBucket& TimeSeries::find(std::int64_t us) {
  for (;;) {
    const std::int64_t number = floor_divide(us - origin_us, width_us_);
    const std::int64_t last = first_ + static_cast<std::int64_t>(buckets_.size()) - 1;
    if (buckets_.empty() || number < first_ || number > last) {
      const bool fresh = buckets_.empty();
      const std::int64_t new_first = fresh ? number : std::min(first_, number);
      const std::int64_t new_last = fresh ? number : std::max(last, number);
      if (new_last - new_first >= max_buckets) {
        widen();
        continue;
      }
      cover(new_first, new_last);
    }
    cached_ = static_cast<std::size_t>(number - first_);
    cached_begin_us_ = origin_us + number * width_us_;
    cached_end_us_ = cached_begin_us_ + width_us_;
    return buckets_[cached_];
  }
}

/// Makes the buckets reach from number `first` to number `last`.
void TimeSeries::cover(std::int64_t first, std::int64_t last) {
  if (buckets_.empty()) first_ = first;
  if (first < first_) {
    buckets_.insert(buckets_.begin(), static_cast<std::size_t>(first_ - first), SeriesBucket{});
    first_ = first;
  }
  buckets_.resize(static_cast<std::size_t>(last - first_ + 1));
}

void TimeSeries::widen() {
  const std::int64_t wider_us = next_width(width_us_);
  const std::int64_t factor = wider_us / width_us_;
  BANK_ASSERT(wider_us % width_us_ == 0);
  const std::int64_t wider_first = floor_divide(first_, factor);
  std::vector<SeriesBucket> wider;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    const auto number = floor_divide(first_ + static_cast<std::int64_t>(i), factor);
    const auto at = static_cast<std::size_t>(number - wider_first);
    if (at >= wider.size()) wider.resize(at + 1);
    wider[at].merge(buckets_[i]);
  }
  buckets_ = std::move(wider);
  first_ = wider_first;
  width_us_ = wider_us;
  cached_begin_us_ = cached_end_us_ = 0;
}

void TimeSeries::merge(const TimeSeries& other) {
  if (other.buckets_.empty()) return;
  while (width_us_ < other.width_us_) widen();
  for (std::size_t i = 0; i < other.buckets_.size(); ++i) {
    // Inner buckets may be empty, the first and the last are not, so that touching each covers no more than they do.
    find(other.start().us() + static_cast<std::int64_t>(i) * other.width_us_).merge(other.buckets_[i]);
  }
}

}  // namespace bank::analytics
