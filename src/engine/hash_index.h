// A hash table from hashes to small numbers; the keys stay with its user.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/huge_pages.h"

namespace bank::engine {

/// Open addressing with linear probing over 8-byte slots, at most three quarters full. A slot keeps 32 bits of the
/// hash: enough to find its home again when the table grows, and to ask the user about a key only when it is very
/// likely the one.
class HashIndex {
 public:
  static constexpr std::uint32_t none = 0xffff'ffff;

  HashIndex() : slots_(initial_slots), mask_(initial_slots - 1) {}

  void prefetch(std::uint64_t hash) const { __builtin_prefetch(&slots_[tag_of(hash) & mask_]); }

  /// The id with this hash for which `is_key(id)` holds, or none.
  template <typename IsKey>
  [[nodiscard]] std::uint32_t find(std::uint64_t hash, IsKey&& is_key) const {
    const std::uint32_t tag = tag_of(hash);
    for (std::size_t at = tag & mask_;; at = (at + 1) & mask_) {
      const Slot& slot = slots_[at];
      if (slot.id == none) return none;
      if (slot.tag == tag && is_key(slot.id)) return slot.id;
    }
  }

  /// The first id with this hash's tag, most likely the right one; for prefetching.
  [[nodiscard]] std::uint32_t guess(std::uint64_t hash) const {
    return find(hash, [](std::uint32_t) { return true; });
  }

  /// Adds an id that is not in the table.
  void insert(std::uint64_t hash, std::uint32_t id) {
    if ((size_ + 1) * 4 > slots_.size() * 3) grow();
    place(tag_of(hash), id);
    ++size_;
  }

  /// Removes an id that is in the table.
  void erase(std::uint64_t hash, std::uint32_t id) {
    std::size_t at = tag_of(hash) & mask_;
    while (slots_[at].id != id) at = (at + 1) & mask_;
    // Close the gap: move back every follower that may stand earlier.
    std::size_t gap = at;
    for (std::size_t next = (gap + 1) & mask_; slots_[next].id != none; next = (next + 1) & mask_) {
      const std::size_t home = slots_[next].tag & mask_;
      if (((next - home) & mask_) >= ((next - gap) & mask_)) {
        slots_[gap] = slots_[next];
        gap = next;
      }
    }
    slots_[gap] = Slot{};
    --size_;
  }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t bytes() const { return slots_.capacity() * sizeof(Slot); }

 private:
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t id = none;
  };
  static constexpr std::size_t initial_slots = 16;

  static std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }

  void place(std::uint32_t tag, std::uint32_t id) {
    std::size_t at = tag & mask_;
    while (slots_[at].id != none) at = (at + 1) & mask_;
    slots_[at] = Slot{tag, id};
  }

  void grow() {
    Slots old(slots_.size() * 2);
    old.swap(slots_);
    mask_ = slots_.size() - 1;
    for (const Slot& slot : old) {
      if (slot.id != none) place(slot.tag, slot.id);
    }
  }

  using Slots = std::vector<Slot, HugePageAllocator<Slot>>;
  Slots slots_;
  std::size_t mask_;
  std::size_t size_ = 0;
};

}  // namespace bank::engine
