#include "adapters/kafka/admin.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "adapters/kafka/client.h"

namespace bank::kafka {
namespace {

constexpr std::size_t message_bytes = 512;
constexpr std::int64_t ns_per_ms = 1'000'000;

template <auto destroy>
struct Destroy {
  template <typename T>
  void operator()(T* handle) const {
    destroy(handle);
  }
};
using Event = std::unique_ptr<rd_kafka_event_t, Destroy<rd_kafka_event_destroy>>;
using Queue = std::unique_ptr<rd_kafka_queue_t, Destroy<rd_kafka_queue_destroy>>;
using Options = std::unique_ptr<rd_kafka_AdminOptions_t, Destroy<rd_kafka_AdminOptions_destroy>>;
using Metadata = std::unique_ptr<const rd_kafka_metadata_t, Destroy<rd_kafka_metadata_destroy>>;

/// Whether it passes by itself: a leader or coordinator is being chosen, or moves.
bool is_transient(rd_kafka_resp_err_t code) {
  constexpr std::array transient = {
      RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,  RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
      RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,     RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
      RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS};
  return std::ranges::find(transient, code) != transient.end();
}

/// `attempt(code)` returns a Result, and says in `code` what kind its failure is; done again while that is transient.
template <typename Attempt>
auto retried(Clock& clock, int timeout_ms, const Attempt& attempt) {
  constexpr std::int64_t pause_ns = 50 * ns_per_ms;
  const std::int64_t deadline_ns = clock.monotonic_ns() + timeout_ms * ns_per_ms;
  while (true) {
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    auto result = attempt(code);
    const std::int64_t now_ns = clock.monotonic_ns();
    if (result || !is_transient(code) || now_ns >= deadline_ns) return result;
    clock.sleep_until_ns(now_ns + pause_ns);
  }
}

/// One request of the admin API, and the event that answers it. `send(options, queue)` sends it; `code` becomes the
/// kind of a failure.
template <typename Send>
Result<Event> ask(const Client& client, rd_kafka_admin_op_t operation, int timeout_ms, const std::string& doing,
                  rd_kafka_resp_err_t& code, const Send& send) {
  const Queue queue(rd_kafka_queue_new(client.get()));
  const Options options(rd_kafka_AdminOptions_new(client.get(), operation));
  std::array<char, message_bytes> message{};
  rd_kafka_AdminOptions_set_request_timeout(options.get(), timeout_ms, message.data(), message.size());
  send(options.get(), queue.get());
  constexpr int grace_ms = 1000;  // the client's own time-out says more than ours
  Event event(rd_kafka_queue_poll(queue.get(), timeout_ms + grace_ms));
  rd_kafka_poll(client.get(), 0);  // serves the complaints
  code = event ? rd_kafka_event_error(event.get()) : RD_KAFKA_RESP_ERR__TIMED_OUT;
  if (code == RD_KAFKA_RESP_ERR__TIMED_OUT) return std::unexpected(client.error(doing, code));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return std::unexpected(client.error(doing, rd_kafka_event_error_string(event.get())));
  }
  return event;
}

TopicInfo topic_info(const rd_kafka_metadata_topic_t& topic) {
  TopicInfo info{.name = topic.topic, .partitions = {}};
  for (int i = 0; i < topic.partition_cnt; ++i) {
    const rd_kafka_metadata_partition_t& partition = topic.partitions[i];
    info.partitions.push_back({.id = partition.id,
                               .leader = partition.leader,
                               .replicas = partition.replica_cnt,
                               .in_sync = partition.isr_cnt});
  }
  std::ranges::sort(info.partitions, {}, &PartitionInfo::id);
  return info;
}

PartitionList partitions_of(const TopicInfo& topic) {
  PartitionList list = make_list(static_cast<int>(topic.partitions.size()));
  for (const PartitionInfo& partition : topic.partitions) {
    rd_kafka_topic_partition_list_add(list.get(), topic.name.c_str(), partition.id);
  }
  return list;
}

Result<std::vector<TopicSetting>> settings_now(const Client& client, int timeout_ms, const std::string& topic,
                                               rd_kafka_resp_err_t& code) {
  rd_kafka_ConfigResource_t* resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str());
  const std::string doing = fmt::format("cannot get the settings of the topic {}", topic);
  Result<Event> event = ask(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout_ms, doing, code,
                            [&](const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                              rd_kafka_DescribeConfigs(client.get(), &resource, 1, options, queue);
                              rd_kafka_ConfigResource_destroy(resource);
                            });
  if (!event) return std::unexpected(event.error());
  std::size_t count = 0;
  const rd_kafka_ConfigResource_t** resources =
      rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event->get()), &count);
  std::vector<TopicSetting> settings;
  for (std::size_t i = 0; i < count; ++i) {
    code = rd_kafka_ConfigResource_error(resources[i]);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return std::unexpected(client.error(doing, rd_kafka_ConfigResource_error_string(resources[i])));
    }
    std::size_t entry_count = 0;
    const rd_kafka_ConfigEntry_t** entries = rd_kafka_ConfigResource_configs(resources[i], &entry_count);
    for (std::size_t j = 0; j < entry_count; ++j) {
      const char* value = rd_kafka_ConfigEntry_value(entries[j]);
      settings.push_back(
          {.name = rd_kafka_ConfigEntry_name(entries[j]),
           .value = value == nullptr ? "" : value,
           .own = rd_kafka_ConfigEntry_source(entries[j]) == RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG});
    }
  }
  std::ranges::sort(settings, {}, &TopicSetting::name);
  return settings;
}

