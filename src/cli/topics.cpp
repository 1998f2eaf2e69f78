// `bank topics`: create, list and describe the topics.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "adapters/kafka/admin.h"
#include "base/json_writer.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/human.h"
#include "cli/kafka.h"
#include "cli/table.h"
#include "cli/topic_plan.h"

namespace bank::cli {
namespace {

constexpr int widest_number = 32'767;  // of replicas; brokers refuse far fewer partitions by themselves

struct Flags {
  bool json = false;
  bool all = false;
  int partitions = 3;
  int replication_factor = -1;
  std::vector<std::string> topics;
};

/// A topic with all that is known of it.
struct Topic {
  std::string name;
  const PlannedTopic* planned = nullptr;   ///< Null: not one of bank's.
  const kafka::TopicInfo* info = nullptr;  ///< Null: there is none of the name.
  std::vector<kafka::OffsetRange> offsets{};
  std::vector<kafka::TopicSetting> settings{};
  std::vector<std::string> differences{};
  bool created = false;

  [[nodiscard]] std::int64_t records() const {
    std::int64_t sum = 0;
    for (const kafka::OffsetRange& range : offsets) sum += range.high - range.low;
    return sum;
  }
};

/// Settings, and what they differ in; offsets, too, if asked for.
Result<void> look(kafka::Admin& admin, Topic& topic, bool offsets) {
  auto settings = admin.settings(topic.name);
  if (!settings) return std::unexpected(settings.error());
  topic.settings = std::move(*settings);
  if (topic.planned != nullptr) topic.differences = differing_settings(*topic.planned, topic.settings);
  if (!offsets) return {};
  auto ranges = admin.offsets(*topic.info);
  if (!ranges) return std::unexpected(ranges.error());
  topic.offsets = std::move(*ranges);
  return {};
}

/// What is there, and what is planned to be.
struct Cluster {
  kafka::Admin admin;
  kafka::ClusterInfo info;
  std::vector<PlannedTopic> planned;

