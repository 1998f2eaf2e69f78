#include "adapters/kafka/worker.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace bank::kafka {
namespace {

constexpr int serve_ms = 20;
/// A batch is judged when it holds this much, or when nothing more is there to be taken.
constexpr std::size_t batch_bytes = 256 << 10;

}  // namespace

Worker::Worker(const Client& consumer, rd_kafka_queue_t* callers, std::string topic, Committer& committer,
               Snapshots& snapshots, const Clock& clock, Allowance& allowance)
    : consumer_(consumer),
      callers_(callers),
      topic_(std::move(topic)),
      committer_(committer),
      snapshots_(snapshots),
      clock_(clock),
      allowance_(allowance),
      queue_(rd_kafka_queue_new(consumer.get())),
      thread_([this] { run(); }) {}

Worker::~Worker() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
    changed_.notify_all();
  }
  rd_kafka_queue_yield(queue_.get());
  thread_.join();
}

void Worker::pause() {
  std::unique_lock lock(mutex_);
  pause_wanted_ = true;
  rd_kafka_queue_yield(queue_.get());
  changed_.wait(lock, [this] { return paused_; });
}

void Worker::resume() {
  const std::lock_guard lock(mutex_);
  pause_wanted_ = false;
  paused_ = false;
  changed_.notify_all();
}

std::optional<Error> Worker::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

void Worker::run() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      while (pause_wanted_ && !end_) {
        paused_ = true;
        changed_.notify_all();
        changed_.wait(lock);
      }
      if (end_) return;
    }
    if (oversleeps()) look_for_unfetched();
    rd_kafka_consume_callback_queue(
        queue_.get(), serve_ms,
        [](rd_kafka_message_t* message, void* opaque) { static_cast<Worker*>(opaque)->take(*message); }, this);
    for (auto& [number, assigned] : assigned_) judge(*assigned);
  }
}

// All that the queue holds is about to be taken. What is to come beyond that has not been fetched.
void Worker::look_for_unfetched() {
  auto wanted = -static_cast<std::int64_t>(rd_kafka_queue_length(queue_.get()));
  for (const auto& [number, assigned] : assigned_) {
    if (assigned->wants_nothing()) continue;
    std::int64_t low = 0;
    std::int64_t high = 0;
    rd_kafka_get_watermark_offsets(consumer_.get(), topic_.c_str(), number, &low, &high);
    wanted += std::max<std::int64_t>(high - assigned->next_offset.load(std::memory_order_relaxed), 0);
  }
  if (wanted > 0 && !unfetched_.exchange(true, std::memory_order_relaxed)) rd_kafka_queue_yield(callers_);
}

// Called for each message that the client has.
void Worker::take(const rd_kafka_message_t& message) {
  const auto found = assigned_.find(message.partition);
  if (found == assigned_.end()) return;  // of an assignment that is over
  Assigned& assigned = *found->second;
  if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    take_record(assigned, message);
  } else if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    assigned.at_end.store(true, std::memory_order_relaxed);
    // The last records may be markers of transactions, which nobody sees: the end is where it is said to be.
    if (assigned.outlier == assigned.outliers.size() && message.offset >= assigned.live_from &&
        assigned.next_offset < assigned.live_from) {
      assigned.next_offset = assigned.live_from;
    }
    if (assigned.end_wanted >= 0 && message.offset >= assigned.end_wanted &&
        assigned.next_offset >= assigned.live_from) {
      assigned.done = true;
    }
  } else {
    note_error(message);
  }
}

void Worker::take_record(Assigned& assigned, const rd_kafka_message_t& message) {
  const std::int64_t next = assigned.next_offset.load(std::memory_order_relaxed);
  if (message.offset < next || assigned.done.load(std::memory_order_relaxed)) return;
  const bool outlier = assigned.outlier < assigned.outliers.size();
  const bool replay = message.offset < assigned.live_from;
  if (outlier && message.offset != next) {
    replayed_outlier(assigned);  // it is not in the log any more
    return;
  }
  if (!replay && (committer_.lost() || !allowance_.take())) {
    assigned.done = true;  // until the next assignment
    return;
  }
  assigned.at_end.store(false, std::memory_order_relaxed);
  Batch& batch = assigned.open;
  if (!batch.records.empty() && batch.replay != replay) judge(assigned);
  if (batch.records.empty()) {
    batch.replay = replay;
    batch.taken_ns = clock_.monotonic_ns();
  }
  const auto bytes = [](const void* data, std::size_t size) -> std::optional<std::string_view> {
    if (data == nullptr) return std::nullopt;
    return std::string_view(static_cast<const char*>(data), size);
  };
  batch.append(message.offset, bytes(message.key, message.key_len), bytes(message.payload, message.len));
  assigned.next_offset.store(message.offset + 1, std::memory_order_relaxed);
  if (outlier) {
    replayed_outlier(assigned);
    return;
  }
  if (assigned.end_wanted >= 0 && message.offset + 1 >= std::max(assigned.end_wanted, assigned.live_from)) {
    assigned.done = true;
  }
  if (batch.text.size() >= batch_bytes) judge(assigned);
}

// Goes on to the next single record, or to the floor.
void Worker::replayed_outlier(Assigned& assigned) {
  ++assigned.outlier;
  assigned.next_offset = assigned.first_offset();
  const PartitionList list = make_list(1);
  rd_kafka_topic_partition_list_add(list.get(), topic_.c_str(), assigned.partition->number())->offset =
      assigned.first_offset();
  // Not waited for: what was fetched before, and comes meanwhile, lies below the next offset.
  const KafkaError ignored(rd_kafka_seek_partitions(consumer_.get(), list.get(), 0));
}

void Worker::judge(Assigned& assigned) {
  if (assigned.open.records.empty()) return;
  if (assigned.open.replay) {
    assigned.partition->judge(assigned.open, clock_, unused_);
    assigned.open.clear();
    return;
  }
  std::unique_ptr<Chunk> chunk = committer_.take_chunk();
  assigned.partition->judge(assigned.open, clock_, *chunk);
  assigned.open.clear();
  // Where it isn't taken, the assignment is lost or the end has come; nothing more is judged then.
  if (committer_.add(std::move(chunk))) {
    snapshots_.consider(*assigned.partition);
  } else {
    assigned.done = true;
  }
}

void Worker::note_error(const rd_kafka_message_t& message) {
  switch (message.err) {
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED: break;
    default: return;  // the client tries again
  }
  const std::lock_guard lock(mutex_);
  error_ = consumer_.error(fmt::format("cannot read partition {} of {}", message.partition, topic_),
                           rd_kafka_message_errstr(&message));
}

}  // namespace bank::kafka
