#include "adapters/kafka/detector.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "adapters/kafka/client.h"
#include "adapters/kafka/committer.h"
#include "adapters/kafka/consumer.h"
#include "adapters/kafka/latency.h"
#include "adapters/kafka/partition.h"
#include "adapters/kafka/snapshot.h"
#include "adapters/kafka/state_dir.h"
#include "adapters/kafka/takeover.h"
#include "adapters/kafka/worker.h"
#include "base/assert.h"

namespace bank::kafka {
namespace {

constexpr int poll_ms = 10;
constexpr int nudge_ms = 100;
/// No more than one question in this time, for nudging costs the cluster something, too.
constexpr int nudge_pace_ms = 2;
constexpr std::int64_t status_interval_ns = 100'000'000;
/// How often a broker that is gone is asked for.
constexpr std::int64_t look_interval_ns = 1'000'000'000;
/// How long results may take to be committed when partitions are given up, or the detector ends.
constexpr std::int64_t flush_ns = 30'000'000'000;

class Detector {
 public:
  Detector(const DetectorOptions& options, const std::shared_ptr<const engine::Plan>& plan, const Clock& clock,
           const std::function<void(const DetectorStatus&)>& on_status, const Notice& notice)
      : options_(options),
        plan_(plan),
        clock_(clock),
        on_status_(on_status),
        notice_(notice),
        begun_ns_(clock.monotonic_ns()),
        reach_us_(pipeline::reach_us_of(*plan, options.engine)),
        judging_{.engine = options.engine,
                 .names = options.names,
                 .topic = options.transactions_topic,
                 .processed = !options.processed_topic.empty()},
        allowance_(options.records_max) {}

  DetectorOutcome run();

 private:
  Result<void> start();
  void loop();
  void nudge_client();
  void tell_trouble();
  [[nodiscard]] bool finished();
  [[nodiscard]] std::optional<Error> find_error();

  void rebalance(rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* partitions);
  Result<void> assign(const rd_kafka_topic_partition_list_t& partitions);
  [[nodiscard]] bool is_member();
  void commit_start(const Assigned& assigned);
  void revoke(bool lost);
  void pause_workers();
  void resume_workers();
  void retire(std::unique_ptr<Partition> partition);

  [[nodiscard]] DetectorStatus status();
  void show_status(bool always);
  [[nodiscard]] DetectorOutcome outcome();

  const DetectorOptions& options_;
  const std::shared_ptr<const engine::Plan>& plan_;
  const Clock& clock_;
  const std::function<void(const DetectorStatus&)>& on_status_;
  const Notice& notice_;
  const std::int64_t begun_ns_;
  const std::int64_t reach_us_;
  const JudgingOptions judging_;
  Allowance allowance_;
  Latencies latencies_;

  std::mutex trouble_mutex_;
  std::string trouble_;  // of the snapshots', which write in a thread of their own

  // In the order in which they depend on each other.
  std::optional<StateDir> state_dir_;
  std::optional<Client> consumer_;
  Queue consumer_queue_;  // where this thread waits
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<Snapshots> snapshots_;
  std::optional<Takeover> takeover_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<Queue> partition_queues_;  // forwarded to the workers'

