// Time as something that is passed in, so that nothing below cli/ depends on when it runs.
#pragma once

#include <cstdint>

namespace bank {

class Clock {
 public:
  virtual ~Clock() = default;
  /// Wall clock, microseconds since 1970-01-01 UTC. May jump.
  [[nodiscard]] virtual std::int64_t wall_us() const = 0;
  /// Monotonic clock, nanoseconds from an arbitrary start. Never goes back.
  [[nodiscard]] virtual std::int64_t monotonic_ns() const = 0;
  /// Sleeps until monotonic_ns() has reached `deadline_ns`.
  virtual void sleep_until_ns(std::int64_t deadline_ns) = 0;
};

/// The machine's clock.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t wall_us() const override;
  [[nodiscard]] std::int64_t monotonic_ns() const override;
  void sleep_until_ns(std::int64_t deadline_ns) override;
};

/// A clock that stands still until it is told to move; for tests.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(std::int64_t wall_us = 0) : wall_us_(wall_us) {}
  [[nodiscard]] std::int64_t wall_us() const override { return wall_us_; }
  [[nodiscard]] std::int64_t monotonic_ns() const override { return monotonic_ns_; }
  void sleep_until_ns(std::int64_t deadline_ns) override;
  void advance_us(std::int64_t us) {
    wall_us_ += us;
    monotonic_ns_ += us * 1000;
  }

 private:
  std::int64_t wall_us_;
  std::int64_t monotonic_ns_ = 0;
};

}  // namespace bank
