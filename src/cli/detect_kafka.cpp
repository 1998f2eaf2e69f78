#include "cli/detect_kafka.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <thread>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/detect.h"
#include "cli/detect_metrics.h"
#include "cli/detect_screen.h"
#include "cli/human.h"
#include "cli/input.h"
#include "cli/kafka.h"
#include "rules/load.h"

namespace bank::cli {
namespace {

constexpr std::int64_t log_interval_ns = 10'000'000'000;

// 64 bits, which no other machine has.
std::string unique_word() {
  std::array<unsigned char, 8> bytes{};
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = getrandom(bytes.data() + filled, bytes.size() - filled, 0);
    if (got > 0) filled += static_cast<std::size_t>(got);
  }
  std::string word;
  for (const unsigned char byte : bytes) word += fmt::format("{:02x}", byte);
  return word;
}

// Flags of file mode have no meaning here, and a user who gives one expects something else.
Result<void> check_flags(const Context& context) {
  for (const std::string_view key :
       {"detect.input", "detect.format", "detect.output", "detect.processed", "detect.rejected", "detect.order"}) {
    const std::string& origin = context.settings.origin(key);
    if (!origin.starts_with("-")) continue;
    return fail_config(
        fmt::format("{} is for files, and has no meaning with --kafka; topics are set in the "
                    "configuration: kafka.transactions_topic, kafka.alerts_topic …",
                    origin));
  }
  return {};
}

std::string milliseconds(std::int64_t us) { return human_seconds(static_cast<double>(us) / 1e6); }

std::uint64_t lag_of(const kafka::DetectorStatus& status) {
  std::uint64_t lag = 0;
  for (const kafka::PartitionStatus& partition : status.partitions) lag += static_cast<std::uint64_t>(partition.lag());
  return lag;
}

std::uint64_t replay_left(const kafka::DetectorStatus& status) {
  std::uint64_t left = 0;
  for (const kafka::PartitionStatus& partition : status.partitions) {
    left += static_cast<std::uint64_t>(partition.replay_left);
  }
  return left;
}

/// Turns statuses into lines.
class Teller {
 public:
  explicit Teller(Context& context) : context_(context), progress_(context.terminal, context.clock) {}

  void tell(const kafka::DetectorStatus& status) {
    rates_.update(status);
    if (context_.terminal.err().is_terminal()) {
      if (progress_.due()) progress_.update(line(status));
      return;
    }
    if (status.elapsed_ns < next_log_ns_) return;
    if (next_log_ns_ > 0) context_.terminal.note(line(status));
    next_log_ns_ = status.elapsed_ns + log_interval_ns;
  }

 private:
  /// The rate of the last second or so.
  struct Rates {
    std::int64_t at_ns = 0;
    std::uint64_t records = 0;
    double per_second = 0;

    void update(const kafka::DetectorStatus& status) {
      constexpr std::int64_t span_ns = 1'000'000'000;
      if (status.elapsed_ns - at_ns < span_ns) return;
      per_second = static_cast<double>(status.records - records) * 1e9 / static_cast<double>(status.elapsed_ns - at_ns);
      at_ns = status.elapsed_ns;
      records = status.records;
    }
  };

  [[nodiscard]] std::string line(const kafka::DetectorStatus& status) const {
    if (!status.trouble.empty()) return "Waiting for Kafka: " + status.trouble;
    if (status.partitions.empty()) return "Joining the group…";
    if (const std::uint64_t left = replay_left(status); left > 0) {
      return fmt::format("Replaying histories: {} records done, {} to go", count_text(status.replayed),
                         count_text(left));
    }
    std::string text =
        fmt::format("{} judged, {}, {}, lag {}", counted(status.records, "record"), human_rate(rates_.per_second),
                    counted(status.alerts, "alert"), count_text(lag_of(status)));
    if (status.rejected > 0) text += fmt::format(", {} rejected", count_text(status.rejected));
    if (status.latency_p99_us > 0) {
      text += fmt::format(", visible after {} (p99 {})", milliseconds(status.latency_p50_us),
                          milliseconds(status.latency_p99_us));
    }
    return text;
  }

  Context& context_;
  Progress progress_;
  Rates rates_;
  std::int64_t next_log_ns_ = 0;
};

void print_summary(Context& context, const kafka::DetectorOptions& options, const rules::RuleSet& rules,
                   const kafka::DetectorOutcome& outcome) {
  Terminal& terminal = context.terminal;
  if (terminal.quiet()) return;
  const pipeline::Summary& summary = outcome.summary;
  const double seconds = static_cast<double>(summary.elapsed_ns) / 1e9;
  if (outcome.stopped) terminal.note("Stopped: what was read until then is judged, and committed.");
  terminal.note(fmt::format("{} ({}) in {} ({})", counted(summary.records, "record"), bytes_text(summary.bytes),
                            human_seconds(seconds),
                            human_rate(static_cast<double>(summary.records) / std::max(seconds, 1e-9))));
  Table facts = facts_of(summary);
  const kafka::DetectorStatus& status = outcome.status;
  facts.add({"Committed", fmt::format("{}{}", counted(status.transactions, "transaction"),
                                      status.aborted > 0 ? fmt::format(" ({} tried again)", status.aborted) : "")});
  if (status.replayed > 0) {
    facts.add({"Replayed", fmt::format("{}, for their history", counted(status.replayed, "record"))});
  }
  if (!status.partitions.empty()) {
    facts.add({"Lag", fmt::format("{} in {}", counted(lag_of(status), "record"),
                                  counted(status.partitions.size(), "partition"))});
  }
  facts.print(terminal.err());
  print_alerts_by_rule(terminal.err(), rules, summary);
  Table topics({{""}, {""}});
  topics.add({"Read from", fmt::format("{} as group {}", options.transactions_topic, options.group)});
  topics.add({"Alerts in", options.alerts_topic});
  if (!options.processed_topic.empty()) topics.add({"Processed in", options.processed_topic});
  topics.add({"Rejected in", options.dead_letter_topic});
  topics.print(terminal.err());
}

}  // namespace

