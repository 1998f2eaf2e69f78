// What it takes to take partitions over: where the group stands in them, and from where their histories are to be made.
#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <map>
#include <memory>

#include "adapters/kafka/client.h"
#include "adapters/kafka/detector.h"
#include "adapters/kafka/partition.h"
#include "adapters/kafka/snapshot.h"
#include "adapters/kafka/worker.h"
#include "base/clock.h"
#include "base/result.h"

namespace bank::kafka {

/// Engines of partitions that were given up, by number. Most partitions come back at once, and go on where they were.
using Parked = std::map<std::int32_t, std::unique_ptr<Partition>>;

class Takeover {
 public:
  /// What is passed by reference outlives it.
  Takeover(const DetectorOptions& options, const std::shared_ptr<const engine::Plan>& plan,
           const JudgingOptions& judging, const Client& consumer, const Snapshots& snapshots, const Clock& clock,
           const Notice& notice);

  /// The group's offsets and their metadata, once nobody's transaction holds them in suspense. An offset below 0: none.
  [[nodiscard]] Result<PartitionList> committed(const rd_kafka_topic_partition_list_t& partitions);

  /// A partition ready to be read from its next_offset on. Its engine is the parked one, where that stands at the
  /// group's offset, and is then taken out of `parked`. Error: the group's offset lies beyond the topic's end.
  [[nodiscard]] Result<std::unique_ptr<Assigned>> prepare(const rd_kafka_topic_partition_t& committed, Parked& parked);

 private:
  struct Watermarks {
    std::int64_t low = 0;
    std::int64_t high = 0;
  };
  template <typename Call>
  [[nodiscard]] rd_kafka_resp_err_t ask(Call call);
  [[nodiscard]] Result<Watermarks> watermarks(std::int32_t partition);
  void start_at(Assigned& assigned, const rd_kafka_topic_partition_t& committed, const Watermarks& there);
  void use_snapshot(Assigned& assigned);
  [[nodiscard]] std::int64_t new_lineage(std::int32_t partition);

  const DetectorOptions& options_;
  const std::shared_ptr<const engine::Plan>& plan_;
  const JudgingOptions& judging_;
  const Client& consumer_;
  const Snapshots& snapshots_;
  const Clock& clock_;
  const Notice& notice_;
  const std::int64_t reach_us_;
  std::uint64_t lineages_ = 0;
};

}  // namespace bank::kafka
