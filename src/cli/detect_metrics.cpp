#include "cli/detect_metrics.h"

#include <fmt/format.h>

#include <ctime>
#include <utility>

#include "cli/detect_screen.h"
#include "cli/human.h"
#include "monitor/proc.h"
#include "server/metrics_text.h"

namespace bank::cli {
namespace {

using server::MetricsText;

/// A detector that says nothing for this long hangs, or waits for a cluster that does.
constexpr std::int64_t silence_ns = 10'000'000'000;

void add_counts(MetricsText& out, const kafka::DetectorStatus& status, const rules::RuleSet& rules) {
  out.family("bank_transactions_total", "counter", "Records judged or rejected.").sample(status.records);
  out.family("bank_alerts_total", "counter", "Alerts raised, by the rule that raised them.");
  for (std::size_t i = 0; i < rules.rules.size() && i < status.alerts_by_rule.size(); ++i) {
    const rules::Rule& rule = rules.rules[i];
    out.sample(status.alerts_by_rule[i], {{"rule", rule.id}, {"severity", model::to_string(rule.severity)}});
  }
  out.family("bank_rejected_total", "counter", "Records that are no valid transaction, sent to the dead letters.")
      .sample(status.rejected);
  out.family("bank_replayed_total", "counter", "Records read again for the histories' sake.").sample(status.replayed);
  out.family("bank_kafka_transactions_total", "counter", "Kafka transactions committed.").sample(status.transactions);
  out.family("bank_kafka_transactions_aborted_total", "counter", "Kafka transactions aborted and tried again.")
      .sample(status.aborted);
  out.family("bank_rebalances_total", "counter", "Times that the group gave this detector its partitions.")
      .sample(status.rebalances);
}

void add_partitions(MetricsText& out, const kafka::DetectorStatus& status) {
  out.family("bank_consumer_lag_records", "gauge", "Records of a partition whose results are not yet committed.");
  for (const kafka::PartitionStatus& partition : status.partitions) {
    out.sample(partition.lag(), {{"partition", std::to_string(partition.number)}});
  }
  out.family("bank_replay_remaining_records", "gauge",
             "Records of a partition still to be read for its histories before new ones are judged.");
  for (const kafka::PartitionStatus& partition : status.partitions) {
    out.sample(partition.replay_left, {{"partition", std::to_string(partition.number)}});
  }
  out.family("bank_visible_latency_seconds", "summary",
             "From taking a record to the visibility of its results, over the last seconds.");
  if (status.latency_p99_us > 0) {
    out.sample(static_cast<double>(status.latency_p50_us) / 1e6, {{"quantile", "0.5"}});
    out.sample(static_cast<double>(status.latency_p99_us) / 1e6, {{"quantile", "0.99"}});
  }
}

}  // namespace

ProcessUse use_of_this_process() {
  ProcessUse use;
  if (const auto status = monitor::read_small_file("/proc/self/status")) {
    if (const auto process = monitor::parse_process(*status)) use.resident_bytes = process->resident;
  }
  timespec spent{};
  if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent) == 0) {
    use.cpu_seconds = static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) / 1e9;
  }
  return use;
}

DetectorPages::DetectorPages(const rules::RuleSet& rules, Build build, const Clock& clock)
    : rules_(rules), build_(std::move(build)), clock_(clock), updated_ns_(clock.monotonic_ns()) {}

void DetectorPages::update(const kafka::DetectorStatus& status) {
  const std::lock_guard lock(mutex_);
  status_ = status;
  updated_ns_ = clock_.monotonic_ns();
}

std::string DetectorPages::not_ready() const {
  const std::lock_guard lock(mutex_);
  if (!status_) return "starting: not yet in its group";
  if (!status_->trouble.empty()) return "waiting for Kafka: " + status_->trouble;
  const std::int64_t silent_ns = clock_.monotonic_ns() - updated_ns_;
  if (silent_ns >= silence_ns) {
    return fmt::format("not getting on for {}", human_seconds(static_cast<double>(silent_ns) / 1e9));
  }
  std::int64_t replay_left = 0;
  for (const kafka::PartitionStatus& partition : status_->partitions) replay_left += partition.replay_left;
  if (replay_left > 0) {
    return fmt::format("replaying histories: {} to go", counted(static_cast<std::uint64_t>(replay_left), "record"));
  }
  return status_->ready ? "" : "joining its group";
}

std::string DetectorPages::metrics(const ProcessUse& use) const {
  MetricsText out;
  out.family("bank_build_info", "gauge", "Which bank this is; always 1.")
      .sample(std::uint64_t{1}, {{"version", build_.version}, {"commit", build_.commit}});
  {
    const std::lock_guard lock(mutex_);
    const kafka::DetectorStatus status = status_.value_or(kafka::DetectorStatus{});
    add_counts(out, status, rules_);
    add_partitions(out, status);
  }
  out.family("process_resident_memory_bytes", "gauge", "Memory that the process has in use.")
      .sample(use.resident_bytes);
  out.family("process_cpu_seconds_total", "counter", "Processor time of the process.").sample(use.cpu_seconds);
  return out.text();
}

server::Answer DetectorPages::answer(std::string_view path) const {
  if (path == "/metrics") {
    return {.content_type = std::string(server::metrics_content_type), .body = metrics(use_of_this_process())};
  }
  if (path == "/readyz") {
    const std::string reason = not_ready();
    if (reason.empty()) return {.body = "ready\n"};
    return {.status = 503, .body = reason + "\n"};
  }
  if (path == "/livez") return {.body = "alive\n"};
  return {.status = 404, .body = "there is /metrics, /readyz and /livez\n"};
}

Result<std::unique_ptr<server::StatusServer>> serve(Context& context, const DetectorPages& pages) {
  const std::int64_t port = context.settings.integer("kafka.metrics_port");
  if (port == 0) return nullptr;
  Result<std::unique_ptr<server::StatusServer>> server = server::StatusServer::start(
      {.port = static_cast<std::uint16_t>(port)}, [&pages](std::string_view path) { return pages.answer(path); });
  if (!server) {
    return fail_config(fmt::format("kafka.metrics_port ({}): {}", context.settings.origin("kafka.metrics_port"),
                                   server.error().message));
  }
  context.terminal.note(fmt::format("Metrics at http://127.0.0.1:{}/metrics", (*server)->port()));
  return server;
}

}  // namespace bank::cli
