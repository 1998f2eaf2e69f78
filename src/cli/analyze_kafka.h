// `bank analyze --kafka`: the report's figures of the last hour and day, as transactions and alerts come.
#pragma once

#include "base/result.h"
#include "cli/context.h"
#include "cli/exit_code.h"

namespace CLI {
class App;
}  // namespace CLI

namespace bank::cli {

struct KafkaAnalyzeFlags {
  bool kafka = false;
  bool from_beginning = false;
  bool until_end = false;
};

void add_kafka_analyze_flags(CLI::App& command, Context& context, KafkaAnalyzeFlags& flags);

[[nodiscard]] Result<ExitCode> analyze_on_kafka(Context& context, const KafkaAnalyzeFlags& flags);

}  // namespace bank::cli
