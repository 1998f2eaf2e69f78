// `bank spark`: the same engine on an Apache Spark, over a topic or over files.
#include <fmt/format.h>

#include <limits>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>

#include "cli/alert_rows.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/detect_screen.h"
#include "cli/human.h"
#include "cli/kafka.h"
#include "cli/spark_job.h"
#include "cli/spark_screen.h"
#include "cli/spark_settings.h"
#include "cli/table.h"
#include "codec/alert_decode.h"
#include "rules/load.h"

namespace bank::cli {
namespace {

constexpr auto examples =
    "bank spark --stream --console                   # topic banking-transactions → Spark → this terminal\n"
    "bank spark --stream --kafka                     # → topic fraud-alerts, exactly once; Ctrl-C ends it\n"
    "bank spark --stream --kafka --trigger available-now   # all that is there, then the summary\n"
    "bank spark --stream --kafka --master spark://127.0.0.1:7077 --trigger 5s   # on a cluster (make cluster-up)\n"
    "bank spark --batch                              # data/sample_transactions.json → alerts, report, tables\n"
    "bank spark --batch 'in/*.parquet' more.csv.gz --order event-time --output alerts.json\n"
    "bank spark --stream --kafka --executor-memory 4g --conf spark.ui.port=4050";

constexpr const char* spark_flags = "Spark";

struct Flags {
  bool stream = false;
  bool console = false;
  bool kafka = false;
  bool batch = false;
  bool from_latest = false;
  std::string format = "table";
  std::optional<std::uint64_t> records_max;
};

void print_alert(Stream& out, const std::string& json, const Flags& flags) {
  if (flags.format == "json") {
    out.write(json + "\n");
    out.flush();
    return;
  }
  codec::TextArena arena;
  if (const auto alert = codec::decode_alert(json, arena)) print_alert_row(out, *alert);
  out.flush();
}

/// Starts the job, shows what it tells, and gives its last event.
class Follower {
 public:
  Follower(Context& context, const Flags& flags) : context_(context), flags_(flags) {}

  Result<SparkEvent> run(const std::string& settings) {
    context_.terminal.show_status("Starting Spark…");
    const auto job = SparkJob::start(context_, settings, flags_.stream);
    if (!job) return std::unexpected(job.error());
    while (!(*job)->over()) {
      const auto event = (*job)->next();
      if (event) show(*event);
      if ((*job)->stopped() && !told_of_stop_) {
        told_of_stop_ = true;
        context_.terminal.note(flags_.batch ? "Stopping…" : "Stopping after the batch in work…");
      }
      if (context_.terminal.out().reader_gone()) (*job)->stop();
    }
    context_.terminal.erase_status();
    stopped_ = (*job)->stopped();
    return (*job)->finish();
  }
  [[nodiscard]] bool stopped() const { return stopped_; }

 private:
  void show(const SparkEvent& event) {
    Terminal& terminal = context_.terminal;
    if (event.name() == "started") {
      terminal.note(started_line(event));
      if (flags_.console && flags_.format == "table") print_alert_heading(terminal.out());
      if (flags_.console) terminal.out().flush();
      if (!flags_.batch) terminal.show_status("Waiting for the first batch…");
    } else if (event.name() == "batch") {
      terminal.note(batch_line(event));
    } else if (event.name() == "retrying") {
      terminal.warn(fmt::format("{}; trying again", event.text("message")));
    } else if (event.name() == "alert") {
      terminal.erase_status();
      print_alert(terminal.out(), event.text("alert"), flags_);
    } else if (event.name() == "table") {
      terminal.erase_status();
      print_spark_table(terminal.out(), event);
    }
  }

