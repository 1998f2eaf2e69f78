// `bank run`: health check → generate → detect → analyze → summary, in one process.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>

#include "cli/analyze.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/detect.h"
#include "cli/generate.h"
#include "cli/human.h"
#include "cli/kafka.h"
#include "cli/run_health.h"
#include "cli/run_kafka.h"
#include "cli/run_screen.h"
#include "cli/run_spark.h"
#include "cli/run_steps.h"
#include "rules/load.h"

namespace bank::cli {

namespace {

constexpr auto examples =
    "bank run                                        # 10,000 generated transactions, from end to end\n"
    "bank run --count 1000000 --accounts 50000       # more of them\n"
    "bank run --rules config/rules/seed.yaml         # with other rules\n"
    "bank run --data-dir demo --seed 7               # other data, files elsewhere\n"
    "bank run --input mine.csv --map account_number=cc_num,amount=amt    # over data of your own\n"
    "bank run --mode kafka                           # the same through a running Kafka (make kafka-up)\n"
    "bank run --mode spark --master spark://127.0.0.1:7077   # and judged on a Spark cluster (make cluster-up)";

struct Flags {
  std::vector<std::string> inputs;
  std::string mode = "file";
};

std::string count_of(std::uint64_t number) { return with_commas(static_cast<std::int64_t>(number)); }

Result<void> check_is_file(std::string_view key, const std::string& path) {
  if (!path.empty() && path != "-") return {};
  return fail_config(fmt::format("{} is '{}'; bank run needs a file there, for its later steps", key, path));
}

struct Plan {
  std::optional<GenerateOptions> generate;  ///< Unset: there is data already.
  DetectOptions detect;
  AnalyzeOptions analyze;
};

Result<Plan> make_plan(Context& context, const Flags& flags) {
  Plan plan;
  std::vector<std::string> inputs = flags.inputs;
  if (inputs.empty()) {
    auto generate = generate_options(context);
    if (!generate) return std::unexpected(generate.error());
    if (auto named = check_is_file("generate.output", generate->transactions); !named)
      return std::unexpected(named.error());
    inputs = {generate->transactions};
    plan.generate = *std::move(generate);
  }
  if (std::ranges::find(inputs, "-") != inputs.end())
    return fail_config("--input -: a pipe can be read only once, and bank run reads its input twice; name a file");
  auto detect = detect_options(context);
  if (!detect) return std::unexpected(detect.error());
  plan.detect = *std::move(detect);
  plan.detect.inputs = inputs;
  if (auto named = check_is_file("detect.output", plan.detect.outputs.alerts); !named)
    return std::unexpected(named.error());
  // A mistake in the rules is better told before the work than after it.
  if (auto rules = rules::load_rules(plan.detect.rules); !rules) return std::unexpected(rules.error());
  auto analyze = analyze_options(context);
  if (!analyze) return std::unexpected(analyze.error());
  plan.analyze = *std::move(analyze);
  plan.analyze.inputs = inputs;
  plan.analyze.alerts = plan.detect.outputs.alerts;
  plan.analyze.alerts_required = true;
  return plan;
}

std::vector<RunFile> files_of(const Plan& plan, bool rejected) {
  std::vector<RunFile> files;
  const auto add = [&](const std::string& path, const char* what) {
    if (!path.empty() && path != "-") files.push_back({path, what});
  };
  for (const std::string& input : plan.analyze.inputs) add(input, "transactions");
  if (plan.generate) add(plan.generate->labels, "which of them are fraud");
  add(plan.detect.outputs.alerts, "alerts");
  add(plan.detect.outputs.processed, "every transaction with its decision");
  if (rejected) add(plan.detect.outputs.rejected, "records that were refused, and why");
  add(plan.analyze.html, "report, to look at");
  add(plan.analyze.json, "report, for programs");
  return files;
}

std::vector<RunFile> next_of(const Context& context, const Plan& plan) {
  std::vector<RunFile> next;
  if (!plan.analyze.html.empty()) next.push_back({"xdg-open " + plan.analyze.html, "the report, in a browser"});
  next.push_back(
      {fmt::format("{} rules explain {}", context.program, plan.detect.rules), "what each rule looks for, in words"});
  if (plan.generate)
    next.push_back(
        {fmt::format("{} run --input FILE", context.program), "the same over data of your own (see run --help)"});
  return next;
}

/// The steps, one after another; each leaves in the outcome what the last one shows.
class Run {
 public:
  Run(Context& context, const Plan& plan) : context_(context), plan_(plan), steps_(context, plan.generate ? 5 : 4) {}

  Result<ExitCode> go() {
    for (const auto step : {&Run::check, &Run::generate, &Run::detect, &Run::analyze}) {
      if (auto done = (this->*step)(); !done) return std::unexpected(done.error());
      if (context_.stop_requested) {
        context_.terminal.note("Stopped. What was written is whole records, but not all of one run.");
        return ExitCode::ok;
      }
    }
    if (auto done = summarize(); !done) return std::unexpected(done.error());
    return ExitCode::ok;
  }

