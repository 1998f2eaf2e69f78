// A thread that takes records of its partitions from the client and judges them.
#pragma once

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "adapters/kafka/committer.h"
#include "adapters/kafka/partition.h"
#include "adapters/kafka/snapshot.h"
#include "base/clock.h"

namespace bank::kafka {

struct DestroyQueue {
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
};
using Queue = std::unique_ptr<rd_kafka_queue_t, DestroyQueue>;

/// A partition that this detector has, and how far its reading has come.
struct Assigned {
  std::unique_ptr<Partition> partition;
  std::vector<std::int64_t> outliers{};  ///< Single records to replay first …
  std::size_t outlier = 0;               ///< … of which this is the next.
  std::int64_t floor = 0;                ///< Then from here …
  std::int64_t live_from = 0;            ///< … up to here silently.
  /// The next offset that is wanted; what comes below it is old.
  std::atomic<std::int64_t> next_offset = 0;
  std::int64_t end_wanted = -1;  ///< Done here when this is reached; -1: never.
  std::atomic<bool> done = false;
  std::atomic<bool> at_end = false;  ///< The client has said that there is no more, whatever markers come behind.
  Batch open;                        ///< Being filled; of the worker.

  [[nodiscard]] bool wants_nothing() const {
    return done.load(std::memory_order_relaxed) || at_end.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::int64_t first_offset() const { return outlier < outliers.size() ? outliers[outlier] : floor; }
};

/// How many records may still be taken, of all workers together.
class Allowance {
 public:
  explicit Allowance(std::uint64_t records)
      : limited_(records < static_cast<std::uint64_t>(INT64_MAX)), left_(static_cast<std::int64_t>(records)) {}
  // Without a limit the workers share nothing that they write for each record.
  bool take() { return !limited_ || left_.fetch_sub(1, std::memory_order_relaxed) > 0; }
  [[nodiscard]] bool used_up() const { return limited_ && left_.load(std::memory_order_relaxed) <= 0; }

 private:
  const bool limited_;
  std::atomic<std::int64_t> left_;
};

class Worker {
 public:
  /// What is passed by reference outlives it. `callers`: the queue at which the caller waits.
  Worker(const Client& consumer, rd_kafka_queue_t* callers, std::string topic, Committer& committer,
         Snapshots& snapshots, const Clock& clock, Allowance& allowance);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Where the client is to put the records of this worker's partitions.
  [[nodiscard]] rd_kafka_queue_t* queue() const { return queue_.get(); }

  // A new worker is paused. While it is, its partitions are the caller's to change.
  /// Returns when it holds nothing unfinished: all it has taken is judged and with the committer.
  void pause();
  void resume();
  std::map<std::int32_t, std::unique_ptr<Assigned>>& assigned() { return assigned_; }

  /// Whether, since this was last asked, there were records that the client had not even fetched: its thread may sleep,
  /// having found the queue full. The caller is woken when this becomes true.
  [[nodiscard]] bool take_unfetched() { return unfetched_.exchange(false, std::memory_order_relaxed); }

  /// What the client reports of a partition, that can't be gone on from.
  [[nodiscard]] std::optional<Error> error() const;

 private:
  void run();
  void look_for_unfetched();
  void take(const rd_kafka_message_t& message);
  void take_record(Assigned& assigned, const rd_kafka_message_t& message);
  void replayed_outlier(Assigned& assigned);
  void judge(Assigned& assigned);
  void note_error(const rd_kafka_message_t& message);

  const Client& consumer_;
  rd_kafka_queue_t* const callers_;
  const std::string topic_;
  Committer& committer_;
  Snapshots& snapshots_;
  const Clock& clock_;
  Allowance& allowance_;
  Queue queue_;
  std::map<std::int32_t, std::unique_ptr<Assigned>> assigned_;
  Chunk unused_;  // what replays come to: nothing

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool pause_wanted_ = true;
  bool paused_ = false;
  bool end_ = false;
  std::optional<Error> error_;
  std::atomic<bool> unfetched_ = false;

  std::thread thread_;
};

}  // namespace bank::kafka
