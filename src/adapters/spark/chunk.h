// Records of one partition and one shard, packed: what travels from the map side to the reduce side, and what Spark's
// state store keeps as the change that a batch made. So it is small (some 25 bytes for a record of 240), versioned and
// checksummed, and holds all that judging and encoding need, so that nothing is parsed twice.
//
// Layout, little-endian, numbers without a size as varints:
//   0 "BKC1"  4 u16 version  6 u8 kind  7 u8 0  8 i32 partition  12 u32 bytes  16 i64 first number  24 u64 hash
//   32 u32 records  36 u32 bytes of the ids, accounts and times as texts  40 u16 + origin
// Accepted, each: u8 flags; number less the one before; seconds less those before (zigzag); µs, and u8 + time as it was
// given (both only where it is not whole seconds in one of the two usual spellings); amount, in hundredths where it is
// such; type, location, merchant, each 0 null, 1 + a new text, 2 + place of an earlier text among the new ones; id and
// account, each u8 bytes shared with the one before, u8 + the rest.
// Rejected, each: u8 flags; number less the one before; u8 reason; u8 field, from 1, or 0; piece; key; value.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/spark/fault.h"
#include "model/rejection.h"
#include "model/transaction.h"

namespace bank::spark {

enum class ChunkKind : std::uint8_t { accepted = 1, rejected = 2 };

inline constexpr std::size_t chunk_head_bytes = 42;
inline constexpr std::uint32_t chunk_records_max = 8192;
/// A chunk is full when it has so many records, or so many bytes, or texts of so many bytes in all when unpacked.
inline constexpr std::size_t chunk_full_bytes = 256 << 10;
inline constexpr std::size_t chunk_full_texts = 16 << 20;

/// A record that was refused, whole. A view.
struct Refused {
  std::int64_t number = 0;
  model::Rejection rejection{};
  std::string_view key;
  std::string_view value;
  std::int32_t piece = 0;  ///< As in pipeline::RawRecord.
  bool has_key = false;
  bool has_value = true;
};

/// Fills one chunk after another.
class ChunkWriter {
 public:
  ChunkWriter() = default;
  /// Begins a chunk. `origin` is as in pipeline::Stream, at most 65,535 bytes.
  void begin(ChunkKind kind, std::int32_t partition, std::string_view origin);
  /// Numbers don't descend.
  void add(const model::Transaction& transaction, std::int64_t number);
  void add(const Refused& refused);

  [[nodiscard]] bool empty() const { return records_ == 0; }
  [[nodiscard]] bool full() const {
    return records_ >= chunk_records_max || bytes_.size() >= chunk_full_bytes || texts_ >= chunk_full_texts;
  }
  [[nodiscard]] std::uint32_t records() const { return records_; }
  /// The chunk; it is to be begun anew then.
  [[nodiscard]] std::string finish();

 private:
  static constexpr std::size_t known_slots = 256;
  static constexpr std::size_t known_max = known_slots * 3 / 4;
  struct Known {
    std::uint32_t begin = 0;  // in bytes_
    std::uint32_t size = 0;
  };
  template <std::size_t N>
  struct Last {
    std::array<char, N + 8> text{};
    std::size_t size = 0;
  };

  std::uint64_t advance(std::int64_t number);
  char* put(char* base, char* at, const model::Transaction& transaction, std::uint64_t step);
  char* put_word(char* base, char* at, std::string_view text);
  template <std::size_t N>
  static char* put_rest(char* at, std::string_view text, Last<N>& last);

  std::string bytes_;
  std::uint32_t records_ = 0;
  std::size_t texts_ = 0;           // bytes of all texts
  std::size_t unpacked_bytes_ = 0;  // of ids, accounts and times alone
  std::int64_t number_ = 0;
  std::int64_t second_ = 0;
  std::array<std::uint8_t, known_slots> slots_{};  // place in known_ + 1
  std::array<Known, known_max> known_{};
  std::size_t known_count_ = 0;
  Last<model::max_transaction_id_bytes> id_;
  Last<model::max_account_number_bytes> account_;
};

/// What stands in front.
struct ChunkHead {
  ChunkKind kind = ChunkKind::accepted;
  std::int32_t partition = 0;
  std::int64_t first_number = 0;
  std::uint32_t records = 0;
  std::string_view origin;
};

/// A chunk unpacked. Reuse it. Its texts are views of the chunk, and of what is in here.
class UnpackedChunk {
 public:
  /// Faults (state): damaged, of another version, no chunk at all; nothing is to be looked at then.
  [[nodiscard]] Try<> read(std::string_view chunk);

  [[nodiscard]] const ChunkHead& head() const { return head_; }
  [[nodiscard]] std::span<const model::Transaction> transactions() const { return transactions_; }
  /// By transaction.
  [[nodiscard]] std::span<const std::int64_t> numbers() const { return numbers_; }
  [[nodiscard]] std::span<const Refused> refused() const { return refused_; }

 private:
  class Unpacker;

  ChunkHead head_;
  std::vector<model::Transaction> transactions_;
  std::vector<std::int64_t> numbers_;
  std::vector<Refused> refused_;
  std::vector<std::string_view> words_;
  std::string texts_;
};

/// The hash that stands in a chunk's head.
[[nodiscard]] std::uint64_t chunk_hash(std::string_view chunk);

}  // namespace bank::spark
