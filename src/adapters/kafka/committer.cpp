#include "adapters/kafka/committer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <utility>

#include "base/assert.h"

namespace bank::kafka {
namespace {

constexpr int call_timeout_ms = 10'000;
constexpr int pause_ms = 50;
constexpr int look_up_ms = 2'000;
constexpr std::size_t spare_chunks = 64;

/// A dead predecessor's open transaction holds back whoever reads the results for at most this long, where nobody takes
/// its transactional id over.
constexpr const char* transaction_timeout_ms = "15000";

std::string_view bytes_of(const rd_kafka_error_t* error) { return rd_kafka_error_string(error); }

}  // namespace

Result<std::unique_ptr<Committer>> Committer::start(CommitterOptions options, const Client& consumer,
                                                    const Clock& clock, const std::atomic<bool>& stop,
                                                    std::function<void(const Chunk&)> on_commit) {
  std::unique_ptr<Committer> committer(new Committer(std::move(options), consumer, clock, stop, std::move(on_commit)));
  if (Result<void> made = committer->make_producer(); !made) return std::unexpected(made.error());
  committer->started_ = true;
  committer->thread_ = std::thread([raw = committer.get()] { raw->run(); });
  return committer;
}

Committer::Committer(CommitterOptions options, const Client& consumer, const Clock& clock,
                     const std::atomic<bool>& stop, std::function<void(const Chunk&)> on_commit)
    : options_(std::move(options)), consumer_(consumer), clock_(clock), stop_(stop), on_commit_(std::move(on_commit)) {}

Committer::~Committer() {
  discard();
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

// Anew, too, after a time-out or a fatal error, when nothing else brings the client back to a known state.
Result<void> Committer::make_producer() {
  drop_producer();
  const std::array<Property, 8> chosen = {Property{"compression.type", "lz4"},
                                          {"message.max.bytes", "1000000000"},  // the topics' own limits count
                                          {"transaction.timeout.ms", transaction_timeout_ms},
                                          {"queue.buffering.max.messages", "1000000"},
                                          {"queue.buffering.max.kbytes", "131072"},
                                          {"partitioner", "murmur2_random"},  // as Java's clients have it
                                          {"linger.ms", "2"},
                                          // The cluster refuses a transaction's first requests while it ends the
                                          // one before, which takes it milliseconds.
                                          {"retry.backoff.ms", "10"}};
  const std::array<Property, 2> required = {Property{"transactional.id", options_.transactional_id},
                                            {"enable.idempotence", "true"}};
  Result<Client> made = Client::make(RD_KAFKA_PRODUCER, options_.connection, chosen, required);
  if (!made) return std::unexpected(made.error());
  producer_.emplace(std::move(*made));
  for (;;) {
    // Shorter than the caller would wait, so that a stop is obeyed.
    const KafkaError error(rd_kafka_init_transactions(producer_->get(), 1000));
    rd_kafka_poll(producer_->get(), 0);
    if (!error) {
      look_up_topics();
      return {};
    }
    const bool retriable = rd_kafka_error_is_retriable(error.get()) != 0 ||
                           rd_kafka_error_code(error.get()) == RD_KAFKA_RESP_ERR__TIMED_OUT;
    if (!retriable || giving_up()) {
      Error failure = producer_->error(fmt::format("cannot begin transactions as {}", options_.transactional_id),
                                       bytes_of(error.get()));
      refused_ = is_refusal(rd_kafka_error_code(error.get()));
      return std::unexpected(std::move(failure));
    }
  }
}

// Asked for now, the topics' leaders are known when the first message comes; left alone, librdkafka looks for them once
// a second. Where the answer fails to come, that is what happens.
void Committer::look_up_topics() {
  for (std::size_t i = 0; i < output_count; ++i) {
    if (options_.topics[i].empty()) continue;
    topics_[i].reset(rd_kafka_topic_new(producer_->get(), options_.topics[i].c_str(), nullptr));
    const struct rd_kafka_metadata* metadata = nullptr;
    if (rd_kafka_metadata(producer_->get(), 0, topics_[i].get(), &metadata, look_up_ms) == RD_KAFKA_RESP_ERR_NO_ERROR) {
      rd_kafka_metadata_destroy(metadata);
    }
  }
}

// What it held is not sent any more, and the chunks' bytes are no longer looked at.
void Committer::drop_producer() {
  for (Topic& topic : topics_) topic.reset();
  producer_.reset();
  open_ = false;
}

bool Committer::giving_up() const {
  if (give_up_.load(std::memory_order_relaxed)) return true;
  // A stop alone is no reason: what was judged is still to be committed, within the time that flush() gives.
  const std::int64_t deadline_ns = deadline_ns_.load(std::memory_order_relaxed);
  if (deadline_ns != std::numeric_limits<std::int64_t>::max()) return clock_.monotonic_ns() >= deadline_ns;
  return !started_ && stop_.load(std::memory_order_relaxed);
}

void Committer::pause(int milliseconds) const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::milliseconds(milliseconds));
}

