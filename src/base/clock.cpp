#include "base/clock.h"

#include <chrono>
#include <thread>

namespace bank {

std::int64_t SystemClock::wall_us() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::int64_t SystemClock::monotonic_ns() const {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void SystemClock::sleep_until_ns(std::int64_t deadline_ns) {
  std::this_thread::sleep_until(std::chrono::steady_clock::time_point(std::chrono::nanoseconds(deadline_ns)));
}

void ManualClock::sleep_until_ns(std::int64_t deadline_ns) {
  if (deadline_ns > monotonic_ns_) advance_us((deadline_ns - monotonic_ns_ + 999) / 1000);
}

}  // namespace bank
