#include "generator/episode.h"

#include "generator/calendar.h"

namespace bank::generator {

void Episode::wait_for_night() {
  constexpr std::int64_t night_us = 5 * hour_us;
  const std::int64_t into_day = now_us_ - floor_divide(now_us_, day_us) * day_us;
  if (into_day >= night_us) now_us_ += day_us - into_day + random_.between(0, night_us - 1);
}

void Episode::add(Event event, model::Status status) {
  event.time_us = now_us_;
  event.account = rank_;
  event.status = status;
  out_.push_back(event);
}

}  // namespace bank::generator
