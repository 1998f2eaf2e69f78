// The map side: raw records into chunks, one for each shard at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/spark/chunk.h"
#include "adapters/spark/fault.h"
#include "adapters/spark/setup.h"
#include "codec/decode.h"
#include "pipeline/ports.h"

namespace bank::spark {

inline constexpr std::uint32_t shards_max = 65'536;
/// Of what is given as an origin; a partition's number comes behind it.
inline constexpr std::size_t origin_bytes_max = 60'000;

/// Which shard's an account is.
[[nodiscard]] std::uint32_t shard_of(std::uint64_t account_hash, std::uint32_t shards);

/// Chunks end where they are full, or where the partition or the origin changes; so they are a function of the records
/// alone.
class Packer {
 public:
  struct Counts {
    std::uint64_t records = 0;  ///< One in pieces counts once.
    std::uint64_t accepted = 0;
    std::uint64_t rejected = 0;
    std::uint64_t bytes = 0;  ///< Of the records.
    std::uint64_t packed_bytes = 0;
    std::uint64_t chunks = 0;
  };

  /// `shards`: 1 to shards_max. `origin`: `topic/`, behind which partitions are named, or `path:` for the rows of a
  /// file.
  Packer(std::shared_ptr<const Setup> setup, std::uint32_t shards, std::string_view origin);

  /// Decodes and packs the records of a BKR1 message (Native.java has its layout). Faults (border): it is none, and
  /// nothing was packed.
  [[nodiscard]] Try<> pack(std::string_view message);

  /// The same for records of a file. `decoder`: null for JSON.
  void pack(std::span<const pipeline::RawRecord> records, std::int32_t file, codec::CsvDecoder* decoder);

  /// Writes chunks that are ready into `out`, as many as fit. How many bytes; 0: there are none; negative: the next one
  /// needs so many. `all`: also those that are not full.
  [[nodiscard]] std::int64_t drain(std::span<char> out, bool all);

  [[nodiscard]] const Counts& counts() const { return counts_; }
  /// As Native.packerCounts() says.
  [[nodiscard]] std::string describe_counts() const;
  [[nodiscard]] const Setup& setup() const { return *setup_; }

 private:
  struct Ready {
    std::uint32_t shard = 0;
    std::string chunk;
  };
  using Decoded = std::expected<model::Transaction, model::Rejection>;

  void go_to(std::int32_t partition, std::string_view origin, std::int64_t number);
  void add(const Decoded& decoded, const Refused& raw);
  void finish(ChunkWriter& writer, std::uint32_t shard);
  void finish_all();

  std::shared_ptr<const Setup> setup_;
  const std::uint32_t shards_;
  const std::string prefix_;  // of the origins of Kafka's partitions; the whole one of a file's rows
  codec::JsonDecoder json_;
  codec::TextArena arena_;
  std::string tail_;  // records too near to their buffer's end to be decoded there
  std::vector<ChunkWriter> writers_;
  ChunkWriter rejected_;
  std::deque<Ready> ready_;
  Counts counts_;

  std::optional<std::int32_t> partition_;
  std::string origin_;
  std::int64_t last_number_ = 0;
};

}  // namespace bank::spark
