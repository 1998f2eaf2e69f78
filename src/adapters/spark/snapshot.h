// A shard's state in pieces, each a message of its own, so that none need be larger than what carries it.
//
// Layout, little-endian: 0 "BKS1"  4 u16 version  6 u8 whether it is the last  7 u8 0  8 u32 bytes  12 u32 number, from
// 0  16 u64 Setup::state_id()  24 u64 hash64 of the rest  32 items: u8 1, i32 partition, i64 forgotten before, 16 ×
// (u64 account hash, i64 time), the witnesses of the trusted time; or u8 2, u32 + bytes of engine::Engine::save(), of
// an account of the partition before.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/spark/fault.h"
#include "adapters/spark/shard.h"

namespace bank::spark {

/// Writes one. The shard stays as it is meanwhile.
class SnapshotWriter {
 public:
  explicit SnapshotWriter(const Shard& shard);
  /// The next piece, of at most `bytes_max`, or one account that is larger; it may be asked for again until taken.
  /// Empty behind the last.
  [[nodiscard]] std::string_view piece(std::size_t bytes_max);
  void take() { piece_.clear(); }

 private:
  void add_part(std::int32_t partition, const Shard::Part& part);
  void add_account(const Shard::Part& part, const std::string& account);

  const Shard& shard_;
  std::map<std::int32_t, Shard::Part>::const_iterator part_;
  std::vector<std::string> accounts_;  // of the part
  std::size_t next_account_ = 0;
  bool part_begun_ = false;
  bool over_ = false;
  std::uint32_t number_ = 0;
  std::string piece_;
};

/// Fills an untouched shard, piece after piece.
class SnapshotReader {
 public:
  /// Faults (state): damaged, of another version, of rules that keep other things, out of order. The shard is of no
  /// more use then.
  [[nodiscard]] Try<> take(std::string_view piece, Shard& shard);
  /// Whether pieces are missing.
  [[nodiscard]] bool halfway() const { return next_ > 0 && !last_; }

 private:
  std::uint32_t next_ = 0;
  bool last_ = false;
  Shard::Part* part_ = nullptr;
};

}  // namespace bank::spark
