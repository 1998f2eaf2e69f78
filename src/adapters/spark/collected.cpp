#include "adapters/spark/collected.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/assert.h"

namespace bank::spark {
namespace {

// Of chunks that were read once.
std::pair<std::int32_t, std::int64_t> arrival_of(std::string_view chunk) {
  UnpackedChunk unpacked;
  BANK_ASSERT(unpacked.read(chunk).has_value());
  return {unpacked.head().partition, unpacked.head().first_number};
}

}  // namespace

Try<> Collected::add(std::string_view chunk) {
  if (const Try<> read = scratch_.read(chunk); !read) return read;
  const ChunkHead& head = scratch_.head();
  if (head.kind == ChunkKind::rejected) {
    rejected_.push_back({.bytes = std::string(chunk), .left = head.records, .unpacked = nullptr});
    return {};
  }
  const auto number = static_cast<std::uint32_t>(chunks_.size());
  for (std::uint32_t i = 0; i < head.records; ++i) {
    entries_.push_back({.time_us = scratch_.transactions()[i].time.us(),
                        .number = scratch_.numbers()[i],
                        .partition = head.partition,
                        .chunk = number,
                        .place = i});
  }
  chunks_.push_back({.bytes = std::string(chunk), .left = head.records, .unpacked = nullptr});
  return {};
}

const UnpackedChunk& Collected::unpacked(std::uint32_t chunk) {
  Kept& kept = chunks_[chunk];
  if (!kept.unpacked) {
    kept.unpacked = std::make_unique<UnpackedChunk>();
    BANK_ASSERT(kept.unpacked->read(kept.bytes).has_value());
  }
  return *kept.unpacked;
}

bool Collected::refuse(Shard& shard) {
  if (next_rejected_ == rejected_.size()) return false;
  const std::string bytes = std::move(rejected_[next_rejected_++].bytes);
  BANK_ASSERT(scratch_.read(bytes).has_value());
  for (const Refused& refused : scratch_.refused()) {
    shard.refuse(refused, scratch_.head().partition, scratch_.head().origin);
  }
  return true;
}

bool Collected::judge(Shard& shard, std::int64_t now_us) {
  if (!sorted_) {
    std::ranges::sort(entries_, {},
                      [](const Entry& entry) { return std::tuple(entry.time_us, entry.partition, entry.number); });
    std::ranges::sort(rejected_, {}, [](const Kept& kept) { return arrival_of(kept.bytes); });
    sorted_ = true;
  }
  shard.outcome().clear();
  if (refuse(shard)) return true;
  const std::size_t end = std::min(next_ + records_at_once, entries_.size());
  if (next_ == end) return false;
  transactions_.clear();
  numbers_.clear();
  partitions_.clear();
  origins_.clear();
  for (std::size_t i = next_; i < end; ++i) {
    const Entry& entry = entries_[i];
    const UnpackedChunk& chunk = unpacked(entry.chunk);
    transactions_.push_back(chunk.transactions()[entry.place]);
    numbers_.push_back(entry.number);
    partitions_.push_back(entry.partition);
    origins_.push_back(chunk.head().origin);
  }
  shard.judge({.transactions = transactions_, .numbers = numbers_, .partitions = partitions_, .origins = origins_},
              now_us);
  for (; next_ < end; ++next_) {
    Kept& kept = chunks_[entries_[next_].chunk];
    if (--kept.left == 0) kept = {};
  }
  return true;
}

}  // namespace bank::spark
