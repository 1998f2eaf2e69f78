// The health of `bank monitor`, for `bank run` too.
#pragma once

#include <memory>
#include <vector>

#include "cli/context.h"
#include "cli/terminal.h"
#include "monitor/check.h"

namespace bank::cli {

/// The host alone.
[[nodiscard]] std::unique_ptr<monitor::CheckProvider> host_provider(Context& context);
/// The host, then the data files, with thresholds and files as the settings say. They point to the context's clock.
[[nodiscard]] std::vector<std::unique_ptr<monitor::CheckProvider>> health_providers(Context& context);

/// A table with the overall status above.
void print_health(Stream& out, const monitor::Health& health);

/// One line: time, overall status, and every finding that is not OK.
void print_health_line(Stream& out, const monitor::Health& health);

}  // namespace bank::cli
