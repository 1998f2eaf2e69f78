// `bank generate`: transactions to try the detector on, and the truth about them.
#include "cli/generate.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <thread>

#include <CLI/CLI.hpp>

#include "adapters/file/file_sink.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/generate_kafka.h"
#include "cli/generate_screen.h"
#include "cli/human.h"
#include "cli/kafka_sending.h"
#include "generator/produce.h"

namespace bank::cli {

namespace {

constexpr auto examples =
    "bank generate                                        # data/sample_transactions.json, data/labels.json\n"
    "bank generate --count 5000000 --accounts 100000      # more of it: 20 days\n"
    "bank generate --output my.json --labels truth.json   # to files of your own\n"
    "bank generate --format csv --output - | head         # to a pipe\n"
    "bank generate --fraud-rate 0.05 --seed 7             # another seed, other data; the same seed, the same bytes\n"
    "bank generate --stream --rate 100 --output -         # 100 a second, now, until Ctrl-C\n"
    "bank generate --stream --interval 0.5 --count 20     # one every half second, 20 in all\n"
    "bank generate --kafka --count 1000000                # to the topic banking-transactions\n"
    "bank generate --kafka --rate 500                     # the same, 500 a second, now, until Ctrl-C";

constexpr auto default_start = "2026-01-01";

struct Flags {
  std::string start;
  double per_day = 2.5;
  bool stream = false;
  std::optional<double> interval_s;
  std::optional<double> rate;
  unsigned threads = 0;
  bool kafka = false;
};

bool given_as_flag(const Context& context, std::string_view key) {
  return context.settings.origin(key).starts_with("--");
}

Result<model::EventTime> parse_start(const std::string& text) {
  constexpr std::size_t date_only = 10;
  const std::string whole = text.size() == date_only ? text + " 00:00:00" : text;
  if (const auto time = model::parse_event_time(whole)) return *time;
  return fail_config(
      fmt::format("--start: '{}' is not a date; write YYYY-MM-DD or 'YYYY-MM-DD HH:MM:SS', in UTC", text));
}

Result<double> stream_rate(const Flags& flags) {
  if (flags.rate) return *flags.rate;
  const double interval_s = flags.interval_s.value_or(1.0);
  if (interval_s > 0) return 1 / interval_s;
  return fail_config(fmt::format("--interval: {} seconds; it must be above 0", interval_s));
}

Result<generator::Options> generator_options(const Context& context, const Flags& flags) {
  const config::Settings& settings = context.settings;
  generator::Options options;
  options.count = static_cast<std::uint64_t>(settings.integer("generate.count"));
  options.accounts = static_cast<std::uint64_t>(settings.integer("generate.accounts"));
  options.seed = static_cast<std::uint64_t>(settings.integer("generate.seed"));
  options.fraud_rate = settings.decimal("generate.fraud_rate");
  options.per_day = flags.per_day;
  if (flags.stream) {
    auto rate = stream_rate(flags);
    if (!rate) return std::unexpected(rate.error());
    options.per_second = *rate;
    if (!given_as_flag(context, "generate.count")) options.count = generator::Options::endless;
    if (!given_as_flag(context, "generate.accounts")) {
      options.accounts = generator::accounts_for(*rate, options.per_day);
    }
  }
  options.start = model::EventTime::from_us(context.clock.wall_us());
  if (!flags.start.empty() || !flags.stream) {
    auto start = parse_start(flags.start.empty() ? default_start : flags.start);
    if (!start) return std::unexpected(start.error());
    options.start = *start;
  }
  return options;
}

Result<void> check_flags(const Context& context, const Flags& flags) {
  if (!flags.kafka) {
    if (!flags.stream && (flags.rate || flags.interval_s)) {
      return fail_config(fmt::format("{} sets the pace of a stream: add --stream, or leave it out",
                                     flags.rate ? "--rate" : "--interval"));
    }
    return check_no_kafka_flags(context.settings);
  }
  if (given_as_flag(context, "generate.output")) {
    return fail_config(
        fmt::format("--output and --kafka: the transactions go to a file or to the topic {}, so leave "
                    "one of them out; --labels names the file of the labels",
                    context.settings.string("kafka.transactions_topic")));
  }
  if (given_as_flag(context, "generate.format")) {
    return fail_config("--format and --kafka: in the topic transactions are JSON, so leave --format out");
  }
  return {};
}

generator::Format format_of(const Context& context) {
  const bool named_csv = given_as_flag(context, "generate.output") && !given_as_flag(context, "generate.format") &&
                         context.settings.string("generate.output").ends_with(".csv");
  return named_csv || context.settings.string("generate.format") == "csv" ? generator::Format::csv
                                                                          : generator::Format::jsonl;
}

// Labels of a file that was named by a flag must not replace those of the sample.
void set_outputs(const Context& context, GenerateOptions& options) {
  options.transactions = context.settings.string("generate.output");
  options.labels = context.settings.string("generate.labels");
  const bool own_output = given_as_flag(context, "generate.output");
  const bool own_labels = given_as_flag(context, "generate.labels");
  if (own_output && !own_labels) options.labels.clear();
  const auto as_csv = [&](std::string& path, bool own) {
    if (options.format == generator::Format::csv && !own && path.ends_with(".json")) {
      path = std::filesystem::path(path).replace_extension(".csv").string();
    }
  };
  as_csv(options.transactions, own_output);
  as_csv(options.labels, own_labels);
}

/// The files in the making.
class Files {
 public:
  static Result<std::unique_ptr<Files>> open(const GenerateOptions& options) {
    if (options.labels == options.transactions) {
      return fail_config(fmt::format("{}: transactions and labels would be written to this one file", options.labels));
    }
    const auto create = options.paced ? file::OutputFile::create_live : file::OutputFile::create;
    auto files = std::make_unique<Files>();
    auto transactions = create(options.transactions);
    if (!transactions) return std::unexpected(transactions.error());
    files->transactions_.emplace(*std::move(transactions));
    if (options.labels.empty()) return files;
    auto labels = create(options.labels);
    if (!labels) return std::unexpected(labels.error());
    files->labels_.emplace(*std::move(labels));
    return files;
  }

