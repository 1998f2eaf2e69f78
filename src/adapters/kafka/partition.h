// One partition being judged: its engine, where it stands, and how it got there.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/kafka/chunk.h"
#include "adapters/kafka/recovery.h"
#include "base/clock.h"
#include "codec/decode.h"
#include "engine/engine.h"
#include "pipeline/forgetting.h"
#include "pipeline/lane.h"
#include "pipeline/run.h"

namespace bank::kafka {

/// Records of one partition, copied out of the client's buffers. Reuse it.
struct Batch {
  struct Record {
    std::uint32_t key_begin = 0;
    std::uint32_t key_bytes = 0;
    std::uint32_t value_begin = 0;
    std::uint32_t value_bytes = 0;
    std::int64_t offset = 0;
    bool has_key = false;
    bool has_value = false;
  };
  std::vector<Record> records;
  std::string text;  ///< Keys and values; with room behind them for the decoder to read ahead.
  std::int64_t taken_ns = 0;
  bool replay = false;  ///< For the histories only: what these came to is visible already.

  void append(std::int64_t offset, std::optional<std::string_view> key, std::optional<std::string_view> value);
  void clear();
  /// Makes the bytes behind the last value readable; before the records are looked at.
  void pad();
  [[nodiscard]] std::string_view value(const Record& record) const {
    return std::string_view(text).substr(record.value_begin, record.value_bytes);
  }
};

/// What has been done in a partition, by whoever judges it, for whoever shows it.
struct PartitionCounts {
  explicit PartitionCounts(std::size_t rules) : alerts_by_rule(rules) {}
  std::atomic<std::uint64_t> records = 0;
  std::atomic<std::uint64_t> bytes = 0;
  std::atomic<std::uint64_t> alerts = 0;
  std::atomic<std::uint64_t> rejected = 0;
  std::atomic<std::uint64_t> replayed = 0;
  std::vector<std::atomic<std::uint64_t>> alerts_by_rule;  ///< In the order of the rules file.
};

struct JudgingOptions {
  engine::Options engine{};
  codec::FieldNames names{};
  std::string topic;
  bool processed = false;
};

/// Not thread-safe: whoever judges it has it to himself.
class Partition {
 public:
  Partition(std::int32_t number, const std::shared_ptr<const engine::Plan>& plan, const JudgingOptions& options);

  /// Judges the batch, whose offsets ascend, and says in `chunk` what it came to. A batch for replay leaves the chunk
  /// alone.
  void judge(Batch& batch, const Clock& clock, Chunk& chunk);

  [[nodiscard]] std::int32_t number() const { return number_; }
  /// One past the last record judged or replayed.
  [[nodiscard]] std::int64_t position() const { return position_; }
  void set_position(std::int64_t position) { position_ = position; }
  /// What a restart here needs.
  [[nodiscard]] ReplayPoint replay_point();
  /// See ReplayPoint.
  [[nodiscard]] std::int64_t lineage() const { return lineage_; }
  void set_lineage(std::int64_t lineage) { lineage_ = lineage; }
  /// Adds what it has judged, and what its engine holds, to `summary`.
  void add_to(pipeline::Summary& summary) const;

  [[nodiscard]] const PartitionCounts& counts() const { return counts_; }
  [[nodiscard]] pipeline::Lane& lane() { return lane_; }
  [[nodiscard]] const pipeline::Lane& lane() const { return lane_; }
  [[nodiscard]] TrustedTime& trusted() { return trusted_; }
  [[nodiscard]] const TrustedTime& trusted() const { return trusted_; }
  [[nodiscard]] ReplayFloor& floor() { return floor_; }
  [[nodiscard]] const ReplayFloor& floor() const { return floor_; }
  [[nodiscard]] std::int64_t reach_us() const { return forgetting_.reach_us(); }
  [[nodiscard]] std::int64_t columns() const { return columns_; }

 private:
  void decode(const Batch& batch, Chunk& chunk);
  void reject(const Batch& batch, const Batch::Record& record, const model::Rejection& rejection, Chunk& chunk);
  void list_messages(Chunk& chunk);

  const std::int32_t number_;
  const JudgingOptions& options_;
  const std::string origin_;  // `topic/partition/`
  const std::int64_t columns_;
  pipeline::Lane lane_;
  codec::JsonDecoder decoder_;
  codec::TextArena arena_;
  TrustedTime trusted_;
  pipeline::Forgetting forgetting_;
  ReplayFloor floor_;
  std::int64_t position_ = 0;
  std::int64_t lineage_ = 0;
  PartitionCounts counts_;
  bool live_ = false;            // something was judged that was not replayed
  engine::Statistics replayed_;  // what of the engine's counts is of the replay
  std::array<std::uint64_t, pipeline::reason_count> rejected_by_reason_{};

  std::vector<model::Transaction> transactions_;  // of a batch; reused
  std::vector<std::uint32_t> places_;             // transactions_[i] is record places_[i]
};

/// See ReplayPoint.
[[nodiscard]] std::int64_t columns_of(const codec::FieldNames& names);

}  // namespace bank::kafka
