#include "cli/run_topic.h"

#include <fmt/format.h>

#include <map>
#include <string>
#include <utility>

#include "adapters/file/file_sink.h"
#include "adapters/kafka/admin.h"
#include "cli/analyze.h"
#include "cli/detect_screen.h"
#include "cli/generate.h"
#include "cli/generate_kafka.h"
#include "cli/human.h"
#include "cli/kafka_sending.h"
#include "cli/run_health.h"
#include "cli/run_screen.h"
#include "cli/run_steps.h"
#include "cli/score.h"
#include "cli/topic_plan.h"

namespace bank::cli {
namespace {

constexpr int partitions_of_new_topics = 3;

class TopicRun {
 public:
  TopicRun(Context& context, const kafka::Connection& connection, GenerateOptions generate, AnalyzeOptions analyze,
           const rules::RuleSet& rules, std::string_view judge_name, RunJudge& judge)
      : context_(context),
        connection_(connection),
        transactions_topic_(context.settings.string("kafka.transactions_topic")),
        alerts_topic_(context.settings.string("kafka.alerts_topic")),
        generate_(std::move(generate)),
        analyze_(std::move(analyze)),
        rules_(rules),
        judge_name_(judge_name),
        judge_(judge),
        steps_(context, 6) {}

  Result<ExitCode> go() {
    for (const auto step : {&TopicRun::check, &TopicRun::start_judge, &TopicRun::generate, &TopicRun::wait_for_judge,
                            &TopicRun::analyze, &TopicRun::summarize}) {
      if (auto done = (this->*step)(); !done) return std::unexpected(done.error());
      if (context_.stop_requested) {
        context_.terminal.note("Stopped. What was judged until then is committed.");
        return ExitCode::ok;
      }
    }
    return ExitCode::ok;
  }

 private:
  Result<void> check() {
    steps_.begin("health check");
    const auto health = check_health(context_, 0);
    if (!health) return std::unexpected(health.error());
    Result<kafka::Admin> admin = kafka::Admin::connect(connection_, context_.clock, {});
    if (!admin) return std::unexpected(admin.error());
    const Result<kafka::ClusterInfo> cluster = admin->cluster();
    if (!cluster) return std::unexpected(cluster.error());
    std::size_t created = 0;
    for (const PlannedTopic& topic : planned_topics(context_.settings)) {
      if (cluster->find(topic.name) != nullptr) continue;
      kafka::NewTopic wanted{.name = topic.name, .partitions = partitions_of_new_topics};
      for (const PlannedSetting& setting : topic.settings) wanted.settings.emplace_back(setting.name, setting.value);
      if (const auto done = admin->create(wanted); !done) return std::unexpected(done.error());
      ++created;
    }
    steps_.done("ok", fmt::format("Kafka at {}{}", connection_.bootstrap_servers,
                                  created > 0 ? ", " + counted(created, "topic") + " created" : ""));
    return {};
  }

  Result<void> start_judge() {
    steps_.begin(judge_name_);
    for (auto& [topic, ends] :
         {std::pair(transactions_topic_, &transactions_from_), std::pair(alerts_topic_, &alerts_from_)}) {
      Result<kafka::TopicEnds> found = kafka::topic_ends(connection_, topic);
      if (!found) return std::unexpected(found.error());
      *ends = std::move(*found);
    }
    const Result<std::string> begun = judge_.start(transactions_from_);
    if (!begun) return std::unexpected(begun.error());
    steps_.done("ok", *begun);
    return {};
  }

  Result<void> generate() {
    steps_.begin("generate");
    const auto sending = KafkaSending::open(context_, spool_path(context_.settings), generate_.paced);
    if (!sending) return std::unexpected(sending.error());
    const auto made = run_generate_to_kafka(generate_, **sending, context_);
    if (!made) return std::unexpected(made.error());
    if (made->failure) return std::unexpected(*made->failure);
    steps_.done("ok", counted(made->totals.transactions, "transaction"));
    outcome_.steps.push_back({"generate", made->totals.transactions, made->seconds});
    return {};
  }

  Result<void> wait_for_judge() {
    steps_.begin("detect");
    const Result<kafka::TopicEnds> ends = kafka::topic_ends(connection_, transactions_topic_);
    if (!ends) return std::unexpected(ends.error());
    Progress progress(context_.terminal, context_.clock);
    const Result<RunJudge::Outcome> done =
        judge_.finish(*ends, [&progress](const std::string& line) { progress.update(line); });
    if (!done) return std::unexpected(done.error());
    const pipeline::Summary& summary = done->summary;
    steps_.done("ok", fmt::format("{} by {}, {}", counted(summary.alerts, "alert"),
                                  counted(rules_.rules.size(), "rule"), done->detail));
    outcome_.steps.push_back({"detect", summary.records, static_cast<double>(summary.elapsed_ns) / 1e9});
    outcome_.rejected = summary.rejected;
    analyze_.resends = summary.resends;
    return {};
  }