Result<GroupInfo> group_now(const Client& client, int timeout_ms, const std::string& name, rd_kafka_resp_err_t& code) {
  const std::string doing = fmt::format("cannot look at the group {}", name);
  Result<Event> event = ask(client, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, timeout_ms, doing, code,
                            [&](const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                              const char* names = name.c_str();
                              rd_kafka_DescribeConsumerGroups(client.get(), &names, 1, options, queue);
                            });
  constexpr rd_kafka_resp_err_t hidden = RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED;
  if (!event && code == hidden) return GroupInfo{.state = {}, .members = 0, .visible = false};
  if (!event) return std::unexpected(event.error());
  std::size_t count = 0;
  const rd_kafka_ConsumerGroupDescription_t** groups =
      rd_kafka_DescribeConsumerGroups_result_groups(rd_kafka_event_DescribeConsumerGroups_result(event->get()), &count);
  if (count != 1) return std::unexpected(client.error(doing, "the broker's answer names another number of groups"));
  if (const rd_kafka_error_t* error = rd_kafka_ConsumerGroupDescription_error(groups[0]); error != nullptr) {
    // Newer brokers say so of a group that was never there; older ones call it Dead.
    code = rd_kafka_error_code(error);
    if (code == RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND) return GroupInfo{.state = "Dead"};
    if (code == hidden) return GroupInfo{.state = {}, .members = 0, .visible = false};
    return std::unexpected(client.error(doing, rd_kafka_error_string(error)));
  }
  return GroupInfo{.state = rd_kafka_consumer_group_state_name(rd_kafka_ConsumerGroupDescription_state(groups[0])),
                   .members = rd_kafka_ConsumerGroupDescription_member_count(groups[0])};
}