  [[nodiscard]] generator::Sinks sinks() {
    generator::Sinks sinks;
    sinks.transactions = [this](std::string_view text) {
      bytes_ += text.size();
      return transactions_->write(text);
    };
    if (labels_) sinks.labels = [this](std::string_view text) { return labels_->write(text); };
    return sinks;
  }

  [[nodiscard]] Result<void> publish() {
    for (auto* file : {&transactions_, &labels_}) {
      if (!*file) continue;
      if (auto synced = (*file)->sync(); !synced) return synced;
    }
    for (auto* file : {&transactions_, &labels_}) {
      if (!*file) continue;
      if (auto published = (*file)->publish(); !published) return published;
    }
    return {};
  }

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  std::optional<file::OutputFile> transactions_;
  std::optional<file::OutputFile> labels_;
  std::uint64_t bytes_ = 0;
};

unsigned threads_of(const Flags& flags) {
  return flags.threads > 0 ? flags.threads : std::max(1U, std::thread::hardware_concurrency());
}

Result<GenerateOptions> options_of(const Context& context, const Flags& flags) {
  auto generator = generator_options(context, flags);
  if (!generator) return std::unexpected(generator.error());
  GenerateOptions options;
  options.generator = *generator;
  options.format = format_of(context);
  options.threads = threads_of(flags);
  options.paced = flags.stream;
  set_outputs(context, options);
  return options;
}

Result<ExitCode> generate(Context& context, const Flags& flags) {
  if (auto checked = check_flags(context, flags); !checked) return std::unexpected(checked.error());
  const auto options = options_of(context, flags);
  if (!options) return std::unexpected(options.error());
  if (flags.kafka) return generate_to_kafka(*options, context);
  const auto generated = run_generate(*options, context);
  if (!generated) return std::unexpected(generated.error());
  print_generated(
      context.terminal, generated->totals, *options, generated->seconds, "every record written is complete",
      [&](Table& facts) {
        facts.add({"Written to", fmt::format("{} ({})", options->transactions == "-" ? "stdout" : options->transactions,
                                             human_bytes(static_cast<std::int64_t>(generated->bytes)))});
      });
  return ExitCode::ok;
}

}  // namespace

Result<GenerateOptions> generate_options(const Context& context) { return options_of(context, {}); }

Result<Generated> run_generate(const GenerateOptions& options, Context& context) {
  auto generator = generator::Generator::make(options.generator);
  if (!generator) return std::unexpected(generator.error());
  auto files = Files::open(options);
  if (!files) return std::unexpected(files.error());

  const std::int64_t start_ns = context.clock.monotonic_ns();
  const auto seconds = [&] { return static_cast<double>(context.clock.monotonic_ns() - start_ns) / 1e9; };
  generator::Sinks sinks = (*files)->sinks();
  Result<generator::Totals> totals;
  {
    Progress progress(context.terminal, context.clock);
    sinks.progress = [&](const generator::Totals& so_far) {
      show_generate_progress(progress, so_far, options.generator, seconds());
    };
    totals = options.paced
                 ? generator::produce_paced(*generator, options.format, context.clock, context.stop_requested, sinks)
                 : generator::produce(*generator, options.format, options.threads, context.stop_requested, sinks);
  }
  if (!totals) return std::unexpected(totals.error());
  const double generated_s = seconds();
  if (auto published = (*files)->publish(); !published) return std::unexpected(published.error());
  return Generated{*totals, (*files)->bytes(), generated_s};
}

void add_generate(CLI::App& app, Context& context) {
  const auto flags = std::make_shared<Flags>();
  CLI::App& command =
      add_command(app, "generate", "Generate bank transactions with labelled fraud among them.", examples);
  bind_flag(command, context, "-n,--count", "generate.count");
  bind_flag(command, context, "--accounts", "generate.accounts");
  bind_flag(command, context, "--seed", "generate.seed");
  bind_flag(command, context, "--fraud-rate", "generate.fraud_rate");
  bind_flag(command, context, "-o,--output", "generate.output");
  bind_flag(command, context, "--labels", "generate.labels");
  bind_flag(command, context, "--format", "generate.format");
  command
      .add_option("--start", flags->start,
                  fmt::format("When the first day begins, in UTC [{}; with --stream: now]", default_start))
      ->type_name("DATE");
  command
      .add_option("--per-day", flags->per_day,
                  "Transactions a day of the average account: so the data covers count / (accounts × this) days [2.5]")
      ->type_name("X");
  add_sending_flags(command, context, flags->kafka);
  command.add_flag("--stream", flags->stream,
                   "In real time: records go out one by one at an even pace, with the time of day as their event time, "
                   "until --count or Ctrl-C. Without --accounts, as many as make that rate.");
  CLI::Option* rate = command.add_option("--rate", flags->rate, "Pace of a stream, in transactions a second");
  rate->type_name("X");
  command.add_option("--interval", flags->interval_s, "Pace of a stream, in seconds between transactions [1]")
      ->type_name("SECONDS")
      ->excludes(rate);
  command
      .add_option("--threads", flags->threads,
                  "Threads that generate; 0: one for each core. The bytes don't depend on it [0]")
      ->type_name("N")
      ->check(CLI::Range(0, 1024));
  on_run(command, context, [&context, flags] {
    // A topic has no other use for a pace.
    flags->stream = flags->stream || (flags->kafka && (flags->rate || flags->interval_s));
    return generate(context, *flags);
  });
}

}  // namespace bank::cli