void add_kafka_detect_flags(CLI::App& command, Context& context, KafkaDetectFlags& flags) {
  add_kafka_flags(command, context);
  bind_flag(command, context, "--group", "kafka.group")->group(kafka_flags);
  bind_flag(command, context, "--instance", "kafka.instance")->group(kafka_flags);
  bind_flag(command, context, "--commit-interval", "kafka.commit_interval")->group(kafka_flags);
  bind_flag(command, context, "--write-processed", "kafka.write_processed")->group(kafka_flags);
  bind_flag(command, context, "--metrics-port", "kafka.metrics_port")->group(kafka_flags);
  command
      .add_flag("--from-beginning", flags.from_beginning,
                "Where the group has no offset yet, begin with the first record there is, not with the next to come")
      ->group(kafka_flags);
  command.add_flag("--until-end", flags.until_end, "End when the records that were there at the start are done")
      ->group(kafka_flags);
}

Result<kafka::DetectorOptions> detector_options(const Context& context) {
  const config::Settings& settings = context.settings;
  kafka::DetectorOptions options;
  Result<kafka::Connection> connection = kafka_connection(context);
  if (!connection) return std::unexpected(connection.error());
  options.connection = std::move(*connection);
  options.transactions_topic = settings.string("kafka.transactions_topic");
  options.alerts_topic = settings.string("kafka.alerts_topic");
  if (settings.string("kafka.write_processed") == "yes") {
    options.processed_topic = settings.string("kafka.processed_topic");
  }
  options.dead_letter_topic = dead_letter_topic(settings);
  options.group = settings.string("kafka.group");
  options.instance = settings.string("kafka.instance");
  options.state_dir = settings.string("kafka.state_dir");
  options.identity = unique_word();
  options.commit_interval_us = settings.duration_us("kafka.commit_interval");
  // The client and the committer have threads of their own.
  const std::int64_t threads = settings.integer("detect.threads");
  options.threads = threads > 0 ? static_cast<std::size_t>(threads) : std::max(1U, std::thread::hardware_concurrency());
  const Result<engine::Options> engine = engine_options(settings);
  if (!engine) return std::unexpected(engine.error());
  options.engine = *engine;
  Result<file::SourceOptions> input = input_options(settings);
  if (!input) return std::unexpected(input.error());
  options.names = std::move(input->names);
  options.stop = &context.stop_requested;
  return options;
}

kafka::DetectorOutcome run_detector(const kafka::DetectorOptions& options, const rules::RuleSet& rules,
                                    Context& context, DetectorPages* pages) {
  Teller teller(context);
  return kafka::run_detector(
      options, engine::Plan::compile(rules), context.clock,
      [&teller, pages](const kafka::DetectorStatus& status) {
        if (pages != nullptr) pages->update(status);
        teller.tell(status);
      },
      [&context](const std::string& notice) { context.terminal.warn(notice); });
}

Result<ExitCode> detect_on_kafka(Context& context, const KafkaDetectFlags& flags,
                                 std::optional<std::uint64_t> records_max, std::optional<model::Severity> fail_on) {
  if (Result<void> checked = check_flags(context); !checked) return std::unexpected(checked.error());
  Result<kafka::DetectorOptions> options = detector_options(context);
  if (!options) return std::unexpected(options.error());
  options->from_beginning = flags.from_beginning;
  options->until_end = flags.until_end;
  if (records_max) options->records_max = *records_max;
  const Result<rules::RuleSet> rules = rules::load_rules(context.settings.string("detect.rules"));
  if (!rules) return std::unexpected(rules.error());

  DetectorPages pages(*rules, context.build, context.clock);
  Result<std::unique_ptr<server::StatusServer>> server = serve(context, pages);
  if (!server) return std::unexpected(server.error());
  const kafka::DetectorOutcome outcome = run_detector(*options, *rules, context, &pages);
  server->reset();
  const bool begun = outcome.summary.records > 0 || outcome.status.replayed > 0;
  if (begun || !outcome.error) print_summary(context, *options, *rules, outcome);
  if (outcome.error) return std::unexpected(*outcome.error);
  if (fail_on && alert_at_or_above(*rules, outcome.summary, *fail_on)) return ExitCode::fail_on_met;
  return ExitCode::ok;
}

}  // namespace bank::cli
