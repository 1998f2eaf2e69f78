// Transactions into a topic: each account's in their order, each once, and none lost without a word.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/kafka/connection.h"
#include "base/clock.h"
#include "base/result.h"
#include "model/event_time.h"

namespace bank::kafka {

/// What is sent. Views, needed only during the call.
struct OutgoingRecord {
  std::string_view key;  ///< The account number; empty: no key, and so any partition.
  std::string_view value;
  std::optional<model::EventTime> time;  ///< The record's timestamp, cut to milliseconds; unset: now.
};

struct ProducerOptions {
  Connection connection;
  std::string topic;
  std::string spool;    ///< Path of the file where what could not be delivered is appended, as JSON lines.
  bool prompt = false;  ///< Each record without delay, instead of many at once.
  const std::atomic<bool>& stop;
  Clock& clock;
  std::function<void()> on_wait{};  ///< Called now and then while it waits for the broker; may be empty.
};

struct Deliveries {
  std::uint64_t sent = 0;             ///< Handed to send().
  std::uint64_t delivered = 0;        ///< Acknowledged by all replicas in sync.
  std::uint64_t delivered_bytes = 0;  ///< Of values.
  std::uint64_t undelivered = 0;      ///< In the spool, or, until finish(), on their way there.
  std::uint64_t uncertain = 0;        ///< Of `undelivered`, those that the broker may have all the same.
};

/// Sends records, idempotently: what librdkafka repeats after a broken connection stands in the topic once. Partitions
/// are chosen as Java's clients do. Memory is bounded: send() waits while the local queue is full.
///
/// A record that cannot be delivered goes to the spool. One that is too large does so alone; any other failure (the
/// broker is gone for message.timeout.ms, may not be written to, …) ends the sending: all that is not delivered, and
/// all that send() is given after that, goes to the spool, in order, so that no account's order is broken. Not
/// thread-safe.
class TransactionProducer {
 public:
  /// Asks the broker for the topic, which must exist. Errors: those of Client::make, an unreachable broker (runtime), a
  /// missing topic (runtime).
  [[nodiscard]] static Result<std::unique_ptr<TransactionProducer>> open(const ProducerOptions& options);
  ~TransactionProducer();
  TransactionProducer(const TransactionProducer&) = delete;
  TransactionProducer& operator=(const TransactionProducer&) = delete;

  /// Takes the record over: from here on it is either delivered or in the spool. After a stop it waits for the broker
  /// no more than a few seconds.
  void send(const OutgoingRecord& record);
  /// Whether the sending has ended, so that more would only go to the spool.
  [[nodiscard]] bool ended() const;
  /// Serves what the broker has said since, without waiting. send() does so too.
  void serve();

  /// Waits until everything is delivered or has failed, at most message.timeout.ms or, after a stop, a few seconds;
  /// then the spool is complete and on the disk. To be called once, in the end. Errors (runtime): some are undelivered:
  /// why, how many, and where the spool is.
  [[nodiscard]] Result<void> finish();

  [[nodiscard]] const Deliveries& deliveries() const;
  [[nodiscard]] int partitions() const;  ///< Of the topic.
  /// While no broker can be reached: that, in words. Else empty.
  [[nodiscard]] std::string trouble() const;

 private:
  class Impl;
  explicit TransactionProducer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bank::kafka
