// The transactions of Committer: a producer, and what is tried until one of its transactions has ended for certain.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <map>
#include <utility>

#include "adapters/kafka/committer.h"

namespace bank::kafka {
namespace {

constexpr int call_timeout_ms = 10'000;
constexpr int pause_ms = 50;
constexpr int look_up_ms = 2'000;

/// A dead predecessor's open transaction holds back whoever reads the results for at most this long, where nobody takes
/// its transactional id over.
constexpr const char* transaction_timeout_ms = "15000";

std::string_view bytes_of(const rd_kafka_error_t* error) { return rd_kafka_error_string(error); }

}  // namespace

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
                                          {"retry.backoff.ms", "2"}};
  const std::array<Property, 2> required = {Property{"transactional.id", options_.transactional_id},
                                            {"enable.idempotence", "true"}};
  // Nothing is to be done on a delivery: a transaction with a failed one can't be committed. But the flush in
  // rd_kafka_commit_transaction() looks up only for delivery reports, or else every 10 ms.
  const Callbacks callbacks = {.delivered = [](rd_kafka_t*, const rd_kafka_message_t*, void*) {}};
  Result<Client> made = Client::make(RD_KAFKA_PRODUCER, options_.connection, chosen, required, callbacks);
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

void Committer::note_trouble() {
  const Complaints& complaints = producer_->complaints();
  const std::lock_guard lock(mutex_);
  trouble_ = complaints.unreachable() ? complaints.last() : std::string();
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
  // The offsets first: where the cluster still ends the transaction before this one, it refuses what comes first until
  // it is done, and a refused offset is sent again after retry.backoff.ms; for a refused partition librdkafka waits 20.
  if (const Outcome sent = send_offsets(chunks); sent != Outcome::committed) return sent;
  std::uint32_t produced = 0;
  for (const std::unique_ptr<Chunk>& chunk : chunks) {
    for (const OutMessage& message : chunk->messages) {
      if (options_.topics[static_cast<std::size_t>(message.output)].empty()) continue;
      if (Result<void> done = produce(*chunk, message); !done) return abort(Outcome::again);
      constexpr std::uint32_t poll_every = 4096;
      if (++produced % poll_every == 0) rd_kafka_poll(producer_->get(), 0);
    }
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

// Outcome::committed: they are part of the open transaction.
Committer::Outcome Committer::send_offsets(const Chunks& chunks) {
  const PartitionList offsets = offsets_of(chunks);
  for (;;) {
    const KafkaError error(
        rd_kafka_send_offsets_to_transaction(producer_->get(), offsets.get(), group_.get(), call_timeout_ms));
    if (!error) return Outcome::committed;
    const Outcome outcome = outcome_of(error.get(), "cannot commit offsets");
    if (outcome != Outcome::again || rd_kafka_error_is_retriable(error.get()) == 0) return outcome;
    if (giving_up()) return abort(Outcome::again);
    pause(pause_ms);
  }
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
