// Makes results and positions visible in one act: a Kafka transaction that holds the messages and the offsets of the
// records that they came of. A thread of its own does it, while the next records are judged.
//
// Exactly once, by four things. The messages and the offsets commit or abort together. The offsets carry the consumer
// group's generation as it was when the partitions were assigned, so that a detector that has lost its partitions
// without knowing it (a zombie) is refused. The transactional id is the same after a restart, which aborts what a dead
// predecessor left open. And what a transaction held is kept until it is known to be committed, so that an abort is
// followed by the same messages again.
#pragma once

#include <librdkafka/rdkafka.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "adapters/kafka/chunk.h"
#include "adapters/kafka/client.h"
#include "base/clock.h"
#include "base/result.h"

namespace bank::kafka {

struct DestroyGroupMetadata {
  void operator()(rd_kafka_consumer_group_metadata_t* metadata) const {
    rd_kafka_consumer_group_metadata_destroy(metadata);
  }
};
using GroupMetadata = std::unique_ptr<rd_kafka_consumer_group_metadata_t, DestroyGroupMetadata>;

struct CommitterOptions {
  Connection connection;
  std::string transactional_id;
  std::string input_topic;
  std::array<std::string, output_count> topics;  ///< By Output; empty: not wanted.
  std::int64_t interval_ns = 100'000'000;        ///< Between the beginnings of two transactions.
  std::size_t pending_bytes_max = 64 << 20;      ///< add() waits while more than this waits to be committed.
};

/// What was committed, for whoever shows it.
struct Committed {
  std::uint64_t transactions = 0;
  std::uint64_t aborted = 0;
  std::uint64_t records = 0;
  std::uint64_t messages = 0;
};

class Committer {
 public:
  /// Makes the producer and waits until the cluster has taken it in, aborting what a predecessor left open; obeys
  /// `stop`. `consumer` outlives the committer. `on_commit`: told, by the committer's thread, of each chunk that is now
  /// visible.
  [[nodiscard]] static Result<std::unique_ptr<Committer>> start(CommitterOptions options, const Client& consumer,
                                                                const Clock& clock, const std::atomic<bool>& stop,
                                                                std::function<void(const Chunk&)> on_commit);
  ~Committer();
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  /// From here on chunks are of this assignment. Nothing may be pending.
  void begin_assignment(GroupMetadata group, std::map<std::int32_t, std::int64_t> committed);

  /// A chunk to reuse, empty.
  [[nodiscard]] std::unique_ptr<Chunk> take_chunk();
  /// To be committed after what was added before. Waits while too much is pending, unless it is to stop. False: the
  /// assignment is lost or the committer has failed; the chunk is dropped.
  bool add(std::unique_ptr<Chunk> chunk);

  /// Waits until everything added is committed. False: it can't be (the assignment is lost, it failed, or
  /// `deadline_ns`, monotonic, has passed).
  bool flush(std::int64_t deadline_ns);
  /// Drops what is pending, after what is under way has ended, and what is added before the next assignment.
  void discard();

  /// Whether there is no assignment, or the group has given our partitions to others: nothing can be committed until
  /// the next one.
  [[nodiscard]] bool lost() const { return lost_.load(std::memory_order_acquire); }
  /// Why it can't go on at all.
  [[nodiscard]] std::optional<Error> error() const;
  [[nodiscard]] Committed counts() const;
  /// One past the last record of a partition whose results are visible.
  [[nodiscard]] std::int64_t committed_offset(std::int32_t partition) const;
  /// Why the transaction under way does not get on, if it doesn't; else empty.
  [[nodiscard]] std::string trouble() const;

 private:
  enum class Outcome : std::uint8_t { committed, again, lost, unknown, failed };
  using Chunks = std::vector<std::unique_ptr<Chunk>>;

  Committer(CommitterOptions options, const Client& consumer, const Clock& clock, const std::atomic<bool>& stop,
            std::function<void(const Chunk&)> on_commit);

  void run();
  void commit_until_settled(const Chunks& chunks);
  [[nodiscard]] Outcome try_commit(const Chunks& chunks);
  [[nodiscard]] Outcome settle_unknown(const Chunks& chunks);
  [[nodiscard]] Outcome send_offsets(const Chunks& chunks);
  Outcome abort(Outcome then);
  [[nodiscard]] Outcome give_in(Error error);
  [[nodiscard]] Outcome outcome_of(const rd_kafka_error_t* error, std::string_view doing);
  [[nodiscard]] Result<void> produce(const Chunk& chunk, const OutMessage& message);
  [[nodiscard]] PartitionList offsets_of(const Chunks& chunks) const;
  [[nodiscard]] std::vector<std::string_view> topics_wanted() const;
  [[nodiscard]] Result<void> make_producer();
  void look_up_topics();
  [[nodiscard]] bool giving_up() const;
  void pause(int milliseconds) const;
  void note_trouble();
  void drop_producer();

  const CommitterOptions options_;
  const Client& consumer_;
  const Clock& clock_;
  const std::atomic<bool>& stop_;
  const std::function<void(const Chunk&)> on_commit_;
  // Of the committer's thread, once it runs:
  std::optional<Client> producer_;
  std::array<Topic, output_count> topics_;  // of the producer
  bool open_ = false;                       // a transaction is
  bool refused_ = false;                    // the cluster does not let us have a producer of that transactional id

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Chunks pending_;
  std::size_t pending_bytes_ = 0;
  std::vector<std::unique_ptr<Chunk>> spare_;
  GroupMetadata group_;
  std::map<std::int32_t, std::int64_t> committed_offsets_;
  Committed counts_;
  std::optional<Error> error_;
  std::string trouble_;
  bool busy_ = false;                  // a transaction is under way
  bool flush_ = false;                 // somebody waits for all of it
  bool end_ = false;                   // the thread is to end
  std::atomic<bool> give_up_ = false;  // what is under way is not wanted any more
  std::atomic<bool> lost_ = true;
  std::atomic<bool> started_ = false;
  std::atomic<std::int64_t> deadline_ns_ = std::numeric_limits<std::int64_t>::max();

  std::thread thread_;
};

}  // namespace bank::kafka