  // As any consumer sees them. A partition's alerts stay together, and with them those of one transaction.
  Result<void> fetch_alerts() {
    auto source = kafka::open_topic(
        {.connection = connection_, .topic = alerts_topic_, .from = alerts_from_, .stop = &context_.stop_requested});
    if (!source) return std::unexpected(source.error());
    std::map<std::string, std::string> by_partition;
    std::vector<pipeline::RawRecord> records;
    for (;;) {
      const auto batch = (*source)->next();
      if (!batch) return std::unexpected(batch.error());
      if (*batch == nullptr) break;
      records.clear();
      (*batch)->split(records);
      for (const pipeline::RawRecord& record : records) {
        by_partition[record.stream->origin].append(record.bytes).push_back('\n');
      }
    }
    auto file = file::OutputFile::create(analyze_.alerts);
    if (!file) return std::unexpected(file.error());
    for (const auto& [origin, text] : by_partition) {
      if (auto written = file->write(text); !written) return written;
    }
    if (auto synced = file->sync(); !synced) return synced;
    return file->publish();
  }

  Result<void> analyze() {
    steps_.begin("analyze");
    if (auto fetched = fetch_alerts(); !fetched) return fetched;
    const auto source = kafka::open_topic({.connection = connection_,
                                           .topic = transactions_topic_,
                                           .from = transactions_from_,
                                           .stop = &context_.stop_requested});
    if (!source) return std::unexpected(source.error());
    analyze_.stream = source->get();
    auto analysis = run_analyze(analyze_, context_);
    if (!analysis) return std::unexpected(analysis.error());
    if (context_.stop_requested) return {};
    steps_.done("ok", analyze_.html.empty() ? "no page asked for" : analyze_.html);
    outcome_.steps.push_back({"analyze", analysis->report.total.count, analysis->seconds});
    outcome_.report = std::move(analysis->report);
    return {};
  }

  Result<void> summarize() {
    steps_.begin("summary");
    if (!generate_.labels.empty()) {
      auto score = score_alerts(generate_.labels, analyze_.alerts, analyze_.thresholds);
      if (!score) return std::unexpected(score.error());
      outcome_.score = *std::move(score);
    }
    const auto add = [&](const std::string& path, const char* what) {
      if (!path.empty() && path != "-") outcome_.files.push_back({path, what});
    };
    add(generate_.labels, "which transactions are fraud");
    add(analyze_.alerts, "alerts, as read from the topic");
    add(analyze_.html, "report, to look at");
    add(analyze_.json, "report, for programs");
    if (!analyze_.html.empty()) outcome_.next.push_back({"xdg-open " + analyze_.html, "the report, in a browser"});
    outcome_.next.push_back({context_.program + " alerts --kafka", "the alerts in the topic"});
    outcome_.next.push_back({context_.program + " topics describe", "what is in the topics"});
    steps_.done("ok", "");
    print_run_screen(context_.terminal.out(), outcome_);
    return {};
  }

  Context& context_;
  const kafka::Connection connection_;
  const std::string transactions_topic_;
  const std::string alerts_topic_;
  const GenerateOptions generate_;
  AnalyzeOptions analyze_;
  const rules::RuleSet& rules_;
  const std::string_view judge_name_;
  RunJudge& judge_;
  Steps steps_;
  RunOutcome outcome_;
  kafka::TopicEnds transactions_from_;
  kafka::TopicEnds alerts_from_;
};

}  // namespace

Result<ExitCode> run_through_topics(Context& context, const kafka::Connection& connection, const rules::RuleSet& rules,
                                    std::string_view judge_name, RunJudge& judge) {
  auto generate = generate_options(context);
  if (!generate) return std::unexpected(generate.error());
  auto analyze = analyze_options(context);
  if (!analyze) return std::unexpected(analyze.error());
  analyze->inputs = {context.settings.string("kafka.transactions_topic")};
  analyze->alerts = context.settings.string("detect.output");
  analyze->alerts_required = true;
  if (analyze->alerts.empty() || analyze->alerts == "-") {
    return fail_config(
        fmt::format("detect.output is '{}'; bank run needs a file there, for its later steps", analyze->alerts));
  }
  return TopicRun(context, connection, *std::move(generate), *std::move(analyze), rules, judge_name, judge).go();
}

}  // namespace bank::cli
