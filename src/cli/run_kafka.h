// `bank run --mode kafka`.
#pragma once

#include "base/result.h"
#include "cli/context.h"
#include "cli/exit_code.h"

namespace bank::cli {

/// run_topic.h, judged by a detector in this process.
[[nodiscard]] Result<ExitCode> run_on_kafka(Context& context);

}  // namespace bank::cli
