// `bank monitor`: is the machine well, is the data there?
#include "cli/monitor.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/commands.h"
#include "cli/kafka.h"
#include "cli/kafka_health.h"
#include "cli/table.h"
#include "codec/alert_decode.h"
#include "codec/decode.h"
#include "monitor/data_files.h"
#include "monitor/host.h"
#include "monitor/words.h"

namespace bank::cli {
namespace {

constexpr auto examples =
    "bank monitor                           # one look; exit code 1 if anything is critical\n"
    "bank monitor --watch                   # again and again, until Ctrl-C\n"
    "bank monitor --watch 60 >> health.log  # a line a minute\n"
    "bank monitor --json | jq .status       # for a program\n"
    "bank monitor --fail-on-warning -q      # exit code 3 for a warning, too\n"
    "bank monitor --kafka                   # brokers, topics and lag as well";

struct Flags {
  bool json = false;
  bool watch = false;
  std::string watch_s;
  bool fail_on_warning = false;
  bool kafka = false;
};

monitor::Thresholds thresholds_of(const config::Settings& settings, const std::string& what) {
  return {settings.decimal("monitor." + what + "_warn"), settings.decimal("monitor." + what + "_critical")};
}

/// When a record of one of the program's own files is from: an alert's detection, a transaction's event.
std::optional<std::int64_t> record_time_us(std::string_view record) {
  codec::TextArena arena;
  if (const auto alert = codec::decode_alert(record, arena)) return alert->detected_at_us;
  const std::string padded = std::string(record) + std::string(64, '\0');
  codec::JsonDecoder decoder{codec::FieldNames()};
  const auto transaction = decoder.decode_plain(std::string_view(padded).substr(0, record.size()), arena);
  if (transaction) return transaction->time.us();
  return std::nullopt;
}

Result<std::int64_t> interval_us(const Context& context, const Flags& flags) {
  if (flags.watch_s.empty()) return context.settings.duration_us("monitor.interval");
  double seconds = 0;
  if (!CLI::detail::lexical_cast(flags.watch_s, seconds) || !(seconds >= 0.1 && seconds <= 86'400)) {
    return fail_config(fmt::format("--watch: '{}' is not a number of seconds from 0.1 to 86400", flags.watch_s));
  }
  return static_cast<std::int64_t>(seconds * 1e6);
}

/// False if it was asked to stop.
bool wait_until(std::int64_t deadline_ns, const Context& context) {
  constexpr std::int64_t slice_ns = 100'000'000;
  while (!context.stop_requested.load() && context.clock.monotonic_ns() < deadline_ns) {
    context.clock.sleep_until_ns(std::min(deadline_ns, context.clock.monotonic_ns() + slice_ns));
  }
  return !context.stop_requested.load();
}

void show(Context& context, const Flags& flags, const monitor::Health& health) {
  Stream& out = context.terminal.out();
  if (flags.json) {
    out.write(to_json(health, flags.watch ? 0 : 2));
  } else if (flags.watch && !out.is_terminal()) {
    print_health_line(out, health);
  } else if (!context.terminal.quiet() || flags.watch) {
    // Home, and clear what is below: without the flicker of an empty screen.
    if (flags.watch) out.write("\x1b[H\x1b[J");
    print_health(out, health);
    if (flags.watch) out.write("\nCtrl-C ends this.\n");
  }
  out.flush();
}

ExitCode exit_code_of(monitor::Status status, const Flags& flags) {
  if (status == monitor::Status::critical) return ExitCode::failed;
  return status == monitor::Status::warning && flags.fail_on_warning ? ExitCode::fail_on_met : ExitCode::ok;
}

Result<ExitCode> watch(Context& context, const Flags& flags) {
  const auto interval = interval_us(context, flags);
  if (!interval) return std::unexpected(interval.error());
  auto providers = health_providers(context);
  if (flags.kafka || kafka_configured(context.settings)) {
    auto provider = kafka_provider(context);
    if (!provider) return std::unexpected(provider.error());
    providers.push_back(std::move(*provider));
  }
  for (std::int64_t next_ns = context.clock.monotonic_ns();;) {
    const monitor::Health health = monitor::look(providers, context.clock.wall_us());
    show(context, flags, health);
    next_ns = std::max(next_ns + *interval * 1000, context.clock.monotonic_ns());
    const bool reader_gone = context.terminal.out().write_error() != 0;
    if (!flags.watch || reader_gone || !wait_until(next_ns, context)) return exit_code_of(health.overall(), flags);
  }
}

}  // namespace

std::unique_ptr<monitor::CheckProvider> host_provider(Context& context) {
  const config::Settings& settings = context.settings;
  monitor::HostOptions host;
  host.data_dir = settings.string("data_dir");
  host.cpu_percent = thresholds_of(settings, "cpu_percent");
  host.memory_percent = thresholds_of(settings, "memory_percent");
  host.disk_percent = thresholds_of(settings, "disk_percent");
  host.load_per_core = thresholds_of(settings, "load_per_core");
  host.open_files_percent = thresholds_of(settings, "open_files_percent");
  return std::make_unique<monitor::HostProvider>(std::move(host), context.clock);
}

std::vector<std::unique_ptr<monitor::CheckProvider>> health_providers(Context& context) {
  const config::Settings& settings = context.settings;
  std::vector<std::unique_ptr<monitor::CheckProvider>> providers;
  providers.push_back(host_provider(context));
  providers.push_back(std::make_unique<monitor::DataFilesProvider>(
      monitor::DataFilesOptions{.files = settings.list("monitor.files"),
                                .max_age_us = settings.duration_us("monitor.data_max_age"),
                                .record_time = record_time_us},
      context.clock));
  return providers;
}

void print_health(Stream& out, const monitor::Health& health) {
  const auto overall = to_string(health.overall());
  out.write(fmt::format("{}  {}\n\n", out.paint_word(overall), out.paint(Style::dim, monitor::utc_text(health.at_us))));
  Table table({{"STATUS"}, {"CHECK"}, {"FINDING"}}, 0);
  for (const monitor::Check& check : health.checks) {
    const std::string_view status = to_string(check.status);
    table.add({Table::Cell(status, style_of(status)), check.name, check.text});
  }
  table.print(out);
}

void print_health_line(Stream& out, const monitor::Health& health) {
  std::string line = fmt::format("{} {}", monitor::utc_text(health.at_us), to_string(health.overall()));
  std::string_view separator = ": ";
  for (const monitor::Check& check : health.checks) {
    if (check.status == monitor::Status::ok) continue;
    line += fmt::format("{}{} {} {}", separator, to_string(check.status), visible(check.name), visible(check.text));
    separator = "; ";
  }
  out.write(line + "\n");
}

void add_monitor(CLI::App& app, Context& context) {
  const auto flags = std::make_shared<Flags>();
  CLI::App& command = add_command(app, "monitor",
                                  "Look at the health of the machine, of the data files, and of Kafka. Exit code 0: "
                                  "OK, UNKNOWN or WARNING; 1: CRITICAL.",
                                  examples);
  command.add_flag("--json", flags->json, "One JSON object a look; with --watch one a line");
  CLI::Option* watch_option = command.add_option("--watch", flags->watch_s,
                                                 "Look again every so many seconds, until Ctrl-C [monitor.interval]");
  watch_option->expected(0, 1)->type_name("[SECONDS]");
  command.add_flag("--fail-on-warning", flags->fail_on_warning, "Exit with 3 if the overall status is WARNING");
  command.add_flag("--kafka", flags->kafka,
                   "Look at Kafka, too: brokers, topics, and how far the detectors are behind [if an address is set]");
  add_kafka_flags(command, context);
  on_run(command, context, [&context, flags, watch_option] {
    flags->watch = watch_option->count() > 0;
    return watch(context, *flags);
  });
}

}  // namespace bank::cli
