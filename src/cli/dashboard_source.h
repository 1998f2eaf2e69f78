// Where the dashboard's transactions and alerts come from.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "cli/context.h"
#include "server/dashboard.h"

namespace bank::cli {

/// Works on threads of its own until it is destroyed.
class DashboardSource {
 public:
  virtual ~DashboardSource() = default;
  /// Why it does not get on; empty if it does. Thread-safe.
  [[nodiscard]] virtual std::string trouble() const = 0;
};

/// Generates transactions, `dashboard.rate` a second, and judges them in this process.
[[nodiscard]] Result<std::unique_ptr<DashboardSource>> demo_source(Context& context, server::Dashboard& dashboard);
/// Follows `detect.output` and `detect.processed` as they grow.
[[nodiscard]] Result<std::unique_ptr<DashboardSource>> file_source(Context& context, server::Dashboard& dashboard);
/// Follows the topics of alerts and processed transactions.
[[nodiscard]] Result<std::unique_ptr<DashboardSource>> kafka_source(Context& context, server::Dashboard& dashboard);

}  // namespace bank::cli
