#include "cli/run_kafka.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "adapters/file/file_sink.h"
#include "adapters/kafka/admin.h"
#include "adapters/kafka/detector.h"
#include "adapters/kafka/topic_source.h"
#include "cli/analyze.h"
#include "cli/detect_kafka.h"
#include "cli/detect_screen.h"
#include "cli/generate.h"
#include "cli/generate_kafka.h"
#include "cli/human.h"
#include "cli/kafka.h"
#include "cli/kafka_sending.h"
#include "cli/run_health.h"
#include "cli/run_screen.h"
#include "cli/run_steps.h"
#include "cli/topic_plan.h"
#include "engine/plan.h"
#include "rules/load.h"

namespace bank::cli {
namespace {

constexpr int partitions_of_new_topics = 3;
constexpr std::int64_t look_ns = 20'000'000;

/// A detector on a thread of its own.
class Beside {
 public:
  Beside(kafka::DetectorOptions options, std::shared_ptr<const engine::Plan> plan, Context& context)
      : options_(std::move(options)), context_(context) {
    options_.stop = &stop_;
    thread_ = std::thread([this, plan = std::move(plan)] {
      kafka::DetectorOutcome outcome = kafka::run_detector(
          options_, plan, context_.clock,
          [this](const kafka::DetectorStatus& status) {
            const std::lock_guard lock(mutex_);
            status_ = status;
          },
          [](const std::string&) {});  // a new group has nothing behind it to warn of
      const std::lock_guard lock(mutex_);
      outcome_ = std::move(outcome);
    });
  }
  ~Beside() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  Beside(const Beside&) = delete;
  Beside& operator=(const Beside&) = delete;

  [[nodiscard]] kafka::DetectorStatus status() const {
    const std::lock_guard lock(mutex_);
    return status_;
  }
  [[nodiscard]] bool over() const {
    const std::lock_guard lock(mutex_);
    return outcome_.has_value();
  }
  [[nodiscard]] kafka::DetectorOutcome finish() {
    stop_ = true;
    thread_.join();
    return *std::move(outcome_);
  }

 private:
  kafka::DetectorOptions options_;
  Context& context_;
  std::atomic<bool> stop_ = false;
  mutable std::mutex mutex_;
  kafka::DetectorStatus status_;
  std::optional<kafka::DetectorOutcome> outcome_;
  std::thread thread_;
};

class KafkaRun {
 public:
  KafkaRun(Context& context, GenerateOptions generate, kafka::DetectorOptions detect, AnalyzeOptions analyze,
           rules::RuleSet rules)
      : context_(context),
        generate_(std::move(generate)),
        detect_(std::move(detect)),
        analyze_(std::move(analyze)),
        rules_(std::move(rules)),
        steps_(context, 6) {}

