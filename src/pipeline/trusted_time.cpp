#include "pipeline/trusted_time.h"

#include <cstddef>

namespace bank::pipeline {
namespace {

constexpr std::int64_t second_us = 1'000'000;

}  // namespace

// Called for nearly every record where they are sparse, so it is made for the usual case: another account, and the
// newest time so far.
void TrustedTime::witness(std::uint64_t account_hash, std::int64_t time_us) {
  // An empty place found by a hash of 0 is as good as the oldest.
  std::size_t place = 0;
  for (std::size_t i = 0; i < witnesses; ++i) place = witnesses_[i].account_hash == account_hash ? i : place;
  if (time_us <= witnesses_[place].time_us) return;
  for (; place + 1 < witnesses && witnesses_[place + 1].time_us < time_us; ++place) {
    witnesses_[place] = witnesses_[place + 1];
  }
  witnesses_[place] = {account_hash, time_us};
  oldest_us_ = witnesses_.front().time_us;
  if (oldest_us_ != no_time) next_us_ = oldest_us_ + second_us;
}

}  // namespace bank::pipeline
