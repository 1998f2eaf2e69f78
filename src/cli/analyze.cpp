// `bank analyze`: what is in the transactions, and in the alerts about them.
#include "cli/analyze.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <thread>

#include <CLI/CLI.hpp>

#include "adapters/file/file_sink.h"
#include "cli/accumulate.h"
#include "cli/analyze_kafka.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/human.h"
#include "cli/input.h"

namespace bank::cli {
namespace {

constexpr auto examples =
    "bank analyze                                         # the sample and its alerts; the report goes to data/\n"
    "bank analyze --file mine.csv --map account_number=cc_num,amount=amt\n"
    "bank analyze --file 'day-*.json.gz' --alerts alerts.json --html week.html --json week.json\n"
    "bank analyze --file - --alerts '' --html '' --json - # from a pipe into a pipe\n"
    "bank analyze --kafka --every 10s                     # the last hour and day, to the topic analytics-results";

bool missing(const std::string& path) {
  std::error_code error;
  return path != "-" && !std::filesystem::exists(path, error) && !error;
}

Result<std::optional<ReadAlerts>> alerts_of(const AnalyzeOptions& options, Context& context, const Reading& reading) {
  if (options.alerts.empty()) return std::nullopt;
  if (!options.alerts_required && missing(options.alerts)) {
    context.terminal.note(
        fmt::format("No alerts: {} does not exist (`bank detect` makes it). The report is of the transactions only.",
                    visible(options.alerts)));
    return std::nullopt;
  }
  auto alerts = read_alerts(options.alerts, options.thresholds, reading);
  if (!alerts) return std::unexpected(alerts.error());
  if (alerts->rejected != 0 && alerts->accumulator.total() == 0) {
    return fail(fmt::format("{}: holds no alerts, such as `bank detect` writes; its first record: {}", options.alerts,
                            alerts->first_rejected));
  }
  if (alerts->rejected != 0) {
    context.terminal.warn(fmt::format("{}: {} record{} left out that {} no alert; the first: {}",
                                      visible(options.alerts), with_commas(static_cast<std::int64_t>(alerts->rejected)),
                                      alerts->rejected == 1 ? "" : "s", alerts->rejected == 1 ? "is" : "are",
                                      visible(alerts->first_rejected)));
  }
  return std::optional(std::move(*alerts));
}

/// Both, or neither.
Result<void> write_reports(const AnalyzeOptions& options, const analytics::Report& report) {
  std::vector<file::OutputFile> files;
  for (const auto& [path, text] :
       {std::pair(options.json, &analytics::to_json), std::pair(options.html, &analytics::to_html)}) {
    if (path.empty()) continue;
    auto file = file::OutputFile::create(path);
    if (!file) return std::unexpected(file.error());
    if (auto written = file->write(text(report)); !written) return written;
    if (auto synced = file->sync(); !synced) return synced;
    files.push_back(std::move(*file));
  }
  for (file::OutputFile& file : files) {
    if (auto published = file.publish(); !published) return published;
  }
  return {};
}

Result<ExitCode> analyze(Context& context) {
  const Result<AnalyzeOptions> made = analyze_options(context);
  if (!made) return std::unexpected(made.error());
  const AnalyzeOptions& options = *made;
  const auto analysis = run_analyze(options, context);
  if (!analysis) return std::unexpected(analysis.error());
  Terminal& terminal = context.terminal;
  if (analysis->stopped) {
    terminal.note("Stopped before the end of the input; no report was written.");
    return ExitCode::ok;
  }
  if (terminal.quiet()) return ExitCode::ok;
  print_report(terminal.err(), analysis->report);
  const auto records = static_cast<double>(analysis->report.total.count + analysis->report.rejected);
  terminal.note(fmt::format("\n{} in {} ({})", human_bytes(static_cast<std::int64_t>(analysis->bytes)),
                            human_seconds(analysis->seconds), human_rate(records / std::max(analysis->seconds, 1e-9))));
  for (const std::string& path : {options.html, options.json}) {
    if (!path.empty() && path != "-") terminal.note(fmt::format("Written to {}", visible(path)));
  }
  return ExitCode::ok;
}

}  // namespace

Result<AnalyzeOptions> analyze_options(const Context& context) {
  const config::Settings& settings = context.settings;
  AnalyzeOptions options;
  options.inputs = settings.list("analyze.input");
  options.alerts = settings.string("analyze.alerts");
  options.alerts_required = settings.is_set("analyze.alerts") && settings.origin("analyze.alerts").starts_with("--");
  options.json = settings.string("analyze.json");
  options.html = settings.string("analyze.html");
  Result<file::SourceOptions> source = input_options(settings);
  if (!source) return std::unexpected(source.error());
  options.source = std::move(*source);
  options.top = static_cast<std::size_t>(settings.integer("analyze.top"));
  const auto threads = static_cast<std::size_t>(settings.integer("detect.threads"));
  options.threads = threads != 0 ? threads : std::max<std::size_t>(1, std::thread::hardware_concurrency());
  options.thresholds = {.review = static_cast<int>(settings.integer("decision.review_threshold")),
                        .block = static_cast<int>(settings.integer("decision.block_threshold"))};
  return options;
}

Result<Analysis> run_analyze(const AnalyzeOptions& options, Context& context) {
  if (!options.json.empty() && options.json == options.html) {
    return fail_config(fmt::format("--json and --html both name '{}'; give each a file of its own", options.json));
  }
  const std::int64_t begin_ns = context.clock.monotonic_ns();
  const Reading reading{.terminal = context.terminal, .clock = context.clock, .stop_requested = context.stop_requested};
  const analytics::Limits limits;
  auto transactions = options.stream != nullptr
                          ? read_transactions(*options.stream, options.source.names, options.threads, limits, reading)
                          : read_transactions(options.inputs, options.source, options.threads, limits, reading);
  if (!transactions) return std::unexpected(transactions.error());
  auto alerts = alerts_of(options, context, reading);
  if (!alerts) return std::unexpected(alerts.error());

  Analysis analysis;
  analysis.report = analytics::make_report(transactions->accumulator, *alerts ? &(*alerts)->accumulator : nullptr,
                                           {.generator = "bank",
                                            .generated_at_us = context.clock.wall_us(),
                                            .inputs = options.inputs,
                                            .alerts_input = *alerts ? options.alerts : "",
                                            .top = options.top,
                                            .resends = options.resends});
  analysis.bytes = transactions->bytes;
  analysis.stopped = context.stop_requested.load();
  if (!analysis.stopped) {
    if (auto written = write_reports(options, analysis.report); !written) return std::unexpected(written.error());
  }
  analysis.seconds = static_cast<double>(context.clock.monotonic_ns() - begin_ns) / 1e9;
  if (analysis.report.alerts && analysis.report.alerts->foreign) {
    context.terminal.warn(
        fmt::format("the alerts in {} do not fit these transactions: they lie outside their period, or are of more "
                    "transactions than there are; were they made from other data?",
                    visible(options.alerts)));
  }
  return analysis;
}

void add_analyze(CLI::App& app, Context& context) {
  const auto kafka = std::make_shared<KafkaAnalyzeFlags>();
  CLI::App& command =
      add_command(app, "analyze", "Report on transactions and alerts: a page to look at, and JSON.", examples);
  bind_flag(command, context, "-f,--file", "analyze.input");
  bind_flag(command, context, "--alerts", "analyze.alerts");
  bind_flag(command, context, "--json", "analyze.json");
  bind_flag(command, context, "--html", "analyze.html");
  bind_flag(command, context, "--top", "analyze.top");
  bind_flag(command, context, "--format", "detect.format");
  bind_flag(command, context, "--map", "detect.map");
  bind_flag(command, context, "--threads", "detect.threads");
  add_kafka_analyze_flags(command, context, *kafka);
  on_run(command, context,
         [&context, kafka] { return kafka->kafka ? analyze_on_kafka(context, *kafka) : analyze(context); });
}

}  // namespace bank::cli
