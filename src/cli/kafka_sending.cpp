#include "cli/kafka_sending.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/human.h"
#include "cli/kafka.h"

namespace bank::cli {
namespace {

std::string count_text(std::uint64_t number) { return with_commas(static_cast<std::int64_t>(number)); }

}  // namespace

void add_sending_flags(CLI::App& command, Context& context, bool& on) {
  command.add_flag("--kafka", on, "Send to a Kafka topic, keyed by account, with the event time as the record's time");
  bind_flag(command, context, "--topic", "kafka.transactions_topic");
  add_kafka_flags(command, context);
}

Result<void> check_no_kafka_flags(const config::Settings& settings) {
  for (const std::string_view key :
       {"kafka.transactions_topic", "kafka.bootstrap_servers", "kafka.properties_file", "kafka.properties"}) {
    const std::string& origin = settings.origin(key);
    if (origin.starts_with('-')) return fail_config(fmt::format("{} is of use only with --kafka: add that", origin));
  }
  return {};
}

std::string spool_path(const config::Settings& settings) {
  return (std::filesystem::path(settings.string("data_dir")) / "undelivered_transactions.json").string();
}

KafkaSending::KafkaSending(Context& context, std::string topic, std::string servers, std::string spool)
    : context_(context), topic_(std::move(topic)), servers_(std::move(servers)), spool_(std::move(spool)) {}

Result<std::unique_ptr<KafkaSending>> KafkaSending::open(Context& context, const std::string& spool, bool prompt) {
  Result<kafka::Connection> connection = kafka_connection(context);
  if (!connection) return std::unexpected(connection.error());
  std::unique_ptr<KafkaSending> sending(new KafkaSending(context, context.settings.string("kafka.transactions_topic"),
                                                         connection->bootstrap_servers, spool));
  auto producer = kafka::TransactionProducer::open({.connection = std::move(*connection),
                                                    .topic = sending->topic_,
                                                    .spool = spool,
                                                    .prompt = prompt,
                                                    .stop = context.stop_requested,
                                                    .clock = context.clock,
                                                    .on_wait = [self = sending.get()] { self->watch(); }});
  if (!producer) return std::unexpected(producer.error());
  sending->producer_ = std::move(*producer);
  return sending;
}

void KafkaSending::serve() {
  producer_->serve();
  watch();
}

void KafkaSending::watch() {
  const std::string trouble = producer_->trouble();
  if (trouble.empty() && in_trouble_) context_.terminal.note("The broker answers again.");
  if (!trouble.empty() && !in_trouble_) context_.terminal.warn(trouble + " Trying on.");
  in_trouble_ = !trouble.empty();
  if (!stop_told_ && context_.stop_requested.load(std::memory_order_relaxed)) {
    stop_told_ = true;
    context_.terminal.note("Stopping: the broker has a few seconds to acknowledge what it was sent.");
  }
}

void KafkaSending::add_facts(Table& facts) const {
  const kafka::Deliveries& all = producer_->deliveries();
  const int partitions = producer_->partitions();
  facts.add(
      {"Topic", fmt::format("{} ({} partition{}) at {}", topic_, partitions, partitions == 1 ? "" : "s", servers_)});
  facts.add({"Delivered", fmt::format("{} ({})", count_text(all.delivered),
                                      human_bytes(static_cast<std::int64_t>(all.delivered_bytes)))});
  if (all.undelivered == 0) return;
  facts.add({"Failed", {fmt::format("{}, kept in {}", count_text(all.undelivered), spool_), Style::yellow}});
}

}  // namespace bank::cli