void Committer::begin_assignment(GroupMetadata group, std::map<std::int32_t, std::int64_t> committed) {
  const std::lock_guard lock(mutex_);
  BANK_ASSERT(pending_.empty() && !busy_);
  group_ = std::move(group);
  committed_offsets_ = std::move(committed);
  lost_.store(false, std::memory_order_release);
  give_up_ = false;
}

std::unique_ptr<Chunk> Committer::take_chunk() {
  const std::lock_guard lock(mutex_);
  if (spare_.empty()) return std::make_unique<Chunk>();
  std::unique_ptr<Chunk> chunk = std::move(spare_.back());
  spare_.pop_back();
  return chunk;
}

bool Committer::add(std::unique_ptr<Chunk> chunk) {
  std::unique_lock lock(mutex_);
  // A stop ends the waiting, not the taking: what was judged is to be committed.
  while (pending_bytes_ > options_.pending_bytes_max && !lost() && !error_ && !stop_.load(std::memory_order_relaxed)) {
    changed_.wait_for(lock, std::chrono::milliseconds(pause_ms));
  }
  if (lost() || error_) return false;
  const bool first = pending_.empty();
  const bool crowded = pending_bytes_ <= options_.pending_bytes_max / 4;
  pending_bytes_ += chunk->bytes();
  pending_.push_back(std::move(chunk));
  if (first || (crowded && pending_bytes_ > options_.pending_bytes_max / 4)) changed_.notify_all();
  return true;
}

bool Committer::flush(std::int64_t deadline_ns) {
  std::unique_lock lock(mutex_);
  flush_ = true;
  deadline_ns_ = deadline_ns;
  changed_.notify_all();
  while ((!pending_.empty() || busy_) && !lost() && !error_ && clock_.monotonic_ns() < deadline_ns) {
    changed_.wait_for(lock, std::chrono::milliseconds(pause_ms));
  }
  flush_ = false;
  deadline_ns_ = std::numeric_limits<std::int64_t>::max();
  return pending_.empty() && !busy_ && !lost() && !error_;
}

void Committer::discard() {
  std::unique_lock lock(mutex_);
  // What comes after what is dropped must not be taken.
  lost_.store(true, std::memory_order_release);
  give_up_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this] { return !busy_; });
  pending_.clear();
  pending_bytes_ = 0;
  give_up_ = false;
}

std::optional<Error> Committer::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

Committed Committer::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

std::int64_t Committer::committed_offset(std::int32_t partition) const {
  const std::lock_guard lock(mutex_);
  const auto found = committed_offsets_.find(partition);
  return found == committed_offsets_.end() ? -1 : found->second;
}

std::string Committer::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

void Committer::note_trouble() {
  const Complaints& complaints = producer_->complaints();
  const std::lock_guard lock(mutex_);
  trouble_ = complaints.unreachable() ? complaints.last() : std::string();
}

