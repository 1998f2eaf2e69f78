// librdkafka's handles with owners, and its errors in words. For this room alone: it shows librdkafka's header.
#pragma once

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "adapters/kafka/connection.h"
#include "base/result.h"

namespace bank::kafka {

/// Whether the cluster says that the user may not do this (an ACL is missing).
[[nodiscard]] bool is_refusal(rd_kafka_resp_err_t code);

/// What a client's background threads last complained of. librdkafka logs such things at will; they are kept here, and
/// told in one line when something really fails. Thread-safe.
class Complaints {
 public:
  void note(rd_kafka_resp_err_t code, std::string_view text);
  /// The last one, or empty.
  [[nodiscard]] std::string last() const;
  /// Whether no broker could be reached at the last try.
  [[nodiscard]] bool unreachable() const { return unreachable_.load(std::memory_order_relaxed); }
  /// What kind the last one is: RD_KAFKA_RESP_ERR__AUTHENTICATION, say.
  [[nodiscard]] rd_kafka_resp_err_t last_code() const;
  /// What this client may not do, in the cluster's words, or empty. Trying again does not help.
  [[nodiscard]] std::string refusal() const;
  void note_reachable() { unreachable_.store(false, std::memory_order_relaxed); }

 private:
  mutable std::mutex mutex_;
  std::string last_;
  rd_kafka_resp_err_t last_code_ = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::string refusal_;
  std::atomic<bool> unreachable_ = false;
};

/// The callbacks that a client may want; each called from rd_kafka_poll() and the like, with `opaque` as given.
struct Callbacks {
  void (*consume)(rd_kafka_message_t* message, void* opaque) = nullptr;
  void (*delivered)(rd_kafka_t* client, const rd_kafka_message_t* message, void* opaque) = nullptr;
  void (*rebalance)(rd_kafka_t* client, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t* partitions,
                    void* opaque) = nullptr;
  void* opaque = nullptr;  ///< Of the callbacks above. Outlives the client.
};

/// A producer or consumer. Owns the handle; destroying it waits for librdkafka's threads.
class Client {
 public:
  /// `chosen`: what bank would like, unless the user's properties say otherwise. `required`: what it relies on. Errors
  /// (config): an unknown property, a bad value, a required one set by the user.
  [[nodiscard]] static Result<Client> make(rd_kafka_type_t type, const Connection& connection,
                                           std::span<const Property> chosen, std::span<const Property> required,
                                           const Callbacks& callbacks = {});

  [[nodiscard]] rd_kafka_t* get() const { return handle_.get(); }
  [[nodiscard]] Complaints& complaints() const { return context_->complaints; }

  /// An error in words: what was being done, librdkafka's reason, and the last complaint where it explains more.
  [[nodiscard]] Error error(std::string_view doing, std::string_view reason) const;
  [[nodiscard]] Error error(std::string_view doing, rd_kafka_resp_err_t code) const;

 private:
  struct Context {
    Complaints complaints;
    Callbacks callbacks;
    std::string bootstrap_servers;
    bool scram = false;  ///< The password is proven by SCRAM.
  };
  [[nodiscard]] std::string why_unreachable() const;

  struct Destroy {
    void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
  };
  Client(std::unique_ptr<Context> context, rd_kafka_t* handle) : context_(std::move(context)), handle_(handle) {}

  std::unique_ptr<Context> context_;  // outlives the handle, whose callbacks use it
  std::unique_ptr<rd_kafka_t, Destroy> handle_;
};

/// Whether the client's thread of a broker sleeps for up to a second once it has found the queue of records full,
/// however soon there is room again: librdkafka before 2.2, which has fetch.queue.backoff.ms for that.
[[nodiscard]] inline bool oversleeps() { return rd_kafka_version() < 0x020200ff; }

struct DestroyTopic {
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
};
using Topic = std::unique_ptr<rd_kafka_topic_t, DestroyTopic>;

struct DestroyList {
  void operator()(rd_kafka_topic_partition_list_t* list) const { rd_kafka_topic_partition_list_destroy(list); }
};
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t, DestroyList>;
[[nodiscard]] inline PartitionList make_list(int size) {
  return PartitionList(rd_kafka_topic_partition_list_new(size));
}

/// librdkafka's error objects; null is success.
struct DestroyError {
  void operator()(rd_kafka_error_t* error) const { rd_kafka_error_destroy(error); }
};
using KafkaError = std::unique_ptr<rd_kafka_error_t, DestroyError>;

}  // namespace bank::kafka
