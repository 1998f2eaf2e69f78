// The health of Kafka, for `bank monitor`.
#pragma once

#include <memory>

#include "base/result.h"
#include "cli/context.h"
#include "monitor/check.h"

namespace bank::cli {

/// Whether somebody has chosen a cluster: a flag, a variable, or a file that names another than the default one.
[[nodiscard]] bool kafka_configured(const config::Settings& settings);

/// Brokers, bank's topics, and how far the detectors' group is behind: `kafka:brokers`, `kafka:topic:…`,
/// `kafka:group:…`. A look takes three seconds at most where nobody answers. Errors (config): those of
/// kafka_connection(). Points to the context's clock.
[[nodiscard]] Result<std::unique_ptr<monitor::CheckProvider>> kafka_provider(Context& context);

}  // namespace bank::cli