  /// Points to what stands here.
  [[nodiscard]] Topic topic(const std::string& name) const {
    const auto plan = std::ranges::find(planned, name, &PlannedTopic::name);
    return {.name = name, .planned = plan == planned.end() ? nullptr : &*plan, .info = info.find(name)};
  }
};

Result<Cluster> connect(Context& context) {
  const Result<kafka::Connection> connection = kafka_connection(context);
  if (!connection) return std::unexpected(connection.error());
  Result<kafka::Admin> admin = kafka::Admin::connect(*connection, context.clock, {});
  if (!admin) return std::unexpected(admin.error());
  Result<kafka::ClusterInfo> info = admin->cluster();
  if (!info) return std::unexpected(info.error());
  return Cluster{.admin = std::move(*admin), .info = std::move(*info), .planned = planned_topics(context.settings)};
}

void write_strings(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
  json.key(name).begin_array();
  for (const std::string& text : texts) json.value(std::string_view(text));
  json.end_array();
}

void write_partitions(JsonWriter& json, const Topic& topic) {
  json.key("partitions").begin_array();
  for (std::size_t i = 0; i < topic.info->partitions.size(); ++i) {
    const kafka::PartitionInfo& partition = topic.info->partitions[i];
    json.begin_object().member("partition", partition.id).member("leader", partition.leader);
    json.member("replicas", partition.replicas).member("in_sync", partition.in_sync);
    json.member("low", topic.offsets[i].low).member("high", topic.offsets[i].high).end_object();
  }
  json.end_array();
}

/// `{"schema_version": 1, "topics": […]}`, with one object a topic by `write`.
template <typename Write>
void print_json(Context& context, const std::vector<Topic>& topics, const Write& write) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().member("schema_version", 1).key("topics").begin_array();
  for (const Topic& topic : topics) {
    json.begin_object().member("topic", std::string_view(topic.name)).member("exists", topic.info != nullptr);
    write(json, topic);
    json.end_object();
  }
  json.end_array().end_object();
  context.terminal.out().write(text + "\n");
}

// --- create

void print_created(Context& context, const std::vector<Topic>& topics, int partitions) {
  Table table({{"TOPIC"}, {"RESULT"}, {"FINDING"}}, 0);
  bool differ = false;
  for (const Topic& topic : topics) {
    if (topic.created) {
      table.add({topic.name,
                 {"created", Style::green},
                 fmt::format("{}, {}", counted(partitions, "partition"), topic.planned->purpose)});
    } else if (topic.differences.empty()) {
      table.add({topic.name, "was there", "as bank would make it"});
    }
    if (topic.created) continue;
    for (const std::string& difference : topic.differences) {
      const bool first = &difference == &topic.differences.front();
      table.add({first ? topic.name : "", {first ? "differs" : "", Style::yellow}, difference});
      differ = true;
    }
  }
  table.print(context.terminal.out());
  if (differ) context.terminal.note("What differs was left as it is; Kafka's own tools change it.");
}

Result<void> create_one(kafka::Admin& admin, Topic& topic, const Flags& flags) {
  kafka::NewTopic wanted{
      .name = topic.name, .partitions = flags.partitions, .replication_factor = flags.replication_factor};
  for (const PlannedSetting& setting : topic.planned->settings)
    wanted.settings.emplace_back(setting.name, setting.value);
  // An acknowledged record is on two brokers then, and one of them may fail.
  if (flags.replication_factor >= 3) wanted.settings.emplace_back("min.insync.replicas", "2");
  const Result<bool> created = admin.create(wanted);
  if (!created) return std::unexpected(created.error());
  topic.created = *created;
  if (!topic.created) topic.differences = {"it could not be seen, so it was not compared; may this user describe it?"};
  return {};
}

Result<void> compare(kafka::Admin& admin, Topic& topic, const Flags& flags) {
  if (Result<void> done = look(admin, topic, false); !done) return done;
  const auto count = static_cast<int>(topic.info->partitions.size());
  std::vector<std::string>& differences = topic.differences;
  if (count != flags.partitions) {
    differences.insert(differences.begin(),
                       fmt::format("{}; bank would make {}", counted(count, "partition"), flags.partitions));
  }
  const int replicas = topic.info->partitions.empty() ? 0 : topic.info->partitions.front().replicas;
  if (flags.replication_factor > 0 && replicas != flags.replication_factor) {
    differences.push_back(fmt::format("{}; asked for are {}", counted(replicas, "replica"), flags.replication_factor));
  }
  return {};
}

Result<ExitCode> create(Context& context, const Flags& flags) {
  Result<Cluster> cluster = connect(context);
  if (!cluster) return std::unexpected(cluster.error());
  std::vector<Topic> topics;
  for (const PlannedTopic& plan : cluster->planned) {
    Topic& topic = topics.emplace_back(cluster->topic(plan.name));
    const Result<void> done =
        topic.info == nullptr ? create_one(cluster->admin, topic, flags) : compare(cluster->admin, topic, flags);
    if (!done) return std::unexpected(done.error());
  }
  if (!flags.json) {
    print_created(context, topics, flags.partitions);
    return ExitCode::ok;
  }
  print_json(context, topics, [](JsonWriter& json, const Topic& topic) {
    json.member("created", topic.created);
    write_strings(json, "differences", topic.differences);
  });
  return ExitCode::ok;
}

// --- list

std::string finding(const Topic& topic) {
  if (topic.info == nullptr) return "missing; bank topics create makes it";
  const auto& partitions = topic.info->partitions;
  const auto leaderless = std::ranges::count(partitions, -1, &kafka::PartitionInfo::leader);
  if (leaderless > 0) return fmt::format("{} of its partitions have no leader", leaderless);
  const auto lagging = std::ranges::count_if(
      partitions, [](const kafka::PartitionInfo& partition) { return partition.in_sync < partition.replicas; });
  if (lagging > 0) return fmt::format("{} of its partitions are not on all their brokers", lagging);
  if (topic.differences.empty()) return topic.planned == nullptr ? "" : std::string(topic.planned->purpose);
  return fmt::format("{} differ{} from what bank would set; bank topics describe shows them",
                     counted(topic.differences.size(), "setting"), topic.differences.size() == 1 ? "s" : "");
}

void print_list(Context& context, const std::vector<Topic>& topics) {
  Table table({{"TOPIC"}, {"PARTITIONS", Align::right}, {"RECORDS", Align::right}, {"FINDING"}}, 0);
  for (const Topic& topic : topics) {
    const bool there = topic.info != nullptr;
    table.add({topic.name,
               there ? std::to_string(topic.info->partitions.size()) : "-",
               there ? with_commas(topic.records()) : "-",
               {finding(topic), there ? Style::plain : Style::yellow}});
  }
  table.print(context.terminal.out());
}

Result<ExitCode> list(Context& context, const Flags& flags) {
  Result<Cluster> cluster = connect(context);
  if (!cluster) return std::unexpected(cluster.error());
  std::vector<Topic> topics;
  for (const PlannedTopic& plan : cluster->planned) topics.push_back(cluster->topic(plan.name));
  for (const kafka::TopicInfo& info : cluster->info.topics) {
    Topic topic = cluster->topic(info.name);
    if (flags.all && topic.planned == nullptr) topics.push_back(std::move(topic));
  }
  for (Topic& topic : topics) {
    if (topic.info == nullptr) continue;
    if (Result<void> done = look(cluster->admin, topic, true); !done) return std::unexpected(done.error());
  }
  if (!flags.json) {
    print_list(context, topics);
    return ExitCode::ok;
  }
  print_json(context, topics, [](JsonWriter& json, const Topic& topic) {
    if (topic.info == nullptr) return;
    write_partitions(json, topic);
    json.member("records", topic.records());
    write_strings(json, "differences", topic.differences);
  });
  return ExitCode::ok;
}

// --- describe

void print_partitions(Stream& out, const Topic& topic) {
  Table table({{"PARTITION", Align::right},
               {"LEADER", Align::right},
               {"REPLICAS", Align::right},
               {"IN SYNC", Align::right},
               {"LOW", Align::right},
               {"HIGH", Align::right},
               {"RECORDS", Align::right}});
  for (std::size_t i = 0; i < topic.info->partitions.size(); ++i) {
    const kafka::PartitionInfo& partition = topic.info->partitions[i];
    const kafka::OffsetRange& range = topic.offsets[i];
    table.add({std::to_string(partition.id), partition.leader < 0 ? "none" : std::to_string(partition.leader),
               std::to_string(partition.replicas), std::to_string(partition.in_sync), std::to_string(range.low),
               std::to_string(range.high), with_commas(range.high - range.low)});
  }
  table.print(out);
}

void print_settings(Stream& out, const Topic& topic) {
  Table table({{"SETTING"}, {"VALUE"}, {"FINDING"}});
  for (const kafka::TopicSetting& setting : topic.settings) {
    const PlannedSetting* planned = nullptr;
    if (topic.planned != nullptr) {
      const auto found = std::ranges::find(topic.planned->settings, setting.name, &PlannedSetting::name);
      if (found != topic.planned->settings.end()) planned = &*found;
    }
    if (planned != nullptr && planned->value == setting.value) {
      table.add({setting.name, setting.value, planned->why});
    } else if (planned != nullptr) {
      table.add({setting.name,
                 {setting.value, Style::yellow},
                 {fmt::format("bank would set {}: {}", planned->value, planned->why), Style::yellow}});
    } else if (setting.own) {
      table.add({setting.name, setting.value, "set for this topic"});
    }
  }
  if (!table.empty()) table.print(out);
}

void print_description(Context& context, const std::vector<Topic>& topics) {
  Stream& out = context.terminal.out();
  for (const Topic& topic : topics) {
    if (&topic != &topics.front()) out.write("\n");
    out.write(out.paint(Style::bold, visible(topic.name)));
    out.write(topic.planned == nullptr ? "\n" : fmt::format(": {}\n", topic.planned->purpose));
    print_partitions(out, topic);
    out.write("\n");
    print_settings(out, topic);
  }
}

void write_settings(JsonWriter& json, const Topic& topic) {
  json.key("settings").begin_object();
  for (const kafka::TopicSetting& setting : topic.settings) {
    json.member(setting.name, std::string_view(setting.value));
  }
  json.end_object();
}

Result<ExitCode> describe(Context& context, const Flags& flags) {
  Result<Cluster> cluster = connect(context);
  if (!cluster) return std::unexpected(cluster.error());
  std::vector<std::string> names = flags.topics;
  if (names.empty()) std::ranges::transform(cluster->planned, std::back_inserter(names), &PlannedTopic::name);
  std::vector<Topic> topics;
  for (const std::string& name : names) {
    Topic topic = cluster->topic(name);
    if (topic.info == nullptr) {
      return fail(fmt::format("there is no topic {} at {}; bank topics list --all shows those that are there{}", name,
                              context.settings.string("kafka.bootstrap_servers"),
                              topic.planned == nullptr ? "" : ", bank topics create makes it"));
    }
    if (Result<void> done = look(cluster->admin, topic, true); !done) return std::unexpected(done.error());
    topics.push_back(std::move(topic));
  }
  if (!flags.json) {
    print_description(context, topics);
    return ExitCode::ok;
  }
  print_json(context, topics, [](JsonWriter& json, const Topic& topic) {
    write_partitions(json, topic);
    write_settings(json, topic);
    write_strings(json, "differences", topic.differences);
  });
  return ExitCode::ok;
}

}  // namespace

