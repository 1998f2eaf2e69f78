#include "cli/run_kafka.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "adapters/kafka/detector.h"
#include "cli/detect_kafka.h"
#include "cli/detect_metrics.h"
#include "cli/detect_screen.h"
#include "cli/human.h"
#include "cli/run_topic.h"
#include "engine/plan.h"
#include "rules/load.h"

namespace bank::cli {
namespace {

constexpr std::int64_t look_ns = 20'000'000;

/// A detector on a thread of its own.
class Beside {
 public:
  Beside(kafka::DetectorOptions options, std::shared_ptr<const engine::Plan> plan, Context& context,
         DetectorPages& pages)
      : options_(std::move(options)), context_(context), pages_(pages) {
    options_.stop = &stop_;
    thread_ = std::thread([this, plan = std::move(plan)] {
      kafka::DetectorOutcome outcome = kafka::run_detector(
          options_, plan, context_.clock,
          [this](const kafka::DetectorStatus& status) {
            pages_.update(status);
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
  DetectorPages& pages_;
  std::atomic<bool> stop_ = false;
  mutable std::mutex mutex_;
  kafka::DetectorStatus status_;
  std::optional<kafka::DetectorOutcome> outcome_;
  std::thread thread_;
};

/// `bank detect --kafka`, in a group of its own that knows nothing of earlier runs.
class DetectorJudge final : public RunJudge {
 public:
  /// All but the options outlive it.
  DetectorJudge(Context& context, kafka::DetectorOptions options, const rules::RuleSet& rules, DetectorPages& pages)
      : context_(context), options_(std::move(options)), rules_(rules), pages_(pages) {}

  Result<std::string> start(const kafka::TopicEnds& /*from*/) override {  // a new group begins with what comes
    detector_.emplace(options_, engine::Plan::compile(rules_), context_, pages_);
    while (!detector_->status().ready && !detector_->over() && !context_.stop_requested) wait_a_little();
    if (detector_->over()) return std::unexpected(failure());
    return fmt::format("{} of {}", counted(detector_->status().partitions.size(), "partition"),
                       options_.transactions_topic);
  }

  Result<Outcome> finish(const kafka::TopicEnds& ends,
                         const std::function<void(const std::string&)>& progress) override {
    while (!detector_->over() && !context_.stop_requested && !judged_up_to(ends)) {
      const kafka::DetectorStatus status = detector_->status();
      progress(status.trouble.empty() ? fmt::format("{} judged", counted(status.records, "record"))
                                      : "Waiting for Kafka: " + status.trouble);
      wait_a_little();
    }
    if (detector_->over()) return std::unexpected(failure());
    kafka::DetectorOutcome done = detector_->finish();
    detector_.reset();
    if (done.error) return std::unexpected(*done.error);
    std::error_code ignored;  // of a group that is no more
    std::filesystem::remove_all(std::filesystem::path(options_.state_dir) / options_.group, ignored);
    return Outcome{.summary = std::move(done.summary), .detail = counted(done.status.transactions, "commit")};
  }

 private:
  [[nodiscard]] bool judged_up_to(const kafka::TopicEnds& ends) const {
    for (const kafka::PartitionStatus& partition : detector_->status().partitions) {
      const auto end = ends.find(partition.number);
      if (end != ends.end() && partition.committed < end->second) return false;
    }
    return true;
  }

  Error failure() {
    const kafka::DetectorOutcome done = detector_->finish();
    detector_.reset();
    return done.error ? *done.error : Error{ErrorKind::runtime, "the detector ended before its work was done"};
  }

  void wait_a_little() { context_.clock.sleep_until_ns(context_.clock.monotonic_ns() + look_ns); }

  Context& context_;
  const kafka::DetectorOptions options_;
  const rules::RuleSet& rules_;
  DetectorPages& pages_;
  std::optional<Beside> detector_;
};

}  // namespace

Result<ExitCode> run_on_kafka(Context& context) {
  auto detect = detector_options(context);
  if (!detect) return std::unexpected(detect.error());
  detect->group = fmt::format("{}-run-{}", detect->group, detect->identity);
  detect->instance.clear();
  const auto rules = rules::load_rules(context.settings.string("detect.rules"));
  if (!rules) return std::unexpected(rules.error());
  const kafka::Connection connection = detect->connection;
  DetectorPages pages(*rules, context.build, context.clock);
  const auto server = serve(context, pages);
  if (!server) return std::unexpected(server.error());
  DetectorJudge judge(context, *std::move(detect), *rules, pages);
  return run_through_topics(context, connection, *rules, "detector", judge);
}

}  // namespace bank::cli
