// `bank run --mode spark`.
#pragma once

#include "base/result.h"
#include "cli/context.h"
#include "cli/exit_code.h"

namespace bank::cli {

/// run_topic.h, judged by the Spark job, with a checkpoint of its own that is removed at the end.
[[nodiscard]] Result<ExitCode> run_on_spark(Context& context);

}  // namespace bank::cli
