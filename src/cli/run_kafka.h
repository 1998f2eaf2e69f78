// `bank run --mode kafka`.
#pragma once

#include "base/result.h"
#include "cli/context.h"
#include "cli/exit_code.h"

namespace bank::cli {

/// Health check → detector up → generate into the topic → wait until all is judged → read the alerts back and report.
/// The detector runs beside the generator, as it would in earnest, in a group of its own that knows nothing of earlier
/// runs.
[[nodiscard]] Result<ExitCode> run_on_kafka(Context& context);

}  // namespace bank::cli
