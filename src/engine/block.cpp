#include "engine/block.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

#include "base/assert.h"
#include "base/huge_pages.h"

namespace bank::engine {
namespace {

constexpr std::array<std::uint8_t, BlockPool::classes> capacities = {2, 4, 6, 8, 12, 16, 24, 32, 48, 64};
static_assert(capacities.back() == BlockPool::largest);

// The class of the smallest capacity that holds so many entries.
constexpr auto class_of = [] {
  std::array<std::uint8_t, BlockPool::largest + 1> classes{};
  std::uint8_t at = 0;
  for (std::size_t entries = 0; entries <= BlockPool::largest; ++entries) {
    if (entries > capacities[at]) ++at;
    classes[entries] = at;
  }
  return classes;
}();

}  // namespace

// What is stored might be the layout itself, for all that the compiler knows: so its numbers are taken once.
void Block::put(std::size_t at, const Entry& entry) const {
  const Layout layout = *layout_;
  BANK_ASSERT(at < capacity_ && entry.values.size() == layout.values && entry.words.size() == layout.words);
  const std::int64_t* const entry_values = entry.values.data();
  const std::uint32_t* const entry_words = entry.words.data();
  times()[at] = entry.time_us;
  ids_low()[at] = entry.id.low;
  ids_high()[at] = entry.id.high;
  std::int64_t* const to_values = values(0) + at;
  std::uint32_t* const to_words = words(0) + at;
  const std::size_t stride = capacity_;
  for (std::size_t i = 0; i < layout.values; ++i) to_values[i * stride] = entry_values[i];
  for (std::size_t i = 0; i < layout.words; ++i) to_words[i * stride] = entry_words[i];
}

void Block::get(std::size_t at, Entry& entry) const {
  BANK_ASSERT(at < capacity_);
  entry.time_us = times()[at];
  entry.id = {ids_low()[at], ids_high()[at]};
  for (std::size_t i = 0; i < layout_->values; ++i) entry.values[i] = values(i)[at];
  for (std::size_t i = 0; i < layout_->words; ++i) entry.words[i] = words(i)[at];
}

void Block::move(std::size_t to, const Block& source, std::size_t from, std::size_t count) const {
  BANK_ASSERT(to + count <= capacity_ && from + count <= source.capacity_);
  const auto copy = [&](auto* target, const auto* origin) {
    std::memmove(target + to, origin + from, count * sizeof(*target));
  };
  copy(times(), source.times());
  copy(ids_low(), source.ids_low());
  copy(ids_high(), source.ids_high());
  for (std::size_t i = 0; i < layout_->values; ++i) copy(values(i), source.values(i));
  for (std::size_t i = 0; i < layout_->words; ++i) copy(words(i), source.words(i));
}

std::size_t BlockPool::capacity_for(std::size_t entries) {
  BANK_ASSERT(entries <= largest);
  return capacities[class_of[entries]];
}

Block BlockPool::take(std::size_t capacity) {
  auto& free = free_[class_of[capacity]];
  if (!free.empty()) {
    std::byte* bytes = free.back();
    free.pop_back();
    free_bytes_ -= bytes_of(capacity);
    return view(bytes, capacity);
  }
  const std::size_t size = bytes_of(capacity);
  if (size > left_) add_slab(size);  // what is left of the old slab is lost: less than one block
  std::byte* bytes = next_;
  next_ += size;
  left_ -= size;
  return view(bytes, capacity);
}

// A few small slabs, so that a small engine stays small; then slabs of huge pages.
void BlockPool::add_slab(std::size_t least) {
  constexpr std::size_t small_slab = std::size_t{256} << 10;
  constexpr std::size_t small_slabs = 8;
  const bool huge = slabs_.size() >= small_slabs;
  const std::size_t unit = huge ? huge_page_bytes : small_slab;
  left_ = (least + unit - 1) / unit * unit;
  next_ = static_cast<std::byte*>(huge ? allocate_huge_pages(left_) : std::aligned_alloc(64, left_));
  if (next_ == nullptr) throw std::bad_alloc();
  slabs_.emplace_back(next_);
  bytes_ += left_;
}

void BlockPool::give_back(const Block& block) {
  free_[class_of[block.capacity()]].push_back(block.bytes());
  free_bytes_ += bytes_of(block.capacity());
}

std::size_t BlockPool::bytes_of(std::size_t capacity) const {
  return (layout_->entry_bytes() * capacity + 7) & ~std::size_t{7};
}

}  // namespace bank::engine
