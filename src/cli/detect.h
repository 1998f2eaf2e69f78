// The detection of `bank detect`, for `bank run` too.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "adapters/file/file_sink.h"
#include "adapters/file/file_source.h"
#include "base/result.h"
#include "cli/context.h"
#include "pipeline/run.h"
#include "rules/ast.h"

namespace bank::cli {

struct DetectOptions {
  std::vector<std::string> inputs;  ///< As for FileSource::open.
  std::string rules;                ///< Path of the rules file.
  file::SinkPaths outputs;
  file::SourceOptions source;
  std::size_t threads = 1;  ///< At least 1.
  std::uint64_t records_max = std::numeric_limits<std::uint64_t>::max();
  engine::Options engine{};
};

/// Lateness and thresholds, as the settings say. Errors (config): the thresholds contradict each other.
[[nodiscard]] Result<engine::Options> engine_options(const config::Settings& settings);

/// What the settings say.
[[nodiscard]] Result<DetectOptions> detect_options(const Context& context);

struct Detection {
  rules::RuleSet rules;
  pipeline::Outcome outcome;
  bool reader_gone = false;  ///< Whoever read an output that is a pipe went away; that is then the outcome's error.
};

/// Reads the rules, judges every record, writes the outputs; with progress on the terminal. Errors: the rules are
/// wrong, or nothing could be started; what goes wrong later is in the outcome.
[[nodiscard]] Result<Detection> run_detect(const DetectOptions& options, Context& context);

}  // namespace bank::cli
