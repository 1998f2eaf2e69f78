// What `bank spark` tells the job: its settings, as a JSON document (spark/README.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/context.h"

namespace bank::cli {

struct SparkStreaming {
  bool to_kafka = true;
  bool to_console = false;
  std::uint64_t console_alerts = 20;  ///< Of each batch, at most.
  bool from_latest = false;           ///< A new checkpoint begins with the next record to come, not the first there is.
  std::optional<std::uint64_t> records_max;
  std::string from_offsets;  ///< Where to begin, as Spark's startingOffsets; empty: by from_latest.
  std::string checkpoint;    ///< Empty: spark.checkpoint.
};

/// Errors (config): a setting that will not do.
[[nodiscard]] Result<std::string> spark_stream_settings(const Context& context, const SparkStreaming& streaming);

/// The inputs and outputs are those of detect.* and analyze.*. Errors (config): a setting that will not do.
[[nodiscard]] Result<std::string> spark_batch_settings(const Context& context);

}  // namespace bank::cli