void Committer::run() {
  std::int64_t begun_ns = clock_.monotonic_ns() - options_.interval_ns;
  std::unique_lock lock(mutex_);
  while (!end_) {
    if (pending_.empty() || lost() || error_) {
      changed_.wait(lock);
      continue;
    }
    const std::int64_t wait_ns = begun_ns + options_.interval_ns - clock_.monotonic_ns();
    if (wait_ns > 0 && !flush_ && pending_bytes_ <= options_.pending_bytes_max / 4) {
      changed_.wait_for(lock, std::chrono::nanoseconds(wait_ns));
      continue;
    }
    begun_ns = clock_.monotonic_ns();
    Chunks chunks = std::exchange(pending_, {});
    pending_bytes_ = 0;
    busy_ = true;
    changed_.notify_all();
    lock.unlock();
    commit_until_settled(chunks);
    lock.lock();
    for (std::unique_ptr<Chunk>& chunk : chunks) {
      if (spare_.size() >= spare_chunks) break;
      chunk->clear();
      spare_.push_back(std::move(chunk));
    }
    busy_ = false;
    changed_.notify_all();
  }
}

// Until it is committed, or will never be.
void Committer::commit_until_settled(const Chunks& chunks) {
  Outcome outcome = Outcome::again;
  while (outcome == Outcome::again || outcome == Outcome::unknown) {
    if (giving_up()) {
      drop_producer();
      return;
    }
    outcome = outcome == Outcome::unknown ? settle_unknown(chunks) : try_commit(chunks);
    if (outcome == Outcome::again || outcome == Outcome::unknown) {
      {
        const std::lock_guard lock(mutex_);
        ++counts_.aborted;
      }
      pause(pause_ms);
    }
  }
  if (outcome == Outcome::lost) {
    drop_producer();
    lost_.store(true, std::memory_order_release);
    return;
  }
  if (outcome == Outcome::failed) {  // error_ is set
    drop_producer();
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    ++counts_.transactions;
    trouble_.clear();
    for (const std::unique_ptr<Chunk>& chunk : chunks) {
      counts_.records += chunk->records;
      counts_.messages += chunk->messages.size();
      committed_offsets_[chunk->partition] = chunk->next_offset;
    }
  }
  for (const std::unique_ptr<Chunk>& chunk : chunks) on_commit_(*chunk);
}

std::vector<std::string_view> Committer::topics_wanted() const {
  std::vector<std::string_view> wanted;
  std::ranges::copy_if(options_.topics, std::back_inserter(wanted), [](const auto& topic) { return !topic.empty(); });
  return wanted;
}

PartitionList Committer::offsets_of(const Chunks& chunks) const {
  std::map<std::int32_t, const Chunk*> last;
  for (const std::unique_ptr<Chunk>& chunk : chunks) last[chunk->partition] = chunk.get();
  PartitionList list = make_list(static_cast<int>(last.size()));
  for (const auto& [partition, chunk] : last) {
    rd_kafka_topic_partition_t* entry =
        rd_kafka_topic_partition_list_add(list.get(), options_.input_topic.c_str(), partition);
    entry->offset = chunk->next_offset;
    const std::string metadata = to_metadata(chunk->replay_point);
    entry->metadata = strdup(metadata.c_str());  // the list frees it
    entry->metadata_size = metadata.size();
  }
  return list;
}

