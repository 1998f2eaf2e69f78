#include "engine/block.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/assert.h"

namespace bank::engine {
namespace {

std::size_t class_of(std::size_t capacity) {
  return static_cast<std::size_t>(std::countr_zero(capacity) - std::countr_zero(BlockPool::smallest));
}

}  // namespace

void Block::put(std::size_t at, const Entry& entry) const {
  BANK_ASSERT(at < capacity_);
  times()[at] = entry.time_us;
  ids_low()[at] = entry.id.low;
  ids_high()[at] = entry.id.high;
  for (std::size_t i = 0; i < layout_->values; ++i) values(i)[at] = entry.values[i];
  for (std::size_t i = 0; i < layout_->words; ++i) words(i)[at] = entry.words[i];
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
  return std::max(smallest, std::bit_ceil(entries));
}

Block BlockPool::take(std::size_t capacity) {
  auto& free = free_[class_of(capacity)];
  if (!free.empty()) {
    std::byte* bytes = free.back();
    free.pop_back();
    return view(bytes, capacity);
  }
  const std::size_t size = (layout_->entry_bytes() * capacity + 7) & ~std::size_t{7};
  if (size > left_) {
    // What is left of the old slab is lost: less than one block in every slab.
    left_ = std::max(slab_bytes_, size);
    large_slab_bytes_ += left_ - slab_bytes_;
    slabs_.push_back(std::make_unique_for_overwrite<std::byte[]>(left_));
    next_ = slabs_.back().get();
  }
  std::byte* bytes = next_;
  next_ += size;
  left_ -= size;
  return view(bytes, capacity);
}

void BlockPool::give_back(const Block& block) { free_[class_of(block.capacity())].push_back(block.bytes()); }

}  // namespace bank::engine
