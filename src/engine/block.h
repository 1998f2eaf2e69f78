// Where the entries of a history stand in memory.
//
// A block holds up to 64 entries of one account, column by column: all times, then all id fingerprints, then the
// columns that the plan asks for. A window's first entry is found by looking at times only, a resend at fingerprints
// only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "base/hash.h"

namespace bank::engine {

/// What an entry keeps beside its time and id: `values` whole numbers of 64 bits (amounts, operands) and `words` of 32
/// bits (first the flag words: which conditions the entry meets; then symbols).
struct Layout {
  std::size_t values = 0;
  std::size_t words = 0;
  [[nodiscard]] std::size_t entry_bytes() const { return 24 + 8 * values + 4 * words; }
};

/// One entry outside a block: the transaction being judged.
struct Entry {
  std::int64_t time_us = 0;
  Fingerprint id;
  std::vector<std::int64_t> values;
  std::vector<std::uint32_t> words;
};

/// A view of a block's columns.
class Block {
 public:
  Block() = default;
  Block(std::byte* bytes, std::size_t capacity, const Layout& layout)
      : bytes_(bytes), capacity_(capacity), layout_(&layout) {}

  [[nodiscard]] std::byte* bytes() const { return bytes_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }

  [[nodiscard]] std::int64_t* times() const { return column<std::int64_t>(0); }
  [[nodiscard]] std::uint64_t* ids_low() const { return column<std::uint64_t>(8); }
  [[nodiscard]] std::uint64_t* ids_high() const { return column<std::uint64_t>(16); }
  [[nodiscard]] std::int64_t* values(std::size_t i) const { return column<std::int64_t>(24 + 8 * i); }
  [[nodiscard]] std::uint32_t* words(std::size_t i) const {
    return column<std::uint32_t>(24 + 8 * layout_->values + 4 * i);
  }

  /// Writes `entry` at `at`.
  void put(std::size_t at, const Entry& entry) const;
  void get(std::size_t at, Entry& entry) const;
  /// Copies `count` entries from `from` of another block (or this one; they may overlap) to `to` of this one.
  void move(std::size_t to, const Block& source, std::size_t from, std::size_t count) const;

 private:
  template <typename T>
  [[nodiscard]] T* column(std::size_t bytes_before_per_entry) const {
    return reinterpret_cast<T*>(bytes_ + bytes_before_per_entry * capacity_);
  }

  std::byte* bytes_ = nullptr;
  std::size_t capacity_ = 0;
  const Layout* layout_ = nullptr;
};

/// Blocks by size class (2 to 64 entries), cut from slabs; what is given back is used again. Owns all of
/// them.
class BlockPool {
 public:
  static constexpr std::size_t largest = 64;
  static constexpr std::size_t classes = 10;

  explicit BlockPool(const Layout& layout) : layout_(&layout) {}
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  /// The smallest capacity that holds `entries`; at most `largest`.
  [[nodiscard]] static std::size_t capacity_for(std::size_t entries);

  [[nodiscard]] Block take(std::size_t capacity);
  void give_back(const Block& block);
  [[nodiscard]] Block view(std::byte* bytes, std::size_t capacity) const { return Block(bytes, capacity, *layout_); }

  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  /// Of those: what was given back, and waits to be used again.
  [[nodiscard]] std::size_t free_bytes() const { return free_bytes_; }

 private:
  struct Free {
    void operator()(std::byte* slab) const { std::free(slab); }
  };
  void add_slab(std::size_t least);
  [[nodiscard]] std::size_t bytes_of(std::size_t capacity) const;

  const Layout* layout_;
  std::vector<std::unique_ptr<std::byte, Free>> slabs_;
  std::size_t bytes_ = 0;
  std::size_t free_bytes_ = 0;
  std::byte* next_ = nullptr;
  std::size_t left_ = 0;
  std::vector<std::byte*> free_[classes];
};

}  // namespace bank::engine