  Result<ExitCode> go() {
    for (const auto step : {&KafkaRun::check, &KafkaRun::start_detector, &KafkaRun::generate,
                            &KafkaRun::wait_for_detector, &KafkaRun::analyze, &KafkaRun::summarize}) {
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
    Result<kafka::Admin> admin = kafka::Admin::connect(detect_.connection, context_.clock, {});
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
    steps_.done("ok", fmt::format("Kafka at {}{}", detect_.connection.bootstrap_servers,
                                  created > 0 ? ", " + counted(created, "topic") + " created" : ""));
    return {};
  }

  Result<void> start_detector() {
    steps_.begin("detector");
    for (auto& [topic, ends] :
         {std::pair(detect_.transactions_topic, &transactions_from_), std::pair(detect_.alerts_topic, &alerts_from_)}) {
      Result<kafka::TopicEnds> found = kafka::topic_ends(detect_.connection, topic);
      if (!found) return std::unexpected(found.error());
      *ends = std::move(*found);
    }
    detector_.emplace(detect_, engine::Plan::compile(rules_), context_);
    while (!detector_->status().ready && !detector_->over() && !context_.stop_requested) wait_a_little();
    if (detector_->over()) return detector_failed();
    steps_.done("ok", fmt::format("{} of {}", counted(detector_->status().partitions.size(), "partition"),
                                  detect_.transactions_topic));
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

  Result<void> wait_for_detector() {
    steps_.begin("detect");
    const Result<kafka::TopicEnds> ends = kafka::topic_ends(detect_.connection, detect_.transactions_topic);
    if (!ends) return std::unexpected(ends.error());
    Progress progress(context_.terminal, context_.clock);
    while (!detector_->over() && !context_.stop_requested && !judged_up_to(*ends)) {
      const kafka::DetectorStatus status = detector_->status();
      progress.update(status.trouble.empty() ? fmt::format("{} judged", counted(status.records, "record"))
                                             : "Waiting for Kafka: " + status.trouble);
      wait_a_little();
    }
    if (detector_->over()) return detector_failed();
    const kafka::DetectorOutcome done = detector_->finish();
    detector_.reset();
    if (done.error) return std::unexpected(*done.error);
    std::error_code ignored;  // of a group that is no more
    std::filesystem::remove_all(std::filesystem::path(detect_.state_dir) / detect_.group, ignored);
    const pipeline::Summary& summary = done.summary;
    steps_.done("ok", fmt::format("{} by {}, {}", counted(summary.alerts, "alert"),
                                  counted(rules_.rules.size(), "rule"), counted(done.status.transactions, "commit")));
    outcome_.steps.push_back({"detect", summary.records, static_cast<double>(summary.elapsed_ns) / 1e9});
    outcome_.rejected = summary.rejected;
    analyze_.resends = summary.resends;
    return {};
  }

  [[nodiscard]] bool judged_up_to(const kafka::TopicEnds& ends) const {
    for (const kafka::PartitionStatus& partition : detector_->status().partitions) {
      const auto end = ends.find(partition.number);
      if (end != ends.end() && partition.committed < end->second) return false;
    }
    return true;
  }

  Result<void> detector_failed() {
    const kafka::DetectorOutcome done = detector_->finish();
    detector_.reset();
    return done.error ? std::unexpected(*done.error) : fail("the detector ended before its work was done");
  }

  // As any consumer sees them. A partition's alerts stay together, and with them those of one transaction.
  Result<void> fetch_alerts() {
    auto source = kafka::open_topic({.connection = detect_.connection,
                                     .topic = detect_.alerts_topic,
                                     .from = alerts_from_,
                                     .stop = &context_.stop_requested});
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
    const auto source = kafka::open_topic({.connection = detect_.connection,
                                           .topic = detect_.transactions_topic,
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

  void wait_a_little() { context_.clock.sleep_until_ns(context_.clock.monotonic_ns() + look_ns); }

  Context& context_;
  const GenerateOptions generate_;
  const kafka::DetectorOptions detect_;
  AnalyzeOptions analyze_;
  const rules::RuleSet rules_;
  Steps steps_;
  RunOutcome outcome_;
  kafka::TopicEnds transactions_from_;
  kafka::TopicEnds alerts_from_;
  std::optional<Beside> detector_;
};

}  // namespace

Result<ExitCode> run_on_kafka(Context& context) {
  auto generate = generate_options(context);
  if (!generate) return std::unexpected(generate.error());
  auto detect = detector_options(context);
  if (!detect) return std::unexpected(detect.error());
  detect->group = fmt::format("{}-run-{}", detect->group, detect->identity);
  detect->instance.clear();
  auto analyze = analyze_options(context);
  if (!analyze) return std::unexpected(analyze.error());
  analyze->inputs = {detect->transactions_topic};
  analyze->alerts = context.settings.string("detect.output");
  analyze->alerts_required = true;
  if (analyze->alerts.empty() || analyze->alerts == "-") {
    return fail_config(
        fmt::format("detect.output is '{}'; bank run needs a file there, for its later steps", analyze->alerts));
  }
  auto rules = rules::load_rules(context.settings.string("detect.rules"));
  if (!rules) return std::unexpected(rules.error());
  return KafkaRun(context, *std::move(generate), *std::move(detect), *std::move(analyze), *std::move(rules)).go();
}

}  // namespace bank::cli
