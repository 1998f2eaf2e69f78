// Latencies of the last seconds, as quantiles.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>

namespace bank::kafka {

/// Thread-safe. Quantiles are of the current and the previous span of time, to within 10 %.
class Latencies {
 public:
  static constexpr std::int64_t span_ns = 5'000'000'000;

  void note(std::int64_t latency_ns, std::uint64_t records, std::int64_t now_ns);

  struct Quantiles {
    std::int64_t p50_us = 0;  ///< 0: nothing to tell of.
    std::int64_t p99_us = 0;
  };
  [[nodiscard]] Quantiles quantiles(std::int64_t now_ns);

 private:
  static constexpr std::size_t buckets = 256;  // each a tenth wider than the one before, from 10 µs
  using Counts = std::array<std::uint64_t, buckets>;

  void turn(std::int64_t now_ns);

  std::mutex mutex_;
  Counts current_{};
  Counts previous_{};
  std::int64_t span_begin_ns_ = 0;
};

}  // namespace bank::kafka
