// From an input's key to the field that it holds.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "codec/record.h"

namespace bank::codec {

/// The eight keys of a FieldNames in a small hash table. A key is found by its length and its first and last byte, and
/// then compared.
class KeyTable {
 public:
  static constexpr std::size_t unknown = field_count;

  explicit KeyTable(const std::array<std::string, field_count>& keys) : keys_(keys) {
    slots_.fill(static_cast<std::uint8_t>(unknown));
    for (std::size_t field = 0; field < field_count; ++field) {
      std::size_t slot = slot_of(keys_[field]);
      while (slots_[slot] != unknown) slot = (slot + 1) % slot_count;
      slots_[slot] = static_cast<std::uint8_t>(field);
    }
  }

  /// The field that is called `key`, or `unknown`.
  [[nodiscard]] std::size_t find(std::string_view key) const {
    if (key.empty()) return unknown;
    for (std::size_t slot = slot_of(key); slots_[slot] != unknown; slot = (slot + 1) % slot_count) {
      if (keys_[slots_[slot]] == key) return slots_[slot];
    }
    return unknown;
  }

 private:
  static constexpr std::size_t slot_count = 64;

  static std::size_t slot_of(std::string_view key) {  // of one byte or more; no key of the table is empty
    return (key.size() * 7 + static_cast<unsigned char>(key.front()) * 5 + static_cast<unsigned char>(key.back())) %
           slot_count;
  }

  std::array<std::string, field_count> keys_;
  std::array<std::uint8_t, slot_count> slots_{};
};

}  // namespace bank::codec
