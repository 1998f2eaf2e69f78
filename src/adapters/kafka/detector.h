// The detector on Kafka: transactions of a topic in, alerts, processed transactions and dead letters out, exactly once.
//
// It is a member of a consumer group, judges each partition by an engine of its own, and commits what it finds together
// with the offsets of what it read, in one Kafka transaction (committer.h). Histories are rebuilt from the log when a
// partition is taken over (recovery.h). What is computed is the same as in file mode: pipeline/lane.h is shared.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/kafka/connection.h"
#include "base/clock.h"
#include "base/result.h"
#include "codec/decode.h"
#include "engine/engine.h"
#include "engine/plan.h"
#include "pipeline/run.h"

namespace bank::kafka {

struct DetectorOptions {
  Connection connection;
  std::string transactions_topic;
  std::string alerts_topic;
  std::string processed_topic;  ///< Empty: not wanted.
  std::string dead_letter_topic;
  std::string group;
  std::string instance;   ///< group.instance.id; empty: none.
  std::string state_dir;  ///< Where detectors of this machine keep what is theirs; see state_dir.h.
  std::string identity;   ///< A word that no other machine uses; taken when `state_dir` has none yet.
  std::int64_t commit_interval_us = 100'000;
  bool from_beginning = false;  ///< Where the group has no offset yet: from the first record, not from the next.
  bool until_end = false;       ///< Ends when the records that were there at the start are done.
  std::uint64_t records_max = std::numeric_limits<std::uint64_t>::max();
  std::size_t threads = 1;  ///< That judge; at least 1.
  engine::Options engine{};
  codec::FieldNames names{};
  const std::atomic<bool>* stop = nullptr;  ///< When raised, what was read is finished and committed.
};

/// How a partition stands.
struct PartitionStatus {
  std::int32_t number = 0;
  std::int64_t committed = 0;    ///< One past the last record whose results are visible.
  std::int64_t end = 0;          ///< One past the last record there is, as far as is known.
  std::int64_t replay_left = 0;  ///< Records still to replay before new ones are judged.
  [[nodiscard]] std::int64_t lag() const { return end > committed ? end - committed : 0; }
};

/// How the detector stands. Counts are since its start.
struct DetectorStatus {
  std::int64_t elapsed_ns = 0;
  std::uint64_t records = 0;
  std::uint64_t alerts = 0;
  std::vector<std::uint64_t> alerts_by_rule;  ///< In the order of the rules file.
  std::uint64_t rejected = 0;
  std::uint64_t replayed = 0;
  std::uint64_t transactions = 0;  ///< Kafka's, committed.
  std::uint64_t aborted = 0;       ///< Tried again.
  std::uint64_t rebalances = 0;
  std::vector<PartitionStatus> partitions;  ///< Those it has.
  bool ready = false;                       ///< It is in its group, and all its partitions are past their replay.
  /// Between a record's taking from the client and the visibility of its results, over the last seconds; 0: none.
  std::int64_t latency_p50_us = 0;
  std::int64_t latency_p99_us = 0;
  std::string trouble;  ///< What keeps it from getting on (no broker answers: …); else empty.
};

/// What it wants to be known besides: a line for a person.
using Notice = std::function<void(const std::string&)>;

struct DetectorOutcome {
  pipeline::Summary summary;  ///< Of what was judged; accounts and state of the partitions that it had at the end.
  DetectorStatus status;
  std::optional<Error> error;
  bool stopped = false;  ///< The stop flag ended it.
};

/// Runs until it is stopped, has read what it was to read, or can't go on. `on_status` is called from the calling
/// thread about ten times a second.
[[nodiscard]] DetectorOutcome run_detector(const DetectorOptions& options,
                                           const std::shared_ptr<const engine::Plan>& plan, const Clock& clock,
                                           const std::function<void(const DetectorStatus&)>& on_status,
                                           const Notice& notice);

}  // namespace bank::kafka
