// How often a receiver is written to: a token bucket, and pauses after failures.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

namespace bank::notify {

/// Tokens come steadily, up to `burst`; a message takes one. Times are Clock::monotonic_ns().
class TokenBucket {
 public:
  /// Full at first. `per_minute` above 0, `burst` 1 or more.
  TokenBucket(double per_minute, double burst, std::int64_t now_ns)
      : per_ns_(per_minute / 60e9), burst_(burst), tokens_(burst), at_ns_(now_ns) {}

  [[nodiscard]] double tokens(std::int64_t now_ns) {
    tokens_ = std::min(burst_, tokens_ + static_cast<double>(now_ns - at_ns_) * per_ns_);
    at_ns_ = now_ns;
    return tokens_;
  }
  /// How long until there is one.
  [[nodiscard]] std::int64_t wait_ns(std::int64_t now_ns) {
    const double missing = 1 - tokens(now_ns);
    return missing <= 0 ? 0 : static_cast<std::int64_t>(missing / per_ns_) + 1;
  }
  void take(std::int64_t now_ns) { tokens_ = std::max(0.0, tokens(now_ns) - 1); }

 private:
  double per_ns_;
  double burst_;
  double tokens_;
  std::int64_t at_ns_;
};

/// The pause after a failure: twice as long each time, from a second to five minutes, and of that a random half to all,
/// so that many senders that failed together don't come back together.
class Backoff {
 public:
  static constexpr std::int64_t first_ns = 1'000'000'000;
  static constexpr std::int64_t longest_ns = 300'000'000'000;

  explicit Backoff(std::uint64_t seed) : random_(seed) {}

  /// The pause after one more failure.
  [[nodiscard]] std::int64_t failed() {
    const std::int64_t whole = next_ns_;
    next_ns_ = std::min(longest_ns, next_ns_ * 2);
    return std::uniform_int_distribution<std::int64_t>(whole / 2, whole)(random_);
  }
  void succeeded() { next_ns_ = first_ns; }

 private:
  std::int64_t next_ns_ = first_ns;
  std::mt19937_64 random_;
};

}  // namespace bank::notify