Result<void> Committer::produce(const Chunk& chunk, const OutMessage& message) {
  const std::string& topic = options_.topics[static_cast<std::size_t>(message.output)];
  std::string_view text = chunk.text(message.output);
  text = text.substr(message.value_begin, message.value_bytes);
  const std::string_view key = std::string_view(chunk.keys).substr(message.key_begin, message.key_bytes);
  // The bytes stay where they are until the transaction has ended, so librdkafka need not copy the value.
  std::vector<rd_kafka_vu_t> arguments(4);
  arguments[0].vtype = RD_KAFKA_VTYPE_RKT;
  arguments[0].u.rkt = topics_[static_cast<std::size_t>(message.output)].get();
  // NOLINTBEGIN(cppcoreguidelines-pro-type-const-cast): librdkafka only reads them
  arguments[1].vtype = RD_KAFKA_VTYPE_VALUE;
  arguments[1].u.mem = {const_cast<char*>(message.has_value ? text.data() : nullptr), text.size()};
  arguments[2].vtype = RD_KAFKA_VTYPE_KEY;
  arguments[2].u.mem = {const_cast<char*>(message.has_key ? key.data() : nullptr), key.size()};
  // NOLINTEND(cppcoreguidelines-pro-type-const-cast)
  arguments[3].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  arguments[3].u.i = 0;
  std::array<std::pair<const char*, std::string>, 5> headers;
  if (message.output == Output::dead_letters) {
    // As Kafka Streams names them (KIP-1034).
    const model::Rejection& rejection = message.rejection;
    const std::string_view reason = model::to_string(rejection.reason);
    headers = {{{"__streams.errors.exception", std::string(reason)},
                {"__streams.errors.message",
                 rejection.field.empty() ? std::string(reason) : fmt::format("{}: {}", rejection.field, reason)},
                {"__streams.errors.topic", options_.input_topic},
                {"__streams.errors.partition", fmt::format("{}", chunk.partition)},
                {"__streams.errors.offset", fmt::format("{}", message.offset)}}};
    for (const auto& [name, value] : headers) {
      rd_kafka_vu_t& argument = arguments.emplace_back();
      argument.vtype = RD_KAFKA_VTYPE_HEADER;
      argument.u.header = {name, value.data(), static_cast<ssize_t>(value.size())};
    }
  }
  for (;;) {
    const KafkaError error(rd_kafka_produceva(producer_->get(), arguments.data(), arguments.size()));
    if (!error) return {};
    if (rd_kafka_error_code(error.get()) != RD_KAFKA_RESP_ERR__QUEUE_FULL || giving_up()) {
      return std::unexpected(producer_->error(fmt::format("cannot write to {}", topic), bytes_of(error.get())));
    }
    rd_kafka_poll(producer_->get(), 10);
  }
}

Committer::Outcome Committer::try_commit(const Chunks& chunks) {
  if (!producer_) {
    if (Result<void> made = make_producer(); !made) {
      return refused_ || made.error().kind == ErrorKind::config ? give_in(made.error()) : Outcome::again;
    }
  }
  if (!open_) {
    const KafkaError error(rd_kafka_begin_transaction(producer_->get()));
    if (error) return Outcome::unknown;  // the producer is past use: make it anew
    open_ = true;
  }
  std::uint32_t produced = 0;
  for (const std::unique_ptr<Chunk>& chunk : chunks) {
    for (const OutMessage& message : chunk->messages) {
      if (options_.topics[static_cast<std::size_t>(message.output)].empty()) continue;
      if (Result<void> done = produce(*chunk, message); !done) return abort(Outcome::again);
      constexpr std::uint32_t poll_every = 4096;
      if (++produced % poll_every == 0) rd_kafka_poll(producer_->get(), 0);
    }
  }

  const PartitionList offsets = offsets_of(chunks);
  for (;;) {
    const KafkaError error(
        rd_kafka_send_offsets_to_transaction(producer_->get(), offsets.get(), group_.get(), call_timeout_ms));
    if (!error) break;
    const Outcome outcome = outcome_of(error.get(), "cannot commit offsets");
    if (outcome != Outcome::again || rd_kafka_error_is_retriable(error.get()) == 0) return outcome;
    if (giving_up()) return abort(Outcome::again);
    pause(pause_ms);
  }
  for (;;) {
    const KafkaError error(rd_kafka_commit_transaction(producer_->get(), call_timeout_ms));
    if (!error) break;
    const Outcome outcome = outcome_of(error.get(), "cannot commit");
    if (outcome != Outcome::again || rd_kafka_error_is_retriable(error.get()) == 0) return outcome;
    if (giving_up()) return Outcome::unknown;
    pause(pause_ms);
  }
  open_ = false;
  producer_->complaints().note_reachable();
  return Outcome::committed;
}

