// The reduce side: the accounts of one shard, judged chunk by chunk.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "adapters/spark/chunk.h"
#include "adapters/spark/fault.h"
#include "adapters/spark/outcome.h"
#include "adapters/spark/setup.h"
#include "analytics/accumulator.h"
#include "model/position.h"
#include "pipeline/forgetting.h"
#include "pipeline/lane.h"
#include "pipeline/trusted_time.h"

namespace bank::spark {

class Shard {
 public:
  /// The histories of the accounts of one partition, or of all where they are shared, and how far its time has come.
  struct Part {
    Part(const std::shared_ptr<const engine::Plan>& plan, const engine::Options& options)
        : lane(plan, options), forgetting(pipeline::reach_us_of(*plan, options)) {}
    pipeline::Lane lane;
    pipeline::TrustedTime trusted;
    pipeline::Forgetting forgetting;
  };

  explicit Shard(std::shared_ptr<const Setup> setup);

  /// Judges an accepted chunk, or refuses a rejected one for good, and says so in outcome(). Faults (state): not a
  /// chunk; nothing has happened then.
  [[nodiscard]] Try<> judge(std::string_view chunk, std::int64_t now_us);
  /// For the histories' sake alone. Faults (state): not an accepted chunk.
  [[nodiscard]] Try<> replay(std::string_view chunk);

  /// The parts of judge(), for what comes in another order. They add to outcome().
  struct Judging {
    std::span<const model::Transaction> transactions;
    std::span<const std::int64_t> numbers;  ///< By transaction.
    /// By transaction; or one for all.
    std::span<const std::int32_t> partitions;
    std::span<const std::string_view> origins;
  };
  void judge(const Judging& judging, std::int64_t now_us);
  void refuse(const Refused& refused, std::int32_t partition, std::string_view origin);

  /// What the last call came to.
  [[nodiscard]] Outcome& outcome() { return outcome_; }

  [[nodiscard]] const Setup& setup() const { return *setup_; }
  /// By partition; -1 where the histories are shared.
  [[nodiscard]] std::map<std::int32_t, Part>& parts() { return parts_; }
  [[nodiscard]] const std::map<std::int32_t, Part>& parts() const { return parts_; }
  [[nodiscard]] Part& part(std::int32_t partition);
  /// Whether nothing was ever judged or replayed.
  [[nodiscard]] bool untouched() const { return untouched_; }

  /// As Native.shardStatistics() says.
  [[nodiscard]] std::string statistics() const;

  /// What it has added up, if the setup asks for that.
  [[nodiscard]] const analytics::TransactionAccumulator* transactions() const { return transactions_.get(); }
  /// Finishes the last transaction.
  [[nodiscard]] const analytics::AlertAccumulator* alerts();

 private:
  void judge_slice(Part& part, const Judging& judging, std::int64_t now_us);
  void add_up(std::span<const model::Transaction> transactions, const engine::Judgements& judgements);

  std::shared_ptr<const Setup> setup_;
  std::map<std::int32_t, Part> parts_;
  UnpackedChunk chunk_;
  pipeline::Judged judged_;
  Outcome outcome_;
  std::string line_;  // of a dead letter
  bool untouched_ = true;
  std::uint64_t judged_count_ = 0;
  std::uint64_t resends_ = 0;
  std::uint64_t late_ = 0;
  std::uint64_t replayed_ = 0;
  std::unique_ptr<analytics::TransactionAccumulator> transactions_;
  std::unique_ptr<analytics::AlertAccumulator> alerts_;
};

}  // namespace bank::spark
