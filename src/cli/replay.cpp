// `bank replay`: existing files into the transactions topic.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <CLI/CLI.hpp>

#include "adapters/file/file_source.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/human.h"
#include "cli/input.h"
#include "cli/kafka_sending.h"
#include "cli/replay_records.h"

namespace bank::cli {

namespace {

namespace fs = std::filesystem;

constexpr auto examples =
    "bank replay --kafka                                  # data/sample_transactions.json, as fast as it goes\n"
    "bank replay old/*.json.gz new.csv --kafka            # several files: JSON or CSV; plain, gzip or zstd\n"
    "bank replay day.json --kafka --speed 60x             # an hour of event time a minute\n"
    "bank replay day.json --kafka --rate 500 --max 10000  # 500 a second, no more than 10,000\n"
    "bank replay cards.csv --kafka --map account_number=cc_num,amount=amt   # other people's columns\n"
    "bank replay data/undelivered_transactions.json --kafka   # what could not be delivered the last time\n"
    "zcat log.gz | bank replay - --kafka                  # from a pipe";

struct Flags {
  bool kafka = false;
  ReplayOptions replay;
};

std::string count_text(std::uint64_t number) { return with_commas(static_cast<std::int64_t>(number)); }

// `60x` or `60`; CLI11's validators return what is wrong.
std::string parse_speed(const std::string& text, std::optional<double>& speed) {
  const std::string_view number = text.ends_with('x') ? std::string_view(text).substr(0, text.size() - 1) : text;
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  constexpr double fastest = 1e9;
  if (error != std::errc{} || end != number.data() + number.size() || !(value > 0 && value <= fastest)) {
    return fmt::format("'{}' will not do; write how many times as fast as the event times, such as 60x or 0.5x", text);
  }
  speed = value;
  return {};
}

/// The spool as an input must not be the spool for what fails.
struct Spool {
  std::string path;                  ///< For what fails now.
  std::optional<std::string> input;  ///< The spool of earlier failures, where it is what is sent.
  std::uintmax_t input_bytes = 0;
};

bool same_file(const std::string& a, const std::string& b) {
  std::error_code error;
  return a != "-" && fs::equivalent(a, b, error) && !error;
}

Spool choose_spool(const std::vector<std::string>& inputs, const config::Settings& settings) {
  const std::string usual = spool_path(settings);
  const auto is_input = [&](const std::string& path) {
    return std::ranges::any_of(inputs, [&](const std::string& input) { return same_file(input, path); });
  };
  Spool spool{.path = usual, .input = {}, .input_bytes = 0};
  if (is_input(usual)) {
    std::error_code error;
    spool.input = usual;
    spool.input_bytes = fs::file_size(usual, error);
  }
  for (int number = 2; is_input(spool.path); ++number) {
    spool.path = fs::path(usual).replace_extension(fmt::format("{}.json", number)).string();
  }
  return spool;
}

void print_summary(Context& context, const Replayed& replayed, const KafkaSending& sending) {
  Terminal& terminal = context.terminal;
  if (terminal.quiet()) return;
  const std::uint64_t read = replayed.read - replayed.passed_over;
  terminal.note(fmt::format("{} ({}) in {} ({})", counted(read, "record"),
                            human_bytes(static_cast<std::int64_t>(replayed.bytes)), human_seconds(replayed.seconds),
                            human_rate(static_cast<double>(read) / std::max(replayed.seconds, 1e-9))));
  Table facts({{""}, {""}});
  sending.add_facts(facts);
  if (replayed.first) {
    std::string times;
    model::append_event_time(times, *replayed.first);
    times += " – ";
    model::append_event_time(times, *replayed.last);
    facts.add({"Event times", times});
  }
  if (!replayed.invalid.empty()) {
    std::uint64_t all = 0;
    std::string reasons;
    for (const auto& [reason, count] : replayed.invalid) {
      all += count;
      reasons += fmt::format("{}{} {}", reasons.empty() ? "" : ", ", model::to_string(reason), count_text(count));
    }
    facts.add({"Invalid",
               {fmt::format("{}, {}: {}", count_text(all),
                            replayed.invalid_skipped ? "skipped" : "sent as they are, without a key", reasons),
                Style::yellow}});
  }
  if (replayed.too_long > 0)
    facts.add({"Too long", {fmt::format("{}, not sent", count_text(replayed.too_long)), Style::yellow}});
  facts.print(terminal.err());
}

// Its lines are all in the topic now, and would only be sent once more the next time.
void remove_sent_spool(Context& context, const Spool& spool) {
  std::error_code error;
  if (fs::file_size(*spool.input, error) != spool.input_bytes || error) return;  // it has grown meanwhile
  if (fs::remove(*spool.input, error)) {
    context.terminal.note(fmt::format("{} is delivered, and removed.", *spool.input));
  } else {
    context.terminal.warn(fmt::format("{} is delivered, but cannot be removed: {}", *spool.input, error.message()));
  }
}

Result<ExitCode> replay(Context& context, const Flags& flags) {
  if (!flags.kafka) return fail_config("where to? --kafka sends to the transactions topic: add that");
  const config::Settings& settings = context.settings;
  const Result<std::vector<std::string>> inputs = file::expand_globs(settings.list("detect.input"));
  if (!inputs) return std::unexpected(inputs.error());
  Result<file::SourceOptions> source_options = input_options(settings);
  if (!source_options) return std::unexpected(source_options.error());
  if (settings.string("detect.order") == "event-time") source_options->order = file::Order::event_time;
  source_options->stop = &context.stop_requested;
  file::ReadProgress read;
  Result<std::unique_ptr<pipeline::Source>> source = file::make_file_source(*inputs, *source_options, &read);
  if (!source) return std::unexpected(source.error());

  const Spool spool = choose_spool(*inputs, settings);
  const bool paced = flags.replay.speed || flags.replay.rate;
  const auto sending = KafkaSending::open(context, spool.path, paced);
  if (!sending) return std::unexpected(sending.error());
  const Replayed replayed = replay_records(**source, source_options->names, flags.replay, **sending, read, context);

  if (replayed.rest && !context.terminal.quiet()) {
    context.terminal.note(fmt::format("{} before the end; to go on from there, say --skip {}.",
                                      context.stop_requested.load(std::memory_order_relaxed) ? "Stopped" : "Ended",
                                      replayed.read));
  }
  print_summary(context, replayed, **sending);
  if (replayed.error) return std::unexpected(*replayed.error);
  const bool all_sent = !replayed.rest && replayed.passed_over == 0 &&
                        !(replayed.invalid_skipped && !replayed.invalid.empty()) && replayed.too_long == 0;
  if (spool.input && all_sent) remove_sent_spool(context, spool);
  return ExitCode::ok;
}

}  // namespace

void add_replay(CLI::App& app, Context& context) {
  const auto flags = std::make_shared<Flags>();
  CLI::App& command = add_command(app, "replay", "Send transactions from files to a Kafka topic.", examples);
  bind_flag(command, context, "files", "detect.input");
  add_sending_flags(command, context, flags->kafka);
  bind_flag(command, context, "--format", "detect.format");
  bind_flag(command, context, "--map", "detect.map");
  bind_flag(command, context, "--order", "detect.order");
  CLI::Option* speed = command.add_option_function<std::string>(
      "--speed",
      [flags](const std::string& text) {
        if (const std::string wrong = parse_speed(text, flags->replay.speed); !wrong.empty()) {
          throw CLI::ValidationError("--speed", wrong);
        }
      },
      "At the pace of the event times, so many times as fast; gaps of more than a day are passed over [as fast as it "
      "goes]");
  speed->type_name("FACTOR");
  command.add_option("--rate", flags->replay.rate, "At an even pace, in records a second")
      ->type_name("X")
      ->check(CLI::PositiveNumber)
      ->excludes(speed);
  command.add_option("-n,--max,--count", flags->replay.records_max, "Send no more than this many records")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  command
      .add_option("--skip", flags->replay.skip, "Pass over so many records first: those that an earlier run has sent")
      ->type_name("N");
  command.add_flag("--skip-invalid", flags->replay.skip_invalid,
                   "Leave out what is no valid transaction, instead of sending it, as it is and without a key, for the "
                   "detector to put among its dead letters");
  on_run(command, context, [&context, flags] { return replay(context, *flags); });
}

}  // namespace bank::cli