  Parked parked_;
  pipeline::Summary retired_;  // of partitions that are no more
  std::uint64_t retired_replayed_ = 0;
  std::uint64_t rebalances_ = 0;
  bool assigned_ = false;
  bool closing_ = false;
  bool stopped_ = false;
  std::optional<Error> error_;
  std::int64_t next_status_ns_ = 0;
  std::int64_t next_look_ns_ = 0;
  std::set<std::int32_t> to_nudge_;  // partitions
  std::int32_t last_nudged_ = -1;
  std::int64_t next_nudge_ns_ = 0;
  std::uint64_t seen_records_ = 0;
};

// ---- start and end

DetectorOutcome Detector::run() {
  if (Result<void> started = start(); !started) {
    stopped_ = options_.stop->load(std::memory_order_relaxed);  // then that is why
    if (!stopped_) error_ = started.error();
    return outcome();
  }
  loop();
  closing_ = true;
  if (error_) committer_->discard();  // a worker may be waiting for it
  pause_workers();
  if (error_) {
    committer_->discard();
  } else if (!committer_->flush(clock_.monotonic_ns() + flush_ns) && !committer_->lost()) {
    const std::string trouble = committer_->trouble();
    error_ = find_error().value_or(
        Error{ErrorKind::runtime, fmt::format("the last results could not be committed within {} s{}{}; the next start "
                                              "of this group does them again",
                                              flush_ns / 1'000'000'000, trouble.empty() ? "" : ": ", trouble)});
  }
  if (!error_ && !committer_->lost()) {
    for (const std::unique_ptr<Worker>& worker : workers_) {
      for (auto& [number, assigned] : worker->assigned()) snapshots_->consider_last(*assigned->partition);
    }
  }
  show_status(true);
  DetectorOutcome done = outcome();
  consumer_queue_.reset();  // has to be given back before; the workers, which wake us by it, are paused for good
  rd_kafka_consumer_close(consumer_->get());
  workers_.clear();
  snapshots_.reset();  // writes the last ones
  tell_trouble();
  return done;
}

Result<void> Detector::start() {
  Result<StateDir> state_dir =
      StateDir::claim(options_.state_dir, options_.group, options_.instance, options_.identity);
  if (!state_dir) return std::unexpected(state_dir.error());
  state_dir_.emplace(std::move(*state_dir));

  const Callbacks callbacks = {
      .rebalance = [](rd_kafka_t*, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* partitions,
                      void* opaque) { static_cast<Detector*>(opaque)->rebalance(code, partitions); },
      .opaque = this};
  Result<Client> consumer = make_consumer(options_, callbacks);
  if (!consumer) return std::unexpected(consumer.error());
  consumer_.emplace(std::move(*consumer));
  rd_kafka_poll_set_consumer(consumer_->get());
  consumer_queue_.reset(rd_kafka_queue_get_consumer(consumer_->get()));
  if (Result<void> there = check_topics(*consumer_, options_); !there) return there;

  Result<std::unique_ptr<Committer>> committer =
      Committer::start({.connection = options_.connection,
                        .transactional_id = state_dir_->name(),
                        .input_topic = options_.transactions_topic,
                        .topics = {options_.alerts_topic, options_.processed_topic, options_.dead_letter_topic},
                        .interval_ns = options_.commit_interval_us * 1000},
                       *consumer_, clock_, *options_.stop, [this](const Chunk& chunk) {
                         const std::int64_t now_ns = clock_.monotonic_ns();
                         if (chunk.records > 0) latencies_.note(now_ns - chunk.taken_ns, chunk.records, now_ns);
                       });
  if (!committer) return std::unexpected(committer.error());
  committer_ = std::move(*committer);
  snapshots_ = std::make_unique<Snapshots>(
      state_dir_->shared_path(), options_.transactions_topic,
      [this](std::int32_t partition) { return committer_->committed_offset(partition); },
      [this](const std::string& trouble) {
        const std::lock_guard lock(trouble_mutex_);
        trouble_ = trouble;
      });
  takeover_.emplace(options_, plan_, judging_, *consumer_, *snapshots_, clock_, notice_);
  for (std::size_t i = 0; i < options_.threads; ++i) {
    workers_.push_back(std::make_unique<Worker>(*consumer_, consumer_queue_.get(), options_.transactions_topic,
                                                *committer_, *snapshots_, clock_, allowance_));
  }

  const PartitionList subscription = make_list(1);
  rd_kafka_topic_partition_list_add(subscription.get(), options_.transactions_topic.c_str(), RD_KAFKA_PARTITION_UA);
  const rd_kafka_resp_err_t code = rd_kafka_subscribe(consumer_->get(), subscription.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return std::unexpected(consumer_->error("cannot subscribe to " + options_.transactions_topic, code));
  }
  return {};
}

void Detector::loop() {
  while (!finished()) {
    rd_kafka_poll(consumer_->get(), to_nudge_.empty() ? poll_ms : nudge_pace_ms);  // calls rebalance()
    nudge_client();
    // While no records come, nothing else tells that a broker that was gone is back.
    if (consumer_->complaints().unreachable() && clock_.monotonic_ns() >= next_look_ns_) {
      look_for_broker(*consumer_);
      next_look_ns_ = clock_.monotonic_ns() + look_interval_ns;
    }
    tell_trouble();
    show_status(false);
  }
}

// A question to a partition's leader wakes the client's thread of that broker, which else may oversleep.
void Detector::nudge_client() {
  if (!oversleeps() || !assigned_ || consumer_->complaints().unreachable()) {
    to_nudge_.clear();
    return;
  }
  std::int64_t low = 0;
  std::int64_t high = 0;
  for (const std::unique_ptr<Worker>& worker : workers_) {
    if (!worker->take_unfetched()) continue;
    for (const auto& [number, assigned] : worker->assigned()) {
      if (assigned->wants_nothing()) continue;
      rd_kafka_get_watermark_offsets(consumer_->get(), options_.transactions_topic.c_str(), number, &low, &high);
      if (high > assigned->next_offset.load(std::memory_order_relaxed)) to_nudge_.insert(number);
    }
  }
  const std::int64_t now_ns = clock_.monotonic_ns();
  if (to_nudge_.empty() || now_ns < next_nudge_ns_) return;
  next_nudge_ns_ = now_ns + std::int64_t{nudge_pace_ms} * 1'000'000;
  // One at a time, as each is waited for; in turns, as they come again.
  auto next = to_nudge_.upper_bound(last_nudged_);
  if (next == to_nudge_.end()) next = to_nudge_.begin();
  last_nudged_ = to_nudge_.extract(next).value();
  static_cast<void>(rd_kafka_query_watermark_offsets(consumer_->get(), options_.transactions_topic.c_str(),
                                                     last_nudged_, &low, &high, nudge_ms));
}

// Notices are told by the caller's thread alone.
void Detector::tell_trouble() {
  std::string trouble;
  {
    const std::lock_guard lock(trouble_mutex_);
    trouble.swap(trouble_);
  }
  if (!trouble.empty()) notice_(trouble);
}

bool Detector::finished() {
  if (!error_) error_ = find_error();
  if (error_ || allowance_.used_up()) return true;
  if (options_.stop->load(std::memory_order_relaxed)) {
    stopped_ = true;
    return true;
  }
  if (!options_.until_end || !assigned_ || committer_->lost()) return false;
  return std::ranges::all_of(workers_, [](const std::unique_ptr<Worker>& worker) {
    return std::ranges::all_of(worker->assigned(), [](const auto& entry) { return entry.second->done.load(); });
  });
}

std::optional<Error> Detector::find_error() {
  if (std::optional<Error> error = committer_->error()) return error;
  for (const std::unique_ptr<Worker>& worker : workers_) {
    if (std::optional<Error> error = worker->error()) return error;
  }
  return consumer_error(*consumer_, options_);
}

// ---- partitions come and go

void Detector::rebalance(rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* partitions) {
  pause_workers();
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && !closing_) {
    ++rebalances_;
    Result<void> done = assign(*partitions);
    if (!done && !options_.stop->load(std::memory_order_relaxed)) error_ = done.error();
    return;
  }
  revoke(rd_kafka_assignment_lost(consumer_->get()) != 0);
  rd_kafka_assign(consumer_->get(), nullptr);
}

void Detector::pause_workers() {
  for (const std::unique_ptr<Worker>& worker : workers_) worker->pause();
}

void Detector::resume_workers() {
  for (const std::unique_ptr<Worker>& worker : workers_) worker->resume();
}

void Detector::revoke(bool lost) {
  if (!lost && !error_) static_cast<void>(committer_->flush(clock_.monotonic_ns() + flush_ns));
  committer_->discard();
  for (const std::unique_ptr<Worker>& worker : workers_) {
    for (auto& [number, assigned] : worker->assigned()) parked_[number] = std::move(assigned->partition);
    worker->assigned().clear();
  }
  partition_queues_.clear();
  to_nudge_.clear();
  assigned_ = false;
}

void Detector::retire(std::unique_ptr<Partition> partition) {
  partition->add_to(retired_);
  retired_replayed_ += partition->counts().replayed.load(std::memory_order_relaxed);
  retired_.accounts = 0;  // they go with it
  retired_.state_bytes = 0;
}

Result<void> Detector::assign(const rd_kafka_topic_partition_list_t& partitions) {
  // The generation that the group is in now is what the offsets will be committed under: asked for here, and not when
  // they are committed, when it may be another.
  GroupMetadata group(rd_kafka_consumer_group_metadata(consumer_->get()));
  const Result<PartitionList> committed = takeover_->committed(partitions);
  if (!committed) return std::unexpected(committed.error());

  std::map<std::int32_t, std::int64_t> positions;
  std::vector<std::unique_ptr<Assigned>> prepared;
  for (int i = 0; i < (*committed)->cnt; ++i) {
    const rd_kafka_topic_partition_t& entry = (*committed)->elems[i];
    Result<std::unique_ptr<Assigned>> assigned = takeover_->prepare(entry, parked_);
    if (!assigned) return std::unexpected(assigned.error());
    // As the group has it, also where that is no longer in the log.
    positions[entry.partition] = entry.offset >= 0 ? entry.offset : (*assigned)->live_from;
    prepared.push_back(std::move(*assigned));
  }
  for (auto& [number, partition] : std::exchange(parked_, {})) {
    if (partition != nullptr) retire(std::move(partition));
  }
  if (is_member()) committer_->begin_assignment(std::move(group), positions);
  for (int i = 0; i < (*committed)->cnt; ++i) {
    if ((*committed)->elems[i].offset < 0) commit_start(*prepared[static_cast<std::size_t>(i)]);
  }

  const PartitionList start = make_list(static_cast<int>(prepared.size()));
  for (std::size_t i = 0; i < prepared.size(); ++i) {
    Assigned& assigned = *prepared[i];
    const std::int32_t number = assigned.partition->number();
    rd_kafka_topic_partition_list_add(start.get(), options_.transactions_topic.c_str(), number)->offset =
        assigned.next_offset;
    Worker& worker = *workers_[i % workers_.size()];
    Queue queue(rd_kafka_queue_get_partition(consumer_->get(), options_.transactions_topic.c_str(), number));
    rd_kafka_queue_forward(queue.get(), worker.queue());
    partition_queues_.push_back(std::move(queue));
    worker.assigned()[number] = std::move(prepared[i]);
  }
  const rd_kafka_resp_err_t code = rd_kafka_assign(consumer_->get(), start.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return std::unexpected(consumer_->error("cannot take partitions", code));
  assigned_ = true;
  resume_workers();
  return {};
}

// Whether the group knows this detector. One that was dropped meanwhile, by a time-out, has an empty name until it
// joins again; offsets committed under that would be taken from anybody, whoever has the partitions. The client then
// revokes them soon, and until that nothing is judged.
bool Detector::is_member() {
  const std::unique_ptr<char, decltype([](char* text) { rd_kafka_mem_free(nullptr, text); })> name(
      rd_kafka_memberid(consumer_->get()));
  return name != nullptr && *name != '\0';
}

// A group's first offset is committed at once: where it began must not depend on when it first had something to commit.
void Detector::commit_start(const Assigned& assigned) {
  std::unique_ptr<Chunk> chunk = committer_->take_chunk();
  chunk->partition = assigned.partition->number();
  chunk->next_offset = assigned.live_from;
  chunk->replay_point = {.floor = assigned.live_from,
                         .outliers = {},
                         .reach_us = reach_us_,
                         .lineage = assigned.partition->lineage(),
                         .columns = assigned.partition->columns()};
  committer_->add(std::move(chunk));
}

// ---- what is told

DetectorStatus Detector::status() {
  DetectorStatus status;
  const std::int64_t now_ns = clock_.monotonic_ns();
  status.elapsed_ns = now_ns - begun_ns_;
  status.records = retired_.records;
  status.alerts = retired_.alerts;
  status.rejected = retired_.rejected;
  status.replayed = retired_replayed_;
  status.rebalances = rebalances_;
  status.alerts_by_rule = retired_.alerts_by_rule;
  status.alerts_by_rule.resize(plan_->rules().size());
  const auto add = [&status](const Partition& partition) {
    status.records += partition.counts().records.load(std::memory_order_relaxed);
    status.alerts += partition.counts().alerts.load(std::memory_order_relaxed);
    status.rejected += partition.counts().rejected.load(std::memory_order_relaxed);
    status.replayed += partition.counts().replayed.load(std::memory_order_relaxed);
    for (std::size_t i = 0; i < status.alerts_by_rule.size(); ++i) {
      status.alerts_by_rule[i] += partition.counts().alerts_by_rule[i].load(std::memory_order_relaxed);
    }
  };
  for (const auto& [number, partition] : parked_) add(*partition);
  bool replayed = true;
  for (const std::unique_ptr<Worker>& worker : workers_) {
    for (const auto& [number, assigned] : worker->assigned()) {
      add(*assigned->partition);
      PartitionStatus& partition = status.partitions.emplace_back();
      partition.number = number;
      partition.committed = committer_->committed_offset(number);
      const std::int64_t next = assigned->next_offset.load(std::memory_order_relaxed);
      partition.replay_left = std::max<std::int64_t>(assigned->live_from - next, 0);
      replayed = replayed && partition.replay_left == 0;
      std::int64_t low = 0;
      std::int64_t high = -1;
      rd_kafka_get_watermark_offsets(consumer_->get(), options_.transactions_topic.c_str(), number, &low, &high);
      partition.end = std::max(high, next);
    }
  }
  std::ranges::sort(status.partitions, {}, &PartitionStatus::number);
  if (committer_) {
    const Committed counts = committer_->counts();
    status.transactions = counts.transactions;
    status.aborted = counts.aborted;
    status.ready = assigned_ && replayed && !committer_->lost();
    status.trouble = committer_->trouble();
  }
  if (status.trouble.empty() && consumer_ && consumer_->complaints().unreachable()) {
    status.trouble = consumer_->complaints().last();
  }
  if (status.records + status.replayed != seen_records_) {
    seen_records_ = status.records + status.replayed;
    if (consumer_) consumer_->complaints().note_reachable();
  }
  const Latencies::Quantiles latency = latencies_.quantiles(now_ns);
  status.latency_p50_us = latency.p50_us;
  status.latency_p99_us = latency.p99_us;
  return status;
}

void Detector::show_status(bool always) {
  const std::int64_t now_ns = clock_.monotonic_ns();
  if (!on_status_ || (!always && now_ns < next_status_ns_)) return;
  next_status_ns_ = now_ns + status_interval_ns;
  on_status_(status());
}

DetectorOutcome Detector::outcome() {
  DetectorOutcome done;
  done.status = status();
  done.summary = retired_;
  done.summary.alerts_by_rule.resize(plan_->rules().size());
  for (const auto& [number, partition] : parked_) partition->add_to(done.summary);
  for (const std::unique_ptr<Worker>& worker : workers_) {
    for (const auto& [number, assigned] : worker->assigned()) assigned->partition->add_to(done.summary);
  }
  done.summary.elapsed_ns = clock_.monotonic_ns() - begun_ns_;
  done.error = error_;
  done.stopped = stopped_;
  return done;
}

}  // namespace

DetectorOutcome run_detector(const DetectorOptions& options, const std::shared_ptr<const engine::Plan>& plan,
                             const Clock& clock, const std::function<void(const DetectorStatus&)>& on_status,
                             const Notice& notice) {
  BANK_ASSERT(options.threads > 0 && options.stop != nullptr);
  Detector detector(options, plan, clock, on_status, notice);
  return detector.run();
}

}  // namespace bank::kafka
