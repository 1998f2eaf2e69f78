#include "cli/kafka_health.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "adapters/kafka/admin.h"
#include "cli/human.h"
#include "cli/kafka.h"
#include "cli/topic_plan.h"

namespace bank::cli {
namespace {

using monitor::Check;
using monitor::Status;

class KafkaProvider final : public monitor::CheckProvider {
 public:
  KafkaProvider(kafka::Connection connection, const config::Settings& settings, Clock& clock)
      : connection_(std::move(connection)),
        transactions_(settings.string("kafka.transactions_topic")),
        group_(settings.string("kafka.group")),
        clock_(clock) {
    for (const PlannedTopic& topic : planned_topics(settings)) topics_.push_back(topic.name);
  }

  void look(std::vector<Check>& out) override {
    const std::size_t begin = out.size();
    const Result<void> done = look_at_all(out);
    if (done) return;
    // The next look begins anew. What was found before the failure is of a moment that is over.
    admin_.reset();
    out.resize(begin);
    out.push_back(check("kafka:brokers", Status::critical, done.error().message));
    for (const std::string& topic : topics_)
      out.push_back(check("kafka:topic:" + topic, Status::unknown, "see brokers"));
    out.push_back(check("kafka:group:" + group_, Status::unknown, "see brokers"));
  }

 private:
  static Check check(std::string name, Status status, std::string text) {
    return {
        .name = std::move(name), .status = status, .value = {}, .unit = {}, .thresholds = {}, .text = std::move(text)};
  }

  Result<void> look_at_all(std::vector<Check>& out) {
    if (!admin_) {
      constexpr kafka::Patience patience{.connect_ms = 2500, .request_ms = 2500};
      Result<kafka::Admin> admin = kafka::Admin::connect(connection_, clock_, patience);
      if (!admin) return std::unexpected(admin.error());
      admin_.emplace(std::move(*admin));
    }
    const Result<kafka::ClusterInfo> cluster = admin_->cluster();
    if (!cluster) return std::unexpected(cluster.error());
    std::string addresses;
    for (const kafka::BrokerInfo& broker : cluster->brokers)
      addresses += (addresses.empty() ? "" : ", ") + broker.address;
    out.push_back(check("kafka:brokers", Status::ok,
                        fmt::format("{}: {}", counted(std::ssize(cluster->brokers), "broker"), addresses)));
    for (const std::string& topic : topics_) {
      if (Result<void> done = look_at_topic(topic, cluster->find(topic), out); !done) return done;
    }
    return look_at_group(cluster->find(transactions_), out);
  }

  Result<void> look_at_topic(const std::string& name, const kafka::TopicInfo* topic, std::vector<Check>& out) {
    if (topic == nullptr) {
      out.push_back(check("kafka:topic:" + name, Status::warning, "missing; bank topics create makes it"));
      return {};
    }
    const auto& partitions = topic->partitions;
    const auto count = std::ssize(partitions);
    if (const auto without = std::ranges::count(partitions, -1, &kafka::PartitionInfo::leader); without > 0) {
      out.push_back(check("kafka:topic:" + name, Status::critical,
                          fmt::format("{} of {} have no leader", without, counted(count, "partition"))));
      return {};
    }
    const Result<std::vector<kafka::OffsetRange>> ranges = admin_->offsets(*topic);
    if (!ranges) return std::unexpected(ranges.error());
    std::int64_t records = 0;
    for (const kafka::OffsetRange& range : *ranges) records += range.high - range.low;
    const auto lagging = std::ranges::count_if(
        partitions, [](const kafka::PartitionInfo& partition) { return partition.in_sync < partition.replicas; });
    Check found = check("kafka:topic:" + name, lagging > 0 ? Status::warning : Status::ok,
                        fmt::format("{}, {}", counted(count, "partition"), counted(records, "record")));
    if (lagging > 0) found.text += fmt::format("; {} not on all their brokers", lagging);
    found.value = static_cast<double>(records);
    found.unit = "records";
    out.push_back(std::move(found));
    return {};
  }

  Result<void> look_at_group(const kafka::TopicInfo* topic, std::vector<Check>& out) {
    const std::string name = "kafka:group:" + group_;
    if (topic == nullptr) {
      out.push_back(check(name, Status::unknown, fmt::format("nothing to read: there is no topic {}", transactions_)));
      return {};
    }
    const Result<kafka::GroupInfo> group = admin_->group(group_);
    if (!group) return std::unexpected(group.error());
    if (!group->visible) {
      out.push_back(
          check(name, Status::unknown, "this user may not see it; the right to describe the group is missing"));
      return {};
    }
    const auto committed = admin_->committed(group_, *topic);
    if (!committed) return std::unexpected(committed.error());
    const auto ranges = admin_->offsets(*topic);
    if (!ranges) return std::unexpected(ranges.error());
    std::int64_t lag = 0;
    for (std::size_t i = 0; i < ranges->size(); ++i) {
      const kafka::OffsetRange& range = (*ranges)[i];
      lag += std::max<std::int64_t>(0, range.high - std::max(range.low, (*committed)[i].value_or(range.low)));
    }
    const auto members = static_cast<std::int64_t>(group->members);
    const bool nobody = members == 0;
    Check found = check(name, nobody && lag > 0 ? Status::warning : Status::ok,
                        fmt::format("{} behind; {}", counted(lag, "record"),
                                    nobody ? "no detector is running" : counted(members, "detector")));
    found.value = static_cast<double>(lag);
    found.unit = "records";
    out.push_back(std::move(found));
    return {};
  }

  kafka::Connection connection_;
  std::vector<std::string> topics_;
  std::string transactions_;
  std::string group_;
  Clock& clock_;
  std::optional<kafka::Admin> admin_;
};

}  // namespace

bool kafka_configured(const config::Settings& settings) {
  constexpr std::string_view key = "kafka.bootstrap_servers";
  const std::string& origin = settings.origin(key);
  // Of the file by value: one that spells the default out, as config/bank.yaml does, has chosen nothing.
  return origin.starts_with("-") || origin.starts_with("BANK_") ||
         settings.string(key) != config::Settings().string(key);
}

Result<std::unique_ptr<monitor::CheckProvider>> kafka_provider(Context& context) {
  Result<kafka::Connection> connection = kafka_connection(context);
  if (!connection) return std::unexpected(connection.error());
  return std::make_unique<KafkaProvider>(std::move(*connection), context.settings, context.clock);
}

}  // namespace bank::cli