void add_topics(CLI::App& app, Context& context) {
  const auto flags = std::make_shared<Flags>();
  CLI::App& command =
      add_command(app, "topics", "Create and look at the Kafka topics.",
                  "bank topics create                           # bank's topics, where they are missing\n"
                  "bank topics list                             # partitions, records, what is amiss\n"
                  "bank topics describe fraud-alerts            # offsets and settings of one");
  command.require_subcommand(1);
  const auto add = [&](const std::string& name, const std::string& summary, const std::string& examples,
                       Result<ExitCode> (*run)(Context&, const Flags&)) -> CLI::App& {
    CLI::App& added = add_command(command, name, summary, examples);
    added.add_flag("--json", flags->json, "Print JSON");
    add_kafka_flags(added, context);
    on_run(added, context, [&context, flags, run] { return run(context, *flags); });
    return added;
  };
  CLI::App& create_command =
      add("create", "Create bank's topics. Those that exist are left as they are, and what differs is said.",
          "bank topics create                                         # on kafka.bootstrap_servers\n"
          "bank topics create --bootstrap-server broker:9092 --partitions 12 --replication-factor 3",
          create);
  create_command
      .add_option("--partitions", flags->partitions, "Partitions of each: as many detectors can share the work")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N")
      ->capture_default_str();
  create_command
      .add_option("--replication-factor", flags->replication_factor,
                  "Brokers that keep each record [default: the cluster's own]")
      ->check(CLI::Range(1, widest_number))
      ->type_name("N");
  add("list", "List bank's topics: partitions, records (marks of transactions count as such), what is amiss.",
      "bank topics list\n"
      "bank topics list --all --json                # every topic of the cluster, for a program",
      list)
      .add_flag("--all", flags->all, "The cluster's other topics, too");
  add("describe", "Show the partitions, offsets and settings of topics.",
      "bank topics describe                         # bank's own\n"
      "bank topics describe banking-transactions --json",
      describe)
      .add_option("TOPIC", flags->topics, "Topics [default: bank's own]")
      ->type_name("");
}

}  // namespace bank::cli
