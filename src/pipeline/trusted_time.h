// How far a partition's event time has come, as far as that can be believed.
#pragma once

#include <array>
#include <cstdint>
#include <limits>

namespace bank::pipeline {

/// No event time: older than all.
inline constexpr std::int64_t no_time = std::numeric_limits<std::int64_t>::min();

/// The newest event time of a partition that can be believed: one that several accounts have reached. A single account
/// whose clock runs years ahead must not make the detector forget everybody else's history.
class TrustedTime {
 public:
  static constexpr std::size_t witnesses = 16;

  void note(std::uint64_t account_hash, std::int64_t time_us) {
    if (time_us >= next_us_) witness(account_hash, time_us);
  }
  /// Up to a second behind; no_time before `witnesses` accounts were seen.
  [[nodiscard]] std::int64_t us() const { return oldest_us_; }

  struct Witness {
    std::uint64_t account_hash = 0;
    std::int64_t time_us = no_time;
  };
  [[nodiscard]] const std::array<Witness, witnesses>& all() const { return witnesses_; }

 private:
  void witness(std::uint64_t account_hash, std::int64_t time_us);

  // The newest time of each of the accounts that are furthest, ascending.
  std::array<Witness, witnesses> witnesses_{};
  std::int64_t oldest_us_ = no_time;  // of them
  std::int64_t next_us_ = no_time;    // what is older changes nothing worth the work
};

}  // namespace bank::pipeline
