#include "pipeline/forgetting.h"

#include <algorithm>

#include "engine/plan.h"

namespace bank::pipeline {
namespace {

constexpr std::int64_t minute_us = 60'000'000;
/// A sweep visits every account, and has to pay for it: one is due when this part of the reach has passed, or a minute
/// where that is longer.
constexpr std::int64_t sweeps_per_reach = 2;

}  // namespace

std::int64_t reach_us_of(const engine::Plan& plan, const engine::Options& options) {
  return plan.longest_window_us() + 2 * options.lateness_us;
}

void Forgetting::sweep(const TrustedTime& trusted, engine::Engine& engine) {
  if (trusted.us() == no_time) return;
  const std::int64_t edge_us = trusted.us() - reach_us_;
  if (before_us_ == no_time) before_us_ = edge_us;
  if (edge_us - before_us_ < std::max(minute_us, reach_us_ / sweeps_per_reach)) return;
  engine.forget_before(model::EventTime::from_us(edge_us));
  before_us_ = edge_us;
}

}  // namespace bank::pipeline
