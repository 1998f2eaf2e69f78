// A cluster looked at and set up: its brokers, topics, offsets, and what a group has read.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "adapters/kafka/connection.h"
#include "base/clock.h"
#include "base/result.h"

namespace bank::kafka {

class Client;

struct PartitionInfo {
  std::int32_t id = 0;
  std::int32_t leader = -1;  ///< The broker's id; -1: none, nothing can be read or written.
  int replicas = 0;
  int in_sync = 0;  ///< Replicas that have everything.
};

struct TopicInfo {
  std::string name;
  std::vector<PartitionInfo> partitions;  ///< By id.
};

struct BrokerInfo {
  std::int32_t id = 0;
  std::string address;  ///< `host:port`, as the broker says clients should call it.
};

struct ClusterInfo {
  std::vector<BrokerInfo> brokers;
  std::vector<TopicInfo> topics;  ///< By name; without Kafka's own (`__…`), and those that may not be seen.
  [[nodiscard]] const TopicInfo* find(const std::string& topic) const;  ///< Null if there is none.
};

/// The offsets that can be read: from `low` to before `high`. Marks of transactions take offsets, too, so their
/// difference is the most that there can be of records.
struct OffsetRange {
  std::int64_t low = 0;
  std::int64_t high = 0;  ///< Behind the last record of a transaction that is decided.
};

struct TopicSetting {
  std::string name;
  std::string value;
  bool own = false;  ///< Set for this topic; else the broker's, or Kafka's default.
};

struct NewTopic {
  std::string name;
  int partitions = 1;
  int replication_factor = -1;       ///< -1: the broker's default.
  std::vector<Property> settings{};  ///< The broker's where none is named.
};

struct GroupInfo {
  std::string state;        ///< In Kafka's words: `Stable`, `Empty`, `Dead` (there is none of the name), …
  std::size_t members = 0;  ///< That read now.
  bool visible = true;      ///< False: this user may not describe it, and the rest says nothing.
};

/// How long to wait for an answer.
struct Patience {
  int connect_ms = 5000;   ///< Until some broker answers at all.
  int request_ms = 10000;  ///< Each request after that.
};

/// Asks brokers. Each call waits for its answer; one thread at a time. Errors (runtime) say what was asked, and why it
/// failed.
class Admin {
 public:
  /// Waits until a broker answers. The error says which address was tried, and the likely cause. `clock` is borrowed.
  [[nodiscard]] static Result<Admin> connect(const Connection& connection, Clock& clock, const Patience& patience);
  Admin(Admin&&) noexcept;
  Admin& operator=(Admin&&) noexcept;
  ~Admin();

  [[nodiscard]] Result<ClusterInfo> cluster();
  /// Of each partition, in the order of `topic.partitions`.
  [[nodiscard]] Result<std::vector<OffsetRange>> offsets(const TopicInfo& topic);
  /// Every setting of a topic, by name.
  [[nodiscard]] Result<std::vector<TopicSetting>> settings(const std::string& topic);
  /// Returns when the topic can be used; false if one of the name exists already, which is left as it is.
  [[nodiscard]] Result<bool> create(const NewTopic& topic);

  [[nodiscard]] Result<GroupInfo> group(const std::string& name);
  /// The next offset that the group will read, of each partition; nullopt where it has committed none.
  [[nodiscard]] Result<std::vector<std::optional<std::int64_t>>> committed(const std::string& group,
                                                                           const TopicInfo& topic);

 private:
  Admin(std::unique_ptr<Client> client, Clock& clock, int timeout_ms);
  Result<void> wait_for(const std::string& topic);

  std::unique_ptr<Client> client_;
  Clock* clock_;
  int timeout_ms_;
};

}  // namespace bank::kafka
