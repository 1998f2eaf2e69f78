// A topic as a source of records, for whoever only looks: it is in no group and commits nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "adapters/kafka/connection.h"
#include "base/result.h"
#include "pipeline/ports.h"

namespace bank::kafka {

/// Where the partitions of a topic end: one past their last records.
using TopicEnds = std::map<std::int32_t, std::int64_t>;

/// Errors: no broker answers, no such topic.
[[nodiscard]] Result<TopicEnds> topic_ends(const Connection& connection, const std::string& topic);

struct TopicSourceOptions {
  Connection connection;
  std::string topic;
  bool from_beginning = true;  ///< Else only what comes after it was opened.
  TopicEnds from{};            ///< For the partitions named here: from this offset.
  /// Whether it goes on when it has reached the end, giving an empty batch now and then (about five times a second)
  /// while nothing comes. Else it ends where the topic ended when it was opened.
  bool follow = false;
  const std::atomic<bool>* stop = nullptr;  ///< Ends it; may be null.
};

/// Reads with read_committed: what a transaction holds that is not committed does not show. Records come in the order
/// of their partition; partitions interleave as they arrive. Errors of next(): the broker is gone for long, the topic
/// is deleted.
[[nodiscard]] Result<std::unique_ptr<pipeline::Source>> open_topic(const TopicSourceOptions& options);

}  // namespace bank::kafka
