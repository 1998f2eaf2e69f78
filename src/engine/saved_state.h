// An account's history as bytes, and back.
//
// Layout, little-endian: "BKH1"; u64 what the history is of (rules and times kept); u8 + bytes account number; i64
// newest; u32 texts, each u32 + bytes; u32 entries, each i64 time, 2 × u64 id, i64 values, u32 flag words, u32 symbols
// (0 null, else 1 + place among the texts); u64 hash64 of all before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"
#include "engine/history.h"
#include "engine/plan.h"

namespace bank::engine {

/// `keep_us`: W + L.
void save_account(const Plan& plan, std::int64_t keep_us, const Histories& histories, const Account& account,
                  std::string& out);

/// Replaces the account named in `saved`. Refuses, changing nothing, what is damaged or foreign.
[[nodiscard]] Result<void> restore_account(const Plan& plan, std::int64_t keep_us, std::span<const std::byte> saved,
                                           Histories& histories);

}  // namespace bank::engine