Result<std::vector<std::optional<std::int64_t>>> committed_now(const Client& client, int timeout_ms,
                                                               const std::string& group, const TopicInfo& topic,
                                                               rd_kafka_resp_err_t& code) {
  const std::string doing = fmt::format("cannot get the committed offsets of the group {}", group);
  const PartitionList partitions = partitions_of(topic);
  rd_kafka_ListConsumerGroupOffsets_t* request = rd_kafka_ListConsumerGroupOffsets_new(group.c_str(), partitions.get());
  Result<Event> event = ask(client, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, timeout_ms, doing, code,
                            [&](const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                              rd_kafka_ListConsumerGroupOffsets(client.get(), &request, 1, options, queue);
                              rd_kafka_ListConsumerGroupOffsets_destroy(request);
                            });
  if (!event) return std::unexpected(event.error());
  std::size_t count = 0;
  const rd_kafka_group_result_t** results = rd_kafka_ListConsumerGroupOffsets_result_groups(
      rd_kafka_event_ListConsumerGroupOffsets_result(event->get()), &count);
  std::vector<std::optional<std::int64_t>> offsets(topic.partitions.size());
  for (std::size_t i = 0; i < count; ++i) {
    if (const rd_kafka_error_t* error = rd_kafka_group_result_error(results[i]); error != nullptr) {
      code = rd_kafka_error_code(error);
      return std::unexpected(client.error(doing, rd_kafka_error_string(error)));
    }
    const rd_kafka_topic_partition_list_t* list = rd_kafka_group_result_partitions(results[i]);
    for (int j = 0; j < list->cnt; ++j) {
      const rd_kafka_topic_partition_t& partition = list->elems[j];
      const auto found = std::ranges::find(topic.partitions, partition.partition, &PartitionInfo::id);
      if (found == topic.partitions.end() || partition.offset < 0) continue;
      offsets[static_cast<std::size_t>(found - topic.partitions.begin())] = partition.offset;
    }
  }
  return offsets;
}

}  // namespace

const TopicInfo* ClusterInfo::find(const std::string& topic) const {
  const auto found = std::ranges::find(topics, topic, &TopicInfo::name);
  return found == topics.end() ? nullptr : &*found;
}

Admin::Admin(std::unique_ptr<Client> client, Clock& clock, int timeout_ms)
    : client_(std::move(client)), clock_(&clock), timeout_ms_(timeout_ms) {}
Admin::Admin(Admin&&) noexcept = default;
Admin& Admin::operator=(Admin&&) noexcept = default;
Admin::~Admin() = default;

Result<Admin> Admin::connect(const Connection& connection, Clock& clock, const Patience& patience) {
  if (Result<void> reached = check_reachable(connection, patience.connect_ms); !reached) {
    return std::unexpected(reached.error());
  }
  // A consumer, as only that may say which records count as readable; it joins no group and reads nothing.
  const std::array<Property, 1> chosen = {{{"isolation.level", "read_committed"}}};
  Result<Client> client = Client::make(RD_KAFKA_CONSUMER, connection, chosen, {});
  if (!client) return std::unexpected(client.error());
  return Admin(std::make_unique<Client>(std::move(*client)), clock, patience.request_ms);
}

Result<ClusterInfo> Admin::cluster() {
  const rd_kafka_metadata_t* raw = nullptr;
  const rd_kafka_resp_err_t code = rd_kafka_metadata(client_->get(), 1, nullptr, &raw, timeout_ms_);
  rd_kafka_poll(client_->get(), 0);  // serves the complaints
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return std::unexpected(client_->error("cannot list the topics", code));
  client_->complaints().note_reachable();
  const Metadata metadata(raw);
  ClusterInfo info;
  for (int i = 0; i < metadata->broker_cnt; ++i) {
    const rd_kafka_metadata_broker_t& broker = metadata->brokers[i];
    info.brokers.push_back({.id = broker.id, .address = fmt::format("{}:{}", broker.host, broker.port)});
  }
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const rd_kafka_metadata_topic_t& topic = metadata->topics[i];
    if (!std::string_view(topic.topic).starts_with("__")) info.topics.push_back(topic_info(topic));
  }
  std::ranges::sort(info.brokers, {}, &BrokerInfo::id);
  std::ranges::sort(info.topics, {}, &TopicInfo::name);
  return info;
}

