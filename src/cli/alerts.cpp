// `bank alerts`: what the detector has found, for people, from a file or as it comes out of Kafka.
#include <fmt/format.h>

#include <memory>
#include <optional>

#include <CLI/CLI.hpp>

#include "adapters/file/file_source.h"
#include "adapters/kafka/topic_source.h"
#include "cli/alert_rows.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/detect_screen.h"
#include "cli/human.h"
#include "cli/kafka.h"
#include "cli/table.h"
#include "codec/alert_decode.h"
#include "pipeline/ports.h"

namespace bank::cli {
namespace {

constexpr auto examples =
    "bank alerts                                  # those in data/fraud_alerts.json\n"
    "bank alerts --severity HIGH --file my.json   # HIGH and CRITICAL ones of another file\n"
    "bank alerts --kafka                          # all that stand in the topic fraud-alerts\n"
    "bank alerts --kafka --follow                 # new ones, as they come, until Ctrl-C\n"
    "bank alerts --kafka --follow --format json   # the same for programs: one JSON object a line";

struct Flags {
  std::string file;
  bool kafka = false;
  bool follow = false;
  bool from_beginning = false;
  std::string severity;
  std::string format = "table";
  std::optional<std::uint64_t> alerts_max;
};

Result<std::unique_ptr<pipeline::Source>> open_source(const Context& context, const Flags& flags) {
  if (!flags.kafka) {
    if (flags.follow || flags.from_beginning) {
      return fail_config(fmt::format("{} is for --kafka: a file is read as it stands",
                                     flags.follow ? "--follow" : "--from-beginning"));
    }
    const std::string path = flags.file.empty() ? context.settings.string("detect.output") : flags.file;
    return file::make_file_source({path}, {.layout = file::Layout::json_lines,
                                           .names = {},
                                           .order = file::Order::arrival,
                                           .stop = &context.stop_requested});
  }
  if (!flags.file.empty()) return fail_config("--file and --kafka: alerts come from one of them; leave the other out");
  Result<kafka::Connection> connection = kafka_connection(context);
  if (!connection) return std::unexpected(connection.error());
  return kafka::open_topic({.connection = std::move(*connection),
                            .topic = context.settings.string("kafka.alerts_topic"),
                            .from_beginning = !flags.follow || flags.from_beginning,
                            .from = {},
                            .follow = flags.follow,
                            .stop = &context.stop_requested});
}

/// What has come so far.
struct Shown {
  std::uint64_t shown = 0;
  std::uint64_t passed_over = 0;  ///< Below the severity asked for.
  std::uint64_t no_alerts = 0;
};

// Whether to go on.
bool show(const pipeline::RawRecord& record, const Flags& flags, Stream& out, codec::TextArena& arena, Shown& shown) {
  const auto alert = codec::decode_alert(record.bytes, arena);
  if (!alert) {
    ++shown.no_alerts;
    return true;
  }
  const std::optional<model::Severity> least = severity_named(flags.severity);
  if (least && alert->severity < *least) {
    ++shown.passed_over;
    return true;
  }
  if (flags.format == "json") {
    out.write(record.bytes);
    out.write("\n");
  } else {
    print_alert_row(out, *alert);
  }
  ++shown.shown;
  return !flags.alerts_max || shown.shown < *flags.alerts_max;
}

Result<ExitCode> alerts(Context& context, const Flags& flags) {
  const Result<std::unique_ptr<pipeline::Source>> source = open_source(context, flags);
  if (!source) return std::unexpected(source.error());
  Stream& out = context.terminal.out();
  if (flags.format == "table") print_alert_heading(out);
  if (flags.follow) context.terminal.note("Waiting for alerts; Ctrl-C ends it.");
  Shown shown;
  codec::TextArena arena;
  std::vector<pipeline::RawRecord> records;
  bool more = true;
  while (more && !context.stop_requested && out.write_error() == 0) {
    const Result<std::unique_ptr<pipeline::RawBatch>> batch = (*source)->next();
    if (!batch) return std::unexpected(batch.error());
    if (*batch == nullptr) break;
    records.clear();
    (*batch)->split(records);
    for (const pipeline::RawRecord& record : records) {
      more = more && show(record, flags, out, arena, shown);
    }
    arena.clear();
    out.flush();
  }
  if (out.reader_gone()) return ExitCode::reader_gone;
  if (shown.no_alerts > 0) {
    context.terminal.warn(fmt::format("{} that {} no alert left out", counted(shown.no_alerts, "record"),
                                      shown.no_alerts == 1 ? "is" : "are"));
  }
  std::string end = counted(shown.shown, "alert");
  if (shown.passed_over > 0) end += fmt::format("; {} below {}", count_text(shown.passed_over), flags.severity);
  context.terminal.note(end + ".");
  return ExitCode::ok;
}

}  // namespace

void add_alerts(CLI::App& app, Context& context) {
  const auto flags = std::make_shared<Flags>();
  CLI::App& command = add_command(app, "alerts", "Show alerts, stored ones or as they come.", examples);
  command.add_option("-f,--file", flags->file, "The alerts' file [detect.output]")->type_name("FILE");
  command.add_option("--severity", flags->severity, "Only those of this severity or above")
      ->type_name("SEVERITY")
      ->check(CLI::IsMember({"LOW", "MEDIUM", "HIGH", "CRITICAL"}));
  command.add_option("--format", flags->format, "table, for people, or json: the alerts as they are [table]")
      ->type_name("table|json")
      ->check(CLI::IsMember({"table", "json"}));
  command.add_option("--max", flags->alerts_max, "End after this many")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{INT64_MAX}));
  command.add_flag("--kafka", flags->kafka, "Read the topic of the alerts (kafka.alerts_topic)")->group(kafka_flags);
  command.add_flag("--follow", flags->follow, "Show new ones as they come")->group(kafka_flags);
  command.add_flag("--from-beginning", flags->from_beginning, "With --follow: those that are there first")
      ->group(kafka_flags);
  add_kafka_flags(command, context);
  on_run(command, context, [&context, flags] { return alerts(context, *flags); });
}

}  // namespace bank::cli
