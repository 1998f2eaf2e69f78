// Tallies by name (account, merchant, location), exact while they fit and bounded always.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/tally.h"
#include "base/assert.h"

namespace bank::wire {
class Reader;
}  // namespace bank::wire

namespace bank::analytics {

/// Estimates how many different hashes it has seen, within 0.8 % (one standard deviation), in 16 KiB.
/// The method is HyperLogLog (Flajolet, Fusy, Gandouet, Meunier, 2007), with its linear counting for few.
class DistinctEstimator {
 public:
  void add(std::uint64_t hash) {
    const std::uint64_t rest = (hash << index_bits) | (std::uint64_t{1} << (index_bits - 1));
    std::uint8_t& held = registers_[hash >> (64 - index_bits)];
    held = std::max(held, static_cast<std::uint8_t>(std::countl_zero(rest) + 1));
  }
  void merge(const DistinctEstimator& other) {
    for (std::size_t i = 0; i < registers_.size(); ++i) registers_[i] = std::max(registers_[i], other.registers_[i]);
  }
  [[nodiscard]] std::uint64_t estimate() const {
    constexpr double m = static_cast<double>(std::size_t{1} << index_bits);
    double inverse_sum = 0;
    std::size_t zeros = 0;
    for (const std::uint8_t held : registers_) {
      inverse_sum += std::ldexp(1.0, -held);
      zeros += held == 0 ? 1 : 0;
    }
    double estimate = 0.7213 / (1 + 1.079 / m) * m * m / inverse_sum;
    if (estimate <= 2.5 * m && zeros != 0) estimate = m * std::log(m / static_cast<double>(zeros));
    return static_cast<std::uint64_t>(std::llround(estimate));
  }

  /// As part of what saved.h saves. False: what is read can't be; it is of no more use then.
  void save(std::string& out) const;
  [[nodiscard]] bool restore(wire::Reader& reader);

 private:
  static constexpr int index_bits = 14;
  std::array<std::uint8_t, std::size_t{1} << index_bits> registers_{};
};

/// Maps a name to a Value (Tally or AlertTally). Exact up to `max_entries` names. When one more comes, the half that
/// counts least is forgotten: an entry stays if it is in the upper quarter by count or in the upper quarter by volume.
/// What a forgotten entry had is bounded by the largest count and volume forgotten, so that for every name, held or
/// not:
///   held value ≤ true value ≤ held value + error   (as in Manku and Motwani's lossy counting, 2002).
///
/// Memory: 64 bytes an entry (Tally), 11 to 21 for its slot, and the name's bytes; while it grows, once more the
/// entries.
template <typename Value>
class NamedTable {
 public:
  struct Entry {
    std::string_view name;  ///< Owned by the table.
    std::uint64_t hash = 0;
    Value value;
  };

  explicit NamedTable(std::size_t max_entries) : max_entries_(max_entries), slots_(min_slots) {
    BANK_ASSERT(max_entries >= 4 && max_entries < (std::size_t{1} << 31));
  }

  /// Asks the memory for what at() will look at first.
  void prefetch(std::uint64_t hash) const { __builtin_prefetch(&slots_[hash & (slots_.size() - 1)]); }

  /// The value of `name`, made new if it is not held. Valid until the next call. `hash`: hash64(name).
  Value& at(std::string_view name, std::uint64_t hash) {
    std::size_t at = hash & (slots_.size() - 1);
    for (;; at = (at + 1) & (slots_.size() - 1)) {
      const Slot slot = slots_[at];
      if (slot.entry == 0) break;
      if (slot.tag == tag_of(hash) && entries_[slot.entry - 1].name == name) return entries_[slot.entry - 1].value;
    }
    return insert(name, hash);
  }

  void merge(const NamedTable& other) {
    for (const Entry& entry : other.entries_) at(entry.name, entry.hash).merge(entry.value);
    distinct_.merge(other.distinct_);
    exact_ = exact_ && other.exact_;
    count_error_ += other.count_error_;
    volume_error_ += other.volume_error_;
  }

  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  /// Whether nothing was ever forgotten.
  [[nodiscard]] bool exact() const { return exact_; }
  /// How many different names there were: exact, or an estimate once entries were forgotten.
  [[nodiscard]] std::uint64_t distinct() const {
    return exact_ ? entries_.size() : std::max<std::uint64_t>(distinct_.estimate(), entries_.size());
  }
  [[nodiscard]] std::uint64_t count_error() const { return count_error_; }
  [[nodiscard]] Uint128 volume_error() const { return volume_error_; }