Result<std::vector<OffsetRange>> Admin::offsets(const TopicInfo& topic) {
  std::vector<OffsetRange> ranges;
  const std::int64_t deadline_ns = clock_->monotonic_ns() + timeout_ms_ * ns_per_ms;
  for (const PartitionInfo& partition : topic.partitions) {
    const auto left_ms =
        static_cast<int>(std::max<std::int64_t>(1, (deadline_ns - clock_->monotonic_ns()) / ns_per_ms));
    const auto range = retried(*clock_, left_ms, [&](rd_kafka_resp_err_t& code) -> Result<OffsetRange> {
      OffsetRange found;
      code = rd_kafka_query_watermark_offsets(client_->get(), topic.name.c_str(), partition.id, &found.low, &found.high,
                                              left_ms);
      if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return found;
      rd_kafka_poll(client_->get(), 0);  // serves the complaints
      return std::unexpected(
          client_->error(fmt::format("cannot get the offsets of {}, partition {}", topic.name, partition.id), code));
    });
    if (!range) return std::unexpected(range.error());
    ranges.push_back(*range);
  }
  return ranges;
}

Result<std::vector<TopicSetting>> Admin::settings(const std::string& topic) {
  return retried(*clock_, timeout_ms_,
                 [&](rd_kafka_resp_err_t& code) { return settings_now(*client_, timeout_ms_, topic, code); });
}

Result<bool> Admin::create(const NewTopic& topic) {
  const std::string doing = fmt::format("cannot create the topic {}", topic.name);
  std::array<char, message_bytes> message{};
  const std::unique_ptr<rd_kafka_NewTopic_t, Destroy<rd_kafka_NewTopic_destroy>> request(rd_kafka_NewTopic_new(
      topic.name.c_str(), topic.partitions, topic.replication_factor, message.data(), message.size()));
  if (!request) return std::unexpected(client_->error(doing, message.data()));
  for (const auto& [name, value] : topic.settings) {
    rd_kafka_NewTopic_set_config(request.get(), name.c_str(), value.c_str());
  }
  rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
  Result<Event> event = ask(*client_, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout_ms_, doing, code,
                            [&](const rd_kafka_AdminOptions_t* options, rd_kafka_queue_t* queue) {
                              rd_kafka_NewTopic_t* requests = request.get();
                              rd_kafka_CreateTopics(client_->get(), &requests, 1, options, queue);
                            });
  if (!event) return std::unexpected(event.error());
  std::size_t count = 0;
  const rd_kafka_topic_result_t** results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event->get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    code = rd_kafka_topic_result_error(results[i]);
    if (code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) return false;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      const char* why = rd_kafka_topic_result_error_string(results[i]);
      return std::unexpected(client_->error(doing, why == nullptr ? rd_kafka_err2str(code) : why));
    }
  }
  if (Result<void> done = wait_for(topic.name); !done) return std::unexpected(done.error());
  return true;
}

// The controller answers before the brokers know of it.
Result<void> Admin::wait_for(const std::string& topic) {
  constexpr std::int64_t pause_ns = 20 * ns_per_ms;
  const std::int64_t deadline_ns = clock_->monotonic_ns() + timeout_ms_ * ns_per_ms;
  while (true) {
    const Result<ClusterInfo> info = cluster();
    if (!info) return std::unexpected(info.error());
    const TopicInfo* found = info->find(topic);
    const auto led = [](const PartitionInfo& partition) { return partition.leader >= 0; };
    if (found != nullptr && !found->partitions.empty() && std::ranges::all_of(found->partitions, led)) return {};
    const std::int64_t now_ns = clock_->monotonic_ns();
    if (now_ns >= deadline_ns) {
      return fail(fmt::format("the topic {} was created, but its partitions have no leaders after {} s", topic,
                              timeout_ms_ / 1000));
    }
    clock_->sleep_until_ns(now_ns + pause_ns);
  }
}

Result<GroupInfo> Admin::group(const std::string& name) {
  return retried(*clock_, timeout_ms_,
                 [&](rd_kafka_resp_err_t& code) { return group_now(*client_, timeout_ms_, name, code); });
}

Result<std::vector<std::optional<std::int64_t>>> Admin::committed(const std::string& group, const TopicInfo& topic) {
  return retried(*clock_, timeout_ms_,
                 [&](rd_kafka_resp_err_t& code) { return committed_now(*client_, timeout_ms_, group, topic, code); });
}

}  // namespace bank::kafka
