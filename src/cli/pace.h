// When the next record of a replay is due.
#pragma once

#include <cstdint>
#include <optional>

#include "model/event_time.h"

namespace bank::cli {

/// An even pace. The times are counted from the start, so that delays don't add up.
class RatePace {
 public:
  /// `per_second` > 0.
  RatePace(std::int64_t start_ns, double per_second) : start_ns_(start_ns), per_second_(per_second) {}
  /// When the next one is due, on the clock of `start_ns`.
  [[nodiscard]] std::int64_t next_due_ns();

 private:
  std::int64_t start_ns_;
  double per_second_;
  std::uint64_t given_ = 0;
};

/// The pace that the event times have, `speed` times as fast. What is behind the newest is due at once. Nobody wants to
/// sit out a gap of more than a day, be it real or one mistaken date: the first record behind it is due at once, and if
/// the next one confirms the new time, the pace goes on from there.
class EventPace {
 public:
  static constexpr std::int64_t longest_gap_us = std::int64_t{86'400} * 1'000'000;

  /// `speed` > 0.
  explicit EventPace(double speed) : speed_(speed) {}
  /// When a record of this time is due that comes next, on the clock of `now_ns`.
  [[nodiscard]] std::int64_t due_ns(model::EventTime time, std::int64_t now_ns);

 private:
  void set_out(std::int64_t time_us, std::int64_t now_ns);

  double speed_;
  bool started_ = false;
  std::int64_t origin_us_ = 0;  // the event time that was due at origin_ns_
  std::int64_t origin_ns_ = 0;
  std::int64_t newest_us_ = 0;
  std::optional<std::int64_t> beyond_gap_us_;
};

}  // namespace bank::cli