Committer::Outcome Committer::give_in(Error error) {
  const std::lock_guard lock(mutex_);
  error_ = std::move(error);
  return Outcome::failed;
}

// What an error means; aborts the transaction where it must be.
Committer::Outcome Committer::outcome_of(const rd_kafka_error_t* error, std::string_view doing) {
  rd_kafka_poll(producer_->get(), 0);
  switch (rd_kafka_error_code(error)) {
    // Said by the group's coordinator: the offsets are of an assignment that is over.
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID: return abort(Outcome::lost);
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
      abort(Outcome::failed);
      return give_in(producer_->error(
          fmt::format(
              "a message is larger than one of {} takes (its max.message.bytes; dead letters are as long as the "
              "records that came in, and their headers)",
              fmt::join(topics_wanted(), ", ")),
          bytes_of(error)));
    // Retrying is for those who can tell; here the transaction is given up and begun anew.
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
      abort(Outcome::failed);
      return give_in(producer_->error(
          doing, fmt::format("{}; the user needs the right to read {} and as its group, and to write to {} and as "
                             "transactional id {}",
                             bytes_of(error), options_.input_topic, fmt::join(topics_wanted(), ", "),
                             options_.transactional_id)));
    default: break;
  }
  note_trouble();
  if (rd_kafka_error_is_retriable(error) != 0) return Outcome::again;
  if (rd_kafka_error_txn_requires_abort(error) != 0) return abort(Outcome::again);
  return Outcome::unknown;  // fatal (fenced by a time-out, say), or nothing that the client explains
}

Committer::Outcome Committer::abort(Outcome then) {
  open_ = false;
  for (;;) {
    const KafkaError error(rd_kafka_abort_transaction(producer_->get(), call_timeout_ms));
    if (!error) return then;
    if (rd_kafka_error_is_retriable(error.get()) != 0 && !giving_up()) {
      pause(pause_ms);
      continue;
    }
    return then == Outcome::again ? Outcome::unknown : then;
  }
}

// The producer can't tell what became of the transaction. A new one with the same transactional id makes the cluster
// end it, one way or the other; the group's offsets then say which.
Committer::Outcome Committer::settle_unknown(const Chunks& chunks) {
  if (Result<void> made = make_producer(); !made) {
    return refused_ || made.error().kind == ErrorKind::config ? give_in(made.error()) : Outcome::unknown;
  }
  const PartitionList wanted = offsets_of(chunks);
  PartitionList found(rd_kafka_topic_partition_list_copy(wanted.get()));
  if (rd_kafka_committed(consumer_.get(), found.get(), call_timeout_ms) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return Outcome::unknown;
  }
  int there = 0;
  for (int i = 0; i < wanted->cnt; ++i) {
    const rd_kafka_topic_partition_t& entry = wanted->elems[i];
    const rd_kafka_topic_partition_t* now =
        rd_kafka_topic_partition_list_find(found.get(), entry.topic, entry.partition);
    if (now->err != RD_KAFKA_RESP_ERR_NO_ERROR) return Outcome::unknown;
    if (now->offset == entry.offset) {
      ++there;
    } else if (now->offset != RD_KAFKA_OFFSET_INVALID && now->offset != committed_offset(entry.partition)) {
      return Outcome::lost;  // somebody else has gone on from there
    }
  }
  if (there == wanted->cnt) return Outcome::committed;
  return there == 0 ? Outcome::again : Outcome::lost;
}

}  // namespace bank::kafka
