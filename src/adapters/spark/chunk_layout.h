// What chunk.cpp writes and unpack.cpp reads: see chunk.h.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "model/transaction.h"

namespace bank::spark::chunk_layout {

inline constexpr std::string_view magic = "BKC1";
inline constexpr std::uint16_t version = 1;
inline constexpr std::size_t hash_at = 24;
inline constexpr std::size_t hashed_from = 32;
inline constexpr std::int64_t second_us = 1'000'000;

// Flags of an accepted record; the status is in the lowest two bits.
inline constexpr unsigned status_mask = 3;
inline constexpr unsigned time_shift = 2;  // two bits: how the time was given
inline constexpr unsigned hundredths = 16;
// Flags of a rejected one.
inline constexpr unsigned with_key = 1;
inline constexpr unsigned with_value = 2;

enum class Spelling : std::uint8_t { plain, rfc3339, other };  // `… 12:00:00`, `…T12:00:00Z`
inline constexpr std::size_t plain_bytes = 19;

inline constexpr std::array<std::string_view, 9> fields = {"",
                                                           model::field::transaction_id,
                                                           model::field::account_number,
                                                           model::field::transaction_type,
                                                           model::field::amount,
                                                           model::field::timestamp,
                                                           model::field::location,
                                                           model::field::merchant,
                                                           model::field::status};

}  // namespace bank::spark::chunk_layout
