// From an input's key to the field that it holds.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "codec/record.h"
#include "codec/scan.h"

namespace bank::codec {

/// Keys up to this length are compared at once.
inline constexpr std::size_t padded_key_bytes = 32;

/// Whether the texts at a and b are equal in the bytes that `mask` has a bit for; 32 bytes are readable at both.
[[nodiscard]] inline bool equal_where(const char* a, const char* b, std::uint32_t mask) {
  return ((equal_bytes(a, b) | equal_bytes(a + 16, b + 16) << 16) & mask) == mask;
}

/// A bit for each of the first `size` bytes, at most 32.
[[nodiscard]] constexpr std::uint32_t first_bytes(std::size_t size) {
  return static_cast<std::uint32_t>((std::uint64_t{1} << size) - 1);
}

/// The eight keys of a FieldNames in a small hash table. A key is found by its length and its first and last byte, and
/// then compared.
class KeyTable {
 public:
  static constexpr std::size_t unknown = field_count;

  explicit KeyTable(const std::array<std::string, field_count>& keys) : keys_(keys) {
    for (std::size_t field = 0; field < field_count; ++field) {
      std::memcpy(padded_[field].data(), keys_[field].data(), std::min(keys_[field].size(), padded_key_bytes));
    }
    // Most multipliers give each key a slot of its own; keys that agree in all that is hashed share a run of slots.
    constexpr std::uint32_t first_multiplier = 0x9e3779b1;
    multiplier_ = first_multiplier;
    for (int attempt = 0; attempt < 100 && fill() != 0; ++attempt) multiplier_ = multiplier_ * first_multiplier + 2;
    fill();
  }

  /// The field that is called `key`, or `unknown`.
  [[nodiscard]] std::size_t find(std::string_view key) const {
    if (key.empty()) return unknown;
    for (std::size_t slot = slot_of(key); slots_[slot] != unknown; slot = (slot + 1) % slot_count) {
      if (keys_[slots_[slot]] == key) return slots_[slot];
    }
    return unknown;
  }

  /// The same, where 32 bytes are readable at key.data().
  [[nodiscard]] std::size_t find_padded(std::string_view key) const {
    if (key.size() > padded_key_bytes) return find(key);
    if (key.empty()) return unknown;
    const std::uint32_t mask = first_bytes(key.size());
    for (std::size_t slot = slot_of(key); slots_[slot] != unknown; slot = (slot + 1) % slot_count) {
      const std::size_t field = slots_[slot];
      if (keys_[field].size() == key.size() && equal_where(key.data(), padded_[field].data(), mask)) return field;
    }
    return unknown;
  }

 private:
  static constexpr std::size_t slot_count = 64;

  [[nodiscard]] std::size_t slot_of(std::string_view key) const {  // of one byte or more; no key of the table is empty
    const auto first = static_cast<std::uint32_t>(static_cast<unsigned char>(key.front()));
    const auto last = static_cast<std::uint32_t>(static_cast<unsigned char>(key.back()));
    const std::uint32_t mixed = (static_cast<std::uint32_t>(key.size()) ^ first << 8 ^ last << 16) * multiplier_;
    return mixed / ((std::uint64_t{1} << 32) / slot_count);
  }

  // Puts the keys into the slots; returns how many did not get their own.
  std::size_t fill() {
    std::size_t displaced = 0;
    slots_.fill(static_cast<std::uint8_t>(unknown));
    for (std::size_t field = 0; field < field_count; ++field) {
      std::size_t slot = slot_of(keys_[field]);
      displaced += slots_[slot] != unknown;
      while (slots_[slot] != unknown) slot = (slot + 1) % slot_count;
      slots_[slot] = static_cast<std::uint8_t>(field);
    }
    return displaced;
  }

  std::array<std::string, field_count> keys_;
  std::array<std::array<char, padded_key_bytes>, field_count> padded_{};
  std::array<std::uint8_t, slot_count> slots_{};
  std::uint32_t multiplier_ = 0;
};

}  // namespace bank::codec
