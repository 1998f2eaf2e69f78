// A topic followed without end, from where its reader says, with the reader's word kept in a consumer group.
//
// The partitions are assigned, not shared: one follower of a group reads all of them. What was read is the caller's to
// keep; the group's offsets, committed behind that, are for whoever looks at its lag, and for a reader without a
// memory.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "adapters/kafka/connection.h"
#include "adapters/kafka/topic_source.h"
#include "base/result.h"
#include "pipeline/ports.h"

namespace bank::kafka {

struct FollowerOptions {
  Connection connection;
  std::string topic;
  std::string group;
  /// The next offset of each partition; those that are missing begin where the group stands, or at the beginning.
  TopicEnds from{};
  const std::atomic<bool>* stop = nullptr;  ///< Ends it; not null.
};

class Follower {
 public:
  /// Errors: no broker answers, no such topic.
  [[nodiscard]] static Result<std::unique_ptr<Follower>> open(const FollowerOptions& options);
  ~Follower();
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  /// The next records, with read_committed; an empty batch about five times a second while nothing comes; null when it
  /// was stopped. Errors: the topic is deleted, or may not be read.
  [[nodiscard]] Result<std::unique_ptr<pipeline::RawBatch>> next();
  /// Behind the last record that was given, for each partition that gave any.
  [[nodiscard]] const TopicEnds& offsets() const;
  /// Takes up the partitions that the topic has got since, from their beginning; to be called now and then. Takes a
  /// second or two where no broker answers.
  void look_for_partitions();
  /// Tells the group offsets(), without waiting for an answer.
  void commit();
  /// Records that wait, as far as is known.
  [[nodiscard]] std::int64_t lag() const;
  /// Why nothing comes, where the cluster can't be reached; else empty.
  [[nodiscard]] std::string trouble() const;

 private:
  class Impl;
  explicit Follower(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bank::kafka