  /// As part of what saved.h saves. False: what is read can't be; it is of no more use then.
  void save(std::string& out) const;
  [[nodiscard]] bool restore(wire::Reader& reader);

  /// The `limit` entries with the largest key(value), largest first, equal ones by name.
  template <typename Key>
  [[nodiscard]] std::vector<const Entry*> top(std::size_t limit, Key key) const {
    std::vector<const Entry*> order;
    order.reserve(entries_.size());
    for (const Entry& entry : entries_) order.push_back(&entry);
    const std::size_t kept = std::min(limit, order.size());
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(kept), order.end(),
                      [&](const Entry* a, const Entry* b) {
                        const auto key_a = key(a->value);
                        const auto key_b = key(b->value);
                        return key_a != key_b ? key_a > key_b : a->name < b->name;
                      });
    order.resize(kept);
    return order;
  }

 private:
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t entry = 0;  ///< Index + 1; 0 is an empty slot.
  };
  static constexpr std::size_t min_slots = 16;
  static constexpr std::size_t block_bytes = 64 << 10;

  static std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }

  Value& insert(std::string_view name, std::uint64_t hash) {
    if (entries_.size() >= max_entries_) forget_half();
    if ((entries_.size() + 1) * 4 > slots_.size() * 3) fill_slots(slots_.size() * 2);
    distinct_.add(hash);
    entries_.push_back({keep(name), hash, Value{}});
    put(hash, entries_.size());
    return entries_.back().value;
  }

  void put(std::uint64_t hash, std::size_t entry_number) {
    std::size_t at = hash & (slots_.size() - 1);
    while (slots_[at].entry != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = {tag_of(hash), static_cast<std::uint32_t>(entry_number)};
  }

  void fill_slots(std::size_t size) {
    slots_.assign(size, Slot{});
    for (std::size_t i = 0; i < entries_.size(); ++i) put(entries_[i].hash, i + 1);
  }

  /// Copies a name to where it stays as long as the table.
  std::string_view keep(std::string_view name) {
    if (blocks_.empty() || block_used_ + name.size() > block_size_) {
      block_size_ = std::max(block_bytes, name.size());
      blocks_.push_back(std::make_unique_for_overwrite<char[]>(block_size_));
      block_used_ = 0;
    }
    char* place = blocks_.back().get() + block_used_;
    if (!name.empty()) std::memcpy(place, name.data(), name.size());
    block_used_ += name.size();
    return {place, name.size()};
  }

  void forget_half() {
    const std::size_t quarter = entries_.size() / 4;
    auto least_kept = [&](auto key) {
      std::vector<decltype(key(entries_[0].value))> keys;
      keys.reserve(entries_.size());
      for (const Entry& entry : entries_) keys.push_back(key(entry.value));
      std::nth_element(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(quarter), keys.end(), std::greater<>());
      return keys[quarter];
    };
    const std::uint64_t count_edge = least_kept([](const Value& value) { return value.count; });
    const Uint128 volume_edge = least_kept([](const Value& value) { return value.volume; });

    std::vector<Entry> kept;
    const auto old_blocks = std::move(blocks_);
    blocks_.clear();
    std::uint64_t count_forgotten = 0;
    Uint128 volume_forgotten = 0;
    for (const Entry& entry : entries_) {
      if (entry.value.count > count_edge || entry.value.volume > volume_edge) {
        kept.push_back({keep(entry.name), entry.hash, entry.value});
      } else {
        count_forgotten = std::max(count_forgotten, entry.value.count);
        volume_forgotten = std::max(volume_forgotten, entry.value.volume);
      }
    }
    entries_ = std::move(kept);
    fill_slots(slots_.size());
    exact_ = false;
    count_error_ += count_forgotten;
    volume_error_ += volume_forgotten;
  }

  std::size_t max_entries_;
  std::vector<Slot> slots_;
  std::vector<Entry> entries_;
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t block_used_ = 0;
  std::size_t block_size_ = 0;
  DistinctEstimator distinct_;
  bool exact_ = true;
  std::uint64_t count_error_ = 0;
  Uint128 volume_error_ = 0;
};

}  // namespace bank::analytics
