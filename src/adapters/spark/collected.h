// The chunks of a shard, judged in the order of event times instead of that of arrival: for batch.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/spark/chunk.h"
#include "adapters/spark/fault.h"
#include "adapters/spark/shard.h"

namespace bank::spark {

/// Takes all chunks, then gives their records to a shard: the refused in arrival order, then the others by event time,
/// equal ones in arrival order. Memory: the chunks, 32 bytes a record, and the records of those chunks unpacked that
/// reach over the time that is being judged.
class Collected {
 public:
  /// Faults (state): not a chunk.
  [[nodiscard]] Try<> add(std::string_view chunk);
  /// Judges the next records; their outcome is the shard's. False: there are no more.
  [[nodiscard]] bool judge(Shard& shard, std::int64_t now_us);

 private:
  static constexpr std::size_t records_at_once = 8192;
  struct Entry {
    std::int64_t time_us = 0;
    std::int64_t number = 0;
    std::int32_t partition = 0;
    std::uint32_t chunk = 0;
    std::uint32_t place = 0;  // in the chunk
  };
  struct Kept {
    std::string bytes;
    std::uint32_t left = 0;                   // records that are still to be judged
    std::unique_ptr<UnpackedChunk> unpacked;  // while some were and some are not
  };

  bool refuse(Shard& shard);
  const UnpackedChunk& unpacked(std::uint32_t chunk);

  UnpackedChunk scratch_;
  std::deque<Kept> chunks_;    // accepted
  std::deque<Kept> rejected_;  // by first number, once sorted
  std::vector<Entry> entries_;
  bool sorted_ = false;
  std::size_t next_ = 0;           // of entries_
  std::size_t next_rejected_ = 0;  // of rejected_

  std::vector<model::Transaction> transactions_;  // of one call; reused
  std::vector<std::int64_t> numbers_;
  std::vector<std::int32_t> partitions_;
  std::vector<std::string_view> origins_;
};

}  // namespace bank::spark
