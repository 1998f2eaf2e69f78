// A partition's state on disk, to shorten the replay where windows are long. A cache: what is lost, stale or damaged
// only costs time.
//
// Layout, little-endian: "BKS3"; u64 engine::Plan::history_id(); i64 reach; i64 columns; i64 offset; i64 lineage; 16 ×
// (u64 account hash, i64 time), the witnesses of the trusted time; u64 buckets, each i64 first offset, i64 newest; u64
// outliers, each i64 offset, i64 time, u64 account hash; u64 accounts, each u64 + bytes of engine::Engine::save(); u64
// hash64 of all before.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "adapters/kafka/partition.h"
#include "base/result.h"
#include "engine/plan.h"

namespace bank::kafka {

/// Everything that a partition knows up to its position.
[[nodiscard]] std::string save_partition(const Partition& partition);

/// The offset of a snapshot, if it is whole and good for such a partition; else -1.
[[nodiscard]] std::int64_t snapshot_offset(std::string_view snapshot, const Partition& partition);

/// Fills a new partition from what save_partition() gave. On an error the partition is of no more use.
[[nodiscard]] Result<void> restore_partition(std::string_view snapshot, Partition& partition);

/// Snapshots as files, one for each partition, shared by the detectors of a group on this machine: whoever wrote a
/// file, it says what the log says up to its offset.
class Snapshots {
 public:
  /// `committed`: one past the last record of a partition whose results are visible; a snapshot is written only when
  /// that has reached it. `trouble`: told, once, that files can't be written (disk full); the detector goes on without.
  Snapshots(std::string folder, std::string topic, std::function<std::int64_t(std::int32_t)> committed,
            std::function<void(const std::string&)> trouble);
  /// Writes what can be written.
  ~Snapshots();
  Snapshots(const Snapshots&) = delete;
  Snapshots& operator=(const Snapshots&) = delete;

  /// Takes a snapshot if it is time to: when a restart would replay many records that the last one doesn't cover.
  /// Called by whoever judges the partition; from any thread.
  void consider(Partition& partition);
  /// The same, at the end, when everything is committed.
  void consider_last(Partition& partition);

  /// What is on disk for a partition, or empty.
  [[nodiscard]] std::string load(std::int32_t partition) const;

 private:
  struct Waiting {
    std::int32_t partition = 0;
    std::int64_t offset = 0;
    std::string bytes;
  };

  void take(Partition& partition);
  void run();
  void write(const Waiting& snapshot);
  [[nodiscard]] std::string path_of(std::int32_t partition) const;

  const std::string folder_;
  const std::string topic_;
  const std::function<std::int64_t(std::int32_t)> committed_;
  const std::function<void(const std::string&)> trouble_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::int32_t, std::int64_t> covered_;  // by partition: the offset of the last snapshot taken
  std::deque<Waiting> waiting_;
  bool end_ = false;
  bool told_ = false;
  std::thread thread_;
};

}  // namespace bank::kafka