 private:
  Result<void> check() {
    // A transaction takes about 240 bytes, the rest of the files a fraction of that.
    constexpr std::uint64_t bytes_per_transaction = 300;
    const auto& generate = plan_.generate;
    steps_.begin("health check");
    const auto health = check_health(context_, generate ? generate->generator.count * bytes_per_transaction : 0);
    if (!health) return std::unexpected(health.error());
    steps_.done("ok", *health);
    return {};
  }

  Result<void> generate() {
    const auto& options = plan_.generate;
    if (!options) return {};
    steps_.begin("generate");
    const auto generated = run_generate(*options, context_);
    if (!generated) return std::unexpected(generated.error());
    if (context_.stop_requested) return {};
    steps_.done("ok", fmt::format("{} transactions", count_of(generated->totals.transactions)));
    outcome_.steps.push_back({"generate", generated->totals.transactions, generated->seconds});
    return {};
  }

  Result<void> detect() {
    steps_.begin("detect");
    const auto detection = run_detect(plan_.detect, context_);
    if (!detection) return std::unexpected(detection.error());
    if (const auto& error = detection->outcome.error) return std::unexpected(*error);
    if (context_.stop_requested) return {};
    const pipeline::Summary& summary = detection->outcome.summary;
    const std::size_t rules = detection->rules.rules.size();
    steps_.done("ok", fmt::format("{} alert{} by {} rule{}", count_of(summary.alerts), summary.alerts == 1 ? "" : "s",
                                  rules, rules == 1 ? "" : "s"));
    outcome_.steps.push_back({"detect", summary.records, static_cast<double>(summary.elapsed_ns) / 1e9});
    outcome_.rejected = summary.rejected;
    resends_ = summary.resends;
    return {};
  }

  Result<void> analyze() {
    steps_.begin("analyze");
    AnalyzeOptions options = plan_.analyze;
    options.resends = resends_;
    auto analysis = run_analyze(options, context_);
    if (!analysis) return std::unexpected(analysis.error());
    if (context_.stop_requested) return {};
    steps_.done("ok", options.html.empty() ? "no page asked for" : options.html);
    outcome_.steps.push_back({"analyze", analysis->report.total.count, analysis->seconds});
    outcome_.report = std::move(analysis->report);
    return {};
  }

  Result<void> summarize() {
    steps_.begin("summary");
    if (const auto& generate = plan_.generate; generate && !generate->labels.empty()) {
      auto score = score_alerts(generate->labels, plan_.detect.outputs.alerts, plan_.analyze.thresholds);
      if (!score) return std::unexpected(score.error());
      outcome_.score = *std::move(score);
    }
    outcome_.files = files_of(plan_, outcome_.rejected > 0);
    outcome_.next = next_of(context_, plan_);
    steps_.done("ok", "");
    print_run_screen(context_.terminal.out(), outcome_);
    return {};
  }

  Context& context_;
  const Plan& plan_;
  Steps steps_;
  RunOutcome outcome_;
  std::uint64_t resends_ = 0;
};

Result<ExitCode> run(Context& context, const Flags& flags) {
  if (flags.mode != "file") {
    if (flags.inputs.empty()) return flags.mode == "kafka" ? run_on_kafka(context) : run_on_spark(context);
    return fail_config("--input is for --mode file; `bank replay FILE --kafka` sends a file of your own to the topic");
  }
  const auto plan = make_plan(context, flags);
  if (!plan) return std::unexpected(plan.error());
  return Run(context, *plan).go();
}

}  // namespace

void add_run(CLI::App& app, Context& context) {
  const auto flags = std::make_shared<Flags>();
  CLI::App& command =
      add_command(app, "run", "Do everything once: health check, generate, detect, analyze, summary.", examples);
  command.add_option("--input", flags->inputs, "Files of your own to run over, instead of generated ones")
      ->type_name("FILE…");
  bind_flag(command, context, "-n,--count", "generate.count");
  bind_flag(command, context, "--accounts", "generate.accounts");
  bind_flag(command, context, "--seed", "generate.seed");
  bind_flag(command, context, "--fraud-rate", "generate.fraud_rate");
  bind_flag(command, context, "--rules", "detect.rules")->type_name("FILE");
  bind_flag(command, context, "--map", "detect.map");
  bind_flag(command, context, "--format", "detect.format");
  bind_flag(command, context, "--threads", "detect.threads");
  command
      .add_option("--mode", flags->mode,
                  "file: in this process; kafka: through topics of a running Kafka; spark: judged on Spark [file]")
      ->type_name("file|kafka|spark")
      ->check(CLI::IsMember({"file", "kafka", "spark"}));
  bind_flag(command, context, "--master", "spark.master");
  add_kafka_flags(command, context);
  bind_flag(command, context, "--metrics-port", "kafka.metrics_port")->group(kafka_flags);
  on_run(command, context, [&context, flags] { return run(context, *flags); });
}

}  // namespace bank::cli
