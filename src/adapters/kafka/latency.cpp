#include "adapters/kafka/latency.h"

#include <algorithm>
#include <cmath>

namespace bank::kafka {
namespace {

constexpr double first_us = 10;
constexpr double growth = 1.1;

std::size_t bucket_of(std::int64_t latency_ns, std::size_t buckets) {
  const double latency_us = static_cast<double>(latency_ns) / 1000;
  if (latency_us <= first_us) return 0;
  const double place = std::ceil(std::log(latency_us / first_us) / std::log(growth));
  return std::min(static_cast<std::size_t>(place), buckets - 1);
}

std::int64_t upper_us(std::size_t bucket) {
  return static_cast<std::int64_t>(first_us * std::pow(growth, static_cast<double>(bucket)));
}

}  // namespace

void Latencies::turn(std::int64_t now_ns) {
  if (now_ns - span_begin_ns_ < span_ns) return;
  previous_ = now_ns - span_begin_ns_ < 2 * span_ns ? current_ : Counts{};
  current_ = {};
  span_begin_ns_ = now_ns;
}

void Latencies::note(std::int64_t latency_ns, std::uint64_t records, std::int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  turn(now_ns);
  current_[bucket_of(latency_ns, buckets)] += records;
}

Latencies::Quantiles Latencies::quantiles(std::int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  turn(now_ns);
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < buckets; ++i) total += current_[i] + previous_[i];
  Quantiles found;
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < buckets && total > 0; ++i) {
    below += current_[i] + previous_[i];
    if (found.p50_us == 0 && below * 2 >= total) found.p50_us = upper_us(i);
    if (found.p99_us == 0 && below * 100 >= total * 99) found.p99_us = upper_us(i);
  }
  return found;
}

}  // namespace bank::kafka
