#include "pipeline/trusted_time.h"

#include <algorithm>

namespace bank::pipeline {
namespace {

constexpr std::int64_t second_us = 1'000'000;

}  // namespace

void TrustedTime::witness(std::uint64_t account_hash, std::int64_t time_us) {
  const auto known = std::ranges::find_if(witnesses_, [&](const Witness& witness) {
    return witness.account_hash == account_hash && witness.time_us != no_time;
  });
  if (known != witnesses_.end()) {
    known->time_us = std::max(known->time_us, time_us);
  } else {
    const auto oldest = std::ranges::min_element(witnesses_, {}, &Witness::time_us);
    if (oldest->time_us < time_us) *oldest = {account_hash, time_us};
  }
  oldest_us_ = std::ranges::min_element(witnesses_, {}, &Witness::time_us)->time_us;
  if (oldest_us_ != no_time) next_us_ = oldest_us_ + second_us;
}

}  // namespace bank::pipeline
