// `bank detect --kafka`.
#pragma once

#include <cstdint>
#include <optional>

#include "adapters/kafka/detector.h"
#include "base/result.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "model/alert.h"
#include "rules/ast.h"

namespace CLI {
class App;
}  // namespace CLI

namespace bank::cli {

class DetectorPages;

struct KafkaDetectFlags {
  bool from_beginning = false;
  bool until_end = false;
};

void add_kafka_detect_flags(CLI::App& command, Context& context, KafkaDetectFlags& flags);

/// The options of a detector as the settings say, but for where it begins and ends.
[[nodiscard]] Result<kafka::DetectorOptions> detector_options(const Context& context);

/// Runs a detector, showing how it stands: a live line on a terminal, a line every ten seconds elsewhere, and `pages`
/// unless null.
[[nodiscard]] kafka::DetectorOutcome run_detector(const kafka::DetectorOptions& options, const rules::RuleSet& rules,
                                                  Context& context, DetectorPages* pages = nullptr);

[[nodiscard]] Result<ExitCode> detect_on_kafka(Context& context, const KafkaDetectFlags& flags,
                                               std::optional<std::uint64_t> records_max,
                                               std::optional<model::Severity> fail_on);

}  // namespace bank::cli
