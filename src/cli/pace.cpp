#include "cli/pace.h"

#include <algorithm>

namespace bank::cli {

std::int64_t RatePace::next_due_ns() {
  constexpr double ns_per_second = 1e9;
  return start_ns_ + static_cast<std::int64_t>(static_cast<double>(given_++) * ns_per_second / per_second_);
}

void EventPace::set_out(std::int64_t time_us, std::int64_t now_ns) {
  started_ = true;
  origin_us_ = newest_us_ = time_us;
  origin_ns_ = now_ns;
  beyond_gap_us_.reset();
}

std::int64_t EventPace::due_ns(model::EventTime time, std::int64_t now_ns) {
  constexpr double ns_per_us = 1e3;
  constexpr double longest_ns = 4e18;  // a century, and no overflow
  const std::int64_t time_us = time.us();
  if (!started_) set_out(time_us, now_ns);
  if (time_us - newest_us_ > longest_gap_us) {
    const bool confirmed =
        beyond_gap_us_ && std::max(time_us, *beyond_gap_us_) - std::min(time_us, *beyond_gap_us_) <= longest_gap_us;
    if (!confirmed) {
      beyond_gap_us_ = time_us;
      return now_ns;
    }
    set_out(time_us, now_ns);
  }
  if (time_us < newest_us_) return now_ns;
  newest_us_ = time_us;
  const double elapsed_ns = static_cast<double>(time_us - origin_us_) * ns_per_us / speed_;
  return origin_ns_ + static_cast<std::int64_t>(std::min(elapsed_ns, longest_ns));
}

}  // namespace bank::cli
