// What a stream without an end forgets, and when: histories that no timely transaction can need any more.
#pragma once

#include <cstdint>

#include "engine/engine.h"
#include "pipeline/trusted_time.h"

namespace bank::pipeline {

/// W + 2L: how far behind the newest event time a live history may reach.
[[nodiscard]] std::int64_t reach_us_of(const engine::Plan& plan, const engine::Options& options);

/// Of one partition. It is for accounts that have fallen silent: what is old of another's, the engine drops at its next
/// transaction. When it sweeps is a function of the times that it was shown alone.
class Forgetting {
 public:
  explicit Forgetting(std::int64_t reach_us) : reach_us_(reach_us) {}

  /// Sweeps the engine if time has moved on far enough since the last sweep; to be called after each batch.
  void sweep(const TrustedTime& trusted, engine::Engine& engine);

  /// What was older was dropped by the last sweep; no_time before the first time that could be trusted. Part of a saved
  /// state.
  [[nodiscard]] std::int64_t before_us() const { return before_us_; }
  void set_before_us(std::int64_t before_us) { before_us_ = before_us; }
  [[nodiscard]] std::int64_t reach_us() const { return reach_us_; }

 private:
  std::int64_t reach_us_;
  std::int64_t before_us_ = no_time;
};

}  // namespace bank::pipeline
