// Counts along time, in a bounded number of buckets, whatever the span.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "analytics/tally.h"
#include "model/event_time.h"

namespace bank::wire {
class Reader;
}  // namespace bank::wire

namespace bank::analytics {

/// A bucket's share of the transactions and alerts.
struct SeriesBucket {
  Tally transactions;
  std::uint64_t alerts = 0;

  void merge(const SeriesBucket& other) {
    transactions.merge(other.transactions);
    alerts += other.alerts;
  }
  friend bool operator==(const SeriesBucket&, const SeriesBucket&) = default;
};

/// Buckets of equal width, dense from the first event to the last. When the span would need more than `max_buckets`,
/// they are merged into wider ones: 1, 5, 15 minutes, 1, 3, 6, 12 hours, a day, a week from Monday, four weeks, and
/// doubles of that. The width depends on the first and the last event alone: neither order nor merging changes it.
class TimeSeries {
 public:
  static constexpr std::int64_t max_buckets = 400;

  void add(model::EventTime time, model::Amount amount) { bucket_at(time).transactions.add(amount); }
  void add_alert(model::EventTime time) { ++bucket_at(time).alerts; }
  void merge(const TimeSeries& other);

  [[nodiscard]] std::int64_t width_us() const { return width_us_; }
  /// Start of the first bucket; that of bucket i is i widths later.
  [[nodiscard]] model::EventTime start() const;
  [[nodiscard]] const std::vector<SeriesBucket>& buckets() const { return buckets_; }

  /// As part of what saved.h saves. False: what is read can't be; it is of no more use then.
  void save(std::string& out) const;
  [[nodiscard]] bool restore(wire::Reader& reader);

 private:
  SeriesBucket& bucket_at(model::EventTime time) {
    const std::int64_t us = time.us();
    if (us >= cached_begin_us_ && us < cached_end_us_) return buckets_[cached_];
    return find(us);
  }
  SeriesBucket& find(std::int64_t us);
  void cover(std::int64_t first, std::int64_t last);
  void widen();

  std::int64_t width_us_ = 60'000'000;
  std::int64_t first_ = 0;  ///< Number of the first bucket, in widths since the origin.
  std::vector<SeriesBucket> buckets_;
  // The bucket of the last event: time ascends mostly, so that it is the next one's too.
  std::size_t cached_ = 0;
  std::int64_t cached_begin_us_ = 0;
  std::int64_t cached_end_us_ = 0;
};

}  // namespace bank::analytics
