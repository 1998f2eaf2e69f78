// What a detector on Kafka tells programs that watch it: metrics, and whether it does its work.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/kafka/detector.h"
#include "base/clock.h"
#include "base/result.h"
#include "cli/context.h"
#include "rules/ast.h"
#include "server/status_server.h"

namespace bank::cli {

/// What a process takes, for its metrics.
struct ProcessUse {
  std::uint64_t resident_bytes = 0;
  double cpu_seconds = 0;
};
[[nodiscard]] ProcessUse use_of_this_process();

/// The pages /metrics, /readyz and /livez. Thread-safe.
class DetectorPages {
 public:
  /// `rules` and `clock` outlive it.
  DetectorPages(const rules::RuleSet& rules, Build build, const Clock& clock);

  /// How the detector stands now. It is to say so several times a second.
  void update(const kafka::DetectorStatus& status);

  [[nodiscard]] server::Answer answer(std::string_view path) const;

  /// Why records are not being judged; empty when they are.
  [[nodiscard]] std::string not_ready() const;
  [[nodiscard]] std::string metrics(const ProcessUse& use) const;

 private:
  const rules::RuleSet& rules_;
  const Build build_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::optional<kafka::DetectorStatus> status_;
  std::int64_t updated_ns_ = 0;
};

/// Serves the pages, which outlive the server, on `kafka.metrics_port`, and says where. Null where that is 0; error
/// (config): the port is taken.
[[nodiscard]] Result<std::unique_ptr<server::StatusServer>> serve(Context& context, const DetectorPages& pages);

}  // namespace bank::cli
