// `bank detect`: transactions in, alerts out.
#include "cli/detect.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/commands.h"
#include "cli/detect_kafka.h"
#include "cli/detect_screen.h"
#include "cli/human.h"
#include "cli/input.h"
#include "cli/kafka.h"
#include "cli/table.h"
#include "rules/load.h"
#include "yaml/values.h"

namespace bank::cli {

namespace {

namespace fs = std::filesystem;

constexpr auto examples =
    "bank detect                                                # data/sample_transactions.json → "
    "data/fraud_alerts.json\n"
    "bank detect --file a.jsonl.gz b.csv 'more/*.json'          # several files: JSON or CSV; plain, gzip or zstd\n"
    "bank detect --rules config/rules/seed.yaml --output -      # other rules; alerts to stdout\n"
    "bank generate --stream --output - | bank detect --file -   # as it comes\n"
    "bank detect --processed data/processed.json                # every transaction with its risk and decision too\n"
    "bank detect --file cards.csv --map account_number=cc_num,amount=amt   # other people's columns\n"
    "bank detect --fail-on HIGH                                 # exit code 3 if an alert is HIGH or CRITICAL\n"
    "bank detect --kafka                                        # topic banking-transactions → topic fraud-alerts\n"
    "bank detect --kafka --from-beginning --until-end           # all that is there, then the summary";

struct Flags {
  std::optional<std::uint64_t> records_max;
  std::string fail_on;
  bool kafka = false;
  KafkaDetectFlags of_kafka;
};

// Dead letters stand beside the alerts, also where those go to a folder that a flag names.
std::string rejected_path(const config::Settings& settings) {
  const std::string& rejected = settings.string("detect.rejected");
  const std::string& output = settings.string("detect.output");
  // Asked by value: a configuration file that spells the default out has set nothing.
  const config::Settings defaults = config::Settings::defaults(settings.string("data_dir"));
  if (rejected != defaults.string("detect.rejected")) return rejected;
  if (output == defaults.string("detect.output") || output == "-") return rejected;
  std::error_code error;
  const fs::file_status status = fs::status(output, error);
  if (fs::exists(status) && !fs::is_regular_file(status)) return rejected;  // a device has no folder of its own
  return (fs::path(output).parent_path() / fs::path(rejected).filename()).string();
}

// An output that takes the place of something that is read is a slip, not a wish.
Result<void> check_outputs(const std::vector<std::string>& inputs, const DetectOptions& options,
                           const std::optional<std::string>& configuration) {
  std::vector<std::pair<std::string, std::string_view>> read;
  for (const std::string& input : inputs) read.emplace_back(input, "an input");
  read.emplace_back(options.rules, "the rules file");
  if (configuration) read.emplace_back(*configuration, "the configuration file");
  for (const std::string* output : {&options.outputs.alerts, &options.outputs.processed, &options.outputs.rejected}) {
    for (const auto& [path, what] : read) {
      std::error_code error;
      if (fs::is_regular_file(*output, error) && fs::equivalent(path, *output, error)) {
        return fail_config(
            fmt::format("{} is {}, and would be replaced by an output; name another file", *output, what));
      }
    }
  }
  return {};
}

// CLI11's own check tells the range in three hundred digits.
std::string check_records_max(const std::string& text) {
  if (yaml::parse_integer(text, 1, std::numeric_limits<std::int64_t>::max())) return {};
  return fmt::format("'{}' will not do; write a whole number above 0", text);
}

void show_progress(Progress& progress, const pipeline::Progress& so_far, const file::ReadProgress& read) {
  if (!progress.due()) return;
  const double seconds = static_cast<double>(so_far.elapsed_ns) / 1e9;
  std::string line = fmt::format("{}, {}, {}", counted(so_far.records, "transaction"),
                                 human_rate(static_cast<double>(so_far.records) / std::max(seconds, 1e-3)),
                                 counted(so_far.alerts, "alert"));
  if (read.bytes_total > 0) {
    const double part =
        static_cast<double>(read.bytes.load(std::memory_order_relaxed)) / static_cast<double>(read.bytes_total);
    line = fmt::format("{} read, {}", human_percent(part, 0), line);
  }
  progress.update(line);
}

bool writes_files(const file::SinkPaths& outputs) {
  const auto is_file = [](const std::string& path) { return !path.empty() && path != "-"; };
  return is_file(outputs.alerts) || is_file(outputs.processed) || is_file(outputs.rejected);
}

// A file of another kind looks like one without fraud: that must not go unnoticed.
void warn_of_nothing_judged(Terminal& terminal, const pipeline::Summary& summary) {
  if (summary.judged > 0 || summary.rejected == 0) return;
  terminal.warn(fmt::format("no record is a valid transaction; rejected: {}", rejected_text(summary)));
}

void print_summary(Terminal& terminal, const Detection& detection, const DetectOptions& options) {
  if (terminal.quiet()) return;
  const pipeline::Summary& summary = detection.outcome.summary;
  const double seconds = static_cast<double>(summary.elapsed_ns) / 1e9;
  if (detection.outcome.stopped) terminal.note("Stopped: what was read until then is judged, and written whole.");
  terminal.note(fmt::format("{} ({}) in {} ({})", counted(summary.records, "record"), bytes_text(summary.bytes),
                            human_seconds(seconds),
                            human_rate(static_cast<double>(summary.records) / std::max(seconds, 1e-9))));
  Table facts = facts_of(summary);
  facts.print(terminal.err());
  print_alerts_by_rule(terminal.err(), detection.rules, summary);
  if (!detection.outcome.committed) {
    if (writes_files(options.outputs)) terminal.note("No file was written: this is not the whole of the input.");
    return;
  }
  Table files({{""}, {""}});
  const auto add_file = [&files](std::string_view what, const std::string& path) {
    if (!path.empty()) files.add({what, path == "-" ? "stdout" : path});
  };
  add_file("Alerts in", options.outputs.alerts);
  add_file("Processed in", options.outputs.processed);
  add_file("Rejected in", options.outputs.rejected);
  files.print(terminal.err());
}

Result<ExitCode> detect(Context& context, const Flags& flags) {
  const std::optional<model::Severity> severity = severity_named(flags.fail_on);
  if (flags.kafka) return detect_on_kafka(context, flags.of_kafka, flags.records_max, severity);
  Result<DetectOptions> options = detect_options(context);
  if (!options) return std::unexpected(options.error());
  if (flags.records_max) options->records_max = *flags.records_max;

  const Result<Detection> detection = run_detect(*options, context);
  if (!detection) return std::unexpected(detection.error());
  if (detection->reader_gone) return ExitCode::reader_gone;
  print_summary(context.terminal, *detection, *options);
  warn_of_nothing_judged(context.terminal, detection->outcome.summary);
  if (detection->outcome.error) return std::unexpected(*detection->outcome.error);
  if (severity && alert_at_or_above(detection->rules, detection->outcome.summary, *severity))
    return ExitCode::fail_on_met;
  return ExitCode::ok;
}

}  // namespace

Result<engine::Options> engine_options(const config::Settings& settings) {
  engine::Options options;
  options.lateness_us = settings.duration_us("detect.lateness");
  options.thresholds = {.review = static_cast<int>(settings.integer("decision.review_threshold")),
                        .block = static_cast<int>(settings.integer("decision.block_threshold"))};
  if (options.thresholds.review <= options.thresholds.block) return options;
  return fail_config(fmt::format("the review threshold ({}) is above the block threshold ({}); it must not be",
                                 options.thresholds.review, options.thresholds.block));
}

Result<DetectOptions> detect_options(const Context& context) {
  const config::Settings& settings = context.settings;
  DetectOptions options;
  options.inputs = settings.list("detect.input");
  options.rules = settings.string("detect.rules");
  options.outputs = {.alerts = settings.string("detect.output"),
                     .processed = settings.string("detect.processed"),
                     .rejected = rejected_path(settings)};

  Result<file::SourceOptions> source = input_options(settings);
  if (!source) return std::unexpected(source.error());
  options.source = std::move(*source);
  if (settings.string("detect.order") == "event-time") options.source.order = file::Order::event_time;
  options.source.stop = &context.stop_requested;

  const std::int64_t threads = settings.integer("detect.threads");
  options.threads = threads > 0 ? static_cast<std::size_t>(threads) : std::max(1U, std::thread::hardware_concurrency());
  const Result<engine::Options> engine = engine_options(settings);
  if (!engine) return std::unexpected(engine.error());
  options.engine = *engine;
  return options;
}

Result<Detection> run_detect(const DetectOptions& options, Context& context) {
  Result<rules::RuleSet> rules = rules::load_rules(options.rules);
  if (!rules) return std::unexpected(rules.error());
  Detection detection{.rules = std::move(*rules), .outcome = {}};

  const Result<std::vector<std::string>> inputs = file::expand_globs(options.inputs);
  if (!inputs) return std::unexpected(inputs.error());
  if (Result<void> checked = check_outputs(*inputs, options, context.settings.file()); !checked)
    return std::unexpected(checked.error());
  file::ReadProgress read;
  Result<std::unique_ptr<pipeline::Source>> source = file::make_file_source(*inputs, options.source, &read);
  if (!source) return std::unexpected(source.error());
  Result<std::unique_ptr<file::FileSink>> sink = file::FileSink::open(options.outputs);
  if (!sink) return std::unexpected(sink.error());

  Progress progress(context.terminal, context.clock);
  detection.outcome =
      pipeline::run(**source, **sink, engine::Plan::compile(detection.rules),
                    {.threads = options.threads,
                     .records_max = options.records_max,
                     .processed = !options.outputs.processed.empty(),
                     .names = options.source.names,
                     .engine = options.engine,
                     .stop = &context.stop_requested,
                     .on_progress = [&](const pipeline::Progress& so_far) { show_progress(progress, so_far, read); }},
                    context.clock);
  detection.reader_gone = (*sink)->reader_gone();
  return detection;
}

void add_detect(CLI::App& app, Context& context) {
  const auto flags = std::make_shared<Flags>();
  CLI::App& command = add_command(app, "detect", "Judge transactions by the rules; write alerts.", examples);
  bind_flag(command, context, "-f,--file", "detect.input");
  bind_flag(command, context, "--format", "detect.format");
  bind_flag(command, context, "--map", "detect.map");
  bind_flag(command, context, "-r,--rules", "detect.rules");
  bind_flag(command, context, "-o,--output", "detect.output");
  bind_flag(command, context, "--processed", "detect.processed");
  bind_flag(command, context, "--rejected", "detect.rejected");
  bind_flag(command, context, "--order", "detect.order");
  bind_flag(command, context, "--lateness", "detect.lateness");
  bind_flag(command, context, "-t,--threads", "detect.threads");
  bind_flag(command, context, "--review", "decision.review_threshold");
  bind_flag(command, context, "--block", "decision.block_threshold");
  command.add_option("--max", flags->records_max, "Read no more than this many records")
      ->type_name("N")
      ->check(check_records_max);
  command.add_option("--fail-on", flags->fail_on, "Exit with 3 if there is an alert of this severity or above")
      ->type_name("SEVERITY")
      ->check(CLI::IsMember({"LOW", "MEDIUM", "HIGH", "CRITICAL"}));
  command.add_flag("--kafka", flags->kafka, "Read from and write to Kafka instead of files")->group(kafka_flags);
  add_kafka_detect_flags(command, context, flags->of_kafka);
  on_run(command, context, [&context, flags] { return detect(context, *flags); });
}

}  // namespace bank::cli
