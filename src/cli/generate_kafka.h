// `bank generate --kafka`, for others too that want a topic to be filled.
#pragma once

#include <optional>

#include "base/result.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "cli/generate.h"
#include "cli/kafka_sending.h"

namespace bank::cli {

struct GeneratedToKafka {
  generator::Totals totals;      ///< What was handed over: delivered, or in the spool.
  double seconds = 0;            ///< Until the last one was acknowledged.
  std::optional<Error> failure;  ///< Some were not delivered: why, and where they are.
};

/// Sends generated transactions, and writes their labels to the file; with progress on the terminal. The labels are
/// those of what was handed over, whatever became of it. Errors: wrong options, labels that cannot be written.
[[nodiscard]] Result<GeneratedToKafka> run_generate_to_kafka(const GenerateOptions& options, KafkaSending& sending,
                                                             Context& context);

/// The whole of the command, with its summary.
[[nodiscard]] Result<ExitCode> generate_to_kafka(const GenerateOptions& options, Context& context);

}  // namespace bank::cli