  Context& context_;
  const Flags& flags_;
  bool told_of_stop_ = false;
  bool stopped_ = false;
};

void print_summary(Context& context, const Flags& flags, const rules::RuleSet& rules, const SparkEvent& ended,
                   bool stopped) {
  Terminal& terminal = context.terminal;
  if (terminal.quiet()) return;
  const config::Settings& settings = context.settings;
  const pipeline::Summary summary = summary_of(ended, rules);
  if (stopped) terminal.note("Stopped: the batch in work was finished, and the checkpoint knows where to go on.");
  const double seconds = static_cast<double>(summary.elapsed_ns) / 1e9;
  terminal.note(fmt::format("{} in {} ({})", counted(summary.records, "record"), human_seconds(seconds),
                            human_rate(static_cast<double>(summary.records) / std::max(seconds, 1e-9))));
  facts_of(summary).print(terminal.err());
  print_alerts_by_rule(terminal.err(), rules, summary);
  Table places({{""}, {""}});
  const auto add = [&places](std::string_view what, const std::string& where) {
    if (!where.empty()) places.add({what, where});
  };
  if (flags.batch) {
    add("Alerts in", settings.string("detect.output"));
    add("Processed in", settings.string("detect.processed"));
    add("Rejected in", settings.string("detect.rejected"));
    add("Report in", settings.string("analyze.json"));
    add("Tables in", settings.string("spark.tables"));
  } else {
    add("Read from", settings.string("kafka.transactions_topic"));
    if (flags.kafka) add("Alerts in", settings.string("kafka.alerts_topic"));
    if (flags.kafka && settings.string("kafka.write_processed") == "yes")
      add("Processed in", settings.string("kafka.processed_topic"));
    if (flags.kafka) add("Rejected in", dead_letter_topic(settings));
    add("Checkpoint", settings.string("spark.checkpoint"));
  }
  add("Spark's log", settings.string("spark.log"));
  places.print(terminal.err());
}

Result<void> check_flags(const Context& context, const Flags& flags) {
  if (flags.stream == flags.batch) {
    return fail_config("say what to work on: --stream, the topic of the transactions, or --batch FILE…");
  }
  if (flags.stream && !flags.console && !flags.kafka) {
    return fail_config("say where the alerts go: --console, --kafka, or both");
  }
  if (flags.batch && (flags.console || flags.kafka)) {
    return fail_config(fmt::format("{} is for --stream; --batch writes its alerts to detect.output, see --output",
                                   flags.console ? "--console" : "--kafka"));
  }
  if (flags.batch && flags.records_max) return fail_config("--max is for --stream; --batch judges its files whole");
  if (flags.stream && context.settings.origin("detect.input") == "files") {
    return fail_config("--stream reads a topic, not files; `bank replay FILE --kafka` sends a file to it");
  }
  return {};
}

Result<ExitCode> spark(Context& context, const Flags& flags) {
  if (auto checked = check_flags(context, flags); !checked) return std::unexpected(checked.error());
  // A mistake in the rules is told at once, not when Spark has come up.
  const Result<rules::RuleSet> rules = rules::load_rules(context.settings.string("detect.rules"));
  if (!rules) return std::unexpected(rules.error());
  const Result<std::string> settings = flags.batch ? spark_batch_settings(context)
                                                   : spark_stream_settings(context, {.to_kafka = flags.kafka,
                                                                                     .to_console = flags.console,
                                                                                     .from_latest = flags.from_latest,
                                                                                     .records_max = flags.records_max,
                                                                                     .from_offsets = {},
                                                                                     .checkpoint = {}});
  if (!settings) return std::unexpected(settings.error());
  Follower follower(context, flags);
  const Result<SparkEvent> ended = follower.run(*settings);
  if (!ended) return std::unexpected(ended.error());
  print_summary(context, flags, *rules, *ended, follower.stopped());
  return context.terminal.out().reader_gone() ? ExitCode::reader_gone : ExitCode::ok;
}

void add_spark_flags(CLI::App& command, Context& context) {
  const auto add = [&](const char* flag, const char* key) {
    return bind_flag(command, context, flag, key)->group(spark_flags);
  };
  add("--master", "spark.master");
  add("--trigger", "spark.trigger");
  add("--checkpoint", "spark.checkpoint")->type_name("DIR");
  add("--sink", "spark.sink");
  add("--shards", "spark.shards");
  add("--max-per-batch", "spark.max_per_batch");
  add("--driver-memory", "spark.driver_memory");
  add("--executor-memory", "spark.executor_memory");
  add("--executor-cores", "spark.executor_cores");
  add("--tables", "spark.tables")->type_name("DIR");
  add("--log", "spark.log")->type_name("FILE");
  add("--conf", "spark.conf");
}

}  // namespace

void add_spark(CLI::App& app, Context& context) {
  const auto flags = std::make_shared<Flags>();
  CLI::App& command = add_command(app, "spark", "Judge a topic's transactions, or files, on Apache Spark.", examples);
  command.add_flag("--stream", flags->stream, "Judge the topic's transactions as they come (kafka.transactions_topic)");
  command.add_flag("--console", flags->console, "With --stream: alerts on stdout");
  command.add_flag("--kafka", flags->kafka, "With --stream: alerts into their topic (kafka.alerts_topic)");
  command.add_flag("--batch", flags->batch, "Judge files: JSON lines, a JSON array, CSV or Parquet, patterns, folders");
  bind_flag(command, context, "files", "detect.input")->type_name("FILE…");
  bind_flag(command, context, "-r,--rules", "detect.rules")->type_name("FILE");
  command
      .add_option("--max", flags->records_max, "End after this many records; a stream ends with the batch they are in")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{std::numeric_limits<std::int64_t>::max()}));
  command.add_flag("--from-latest", flags->from_latest,
                   "A new checkpoint begins with the next record to come, not with the first there is");
  command.add_option("--alert-format", flags->format, "Of --console: table, for people, or json [table]")
      ->type_name("table|json")
      ->check(CLI::IsMember({"table", "json"}));
  bind_flag(command, context, "--format", "detect.format");
  bind_flag(command, context, "--map", "detect.map");
  bind_flag(command, context, "--order", "detect.order");
  bind_flag(command, context, "--lateness", "detect.lateness");
  bind_flag(command, context, "-o,--output", "detect.output");
  bind_flag(command, context, "--processed", "detect.processed");
  bind_flag(command, context, "--rejected", "detect.rejected");
  bind_flag(command, context, "--review", "decision.review_threshold");
  bind_flag(command, context, "--block", "decision.block_threshold");
  add_spark_flags(command, context);
  bind_flag(command, context, "--write-processed", "kafka.write_processed")->group(kafka_flags);
  add_kafka_flags(command, context);
  on_run(command, context, [&context, flags] { return spark(context, *flags); });
}

}  // namespace bank::cli
