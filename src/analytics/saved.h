// What accumulators hold, as bytes, so that parts of the data can be added up in other processes and merged in this
// one.
//
// Layout, little-endian: 0 "BKA1"  4 u16 version  6 u16 0  8 u32 bytes  12 u32 0  16 u64 hash64 of the rest  24 the
// transactions' accumulator, then the alerts'; numbers as varints.
#pragma once

#include <string>
#include <string_view>

#include "analytics/accumulator.h"
#include "base/result.h"

namespace bank::analytics {

/// Two that belong together. What is restored has default Limits.
struct Accumulators {
  TransactionAccumulator transactions;
  AlertAccumulator alerts;
};

/// `alerts` is finished. The bytes are below 4 GiB (asserted); about 40 for each account.
[[nodiscard]] std::string save(const TransactionAccumulator& transactions, const AlertAccumulator& alerts);

/// Errors (runtime): damaged, of another version, no accumulators at all.
[[nodiscard]] Result<Accumulators> restore(std::string_view saved);

}  // namespace bank::analytics
