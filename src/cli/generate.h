// The generated files of `bank generate`, for `bank run` too.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "cli/context.h"
#include "generator/produce.h"

namespace bank::cli {

struct GenerateOptions {
  generator::Options generator;
  generator::Format format = generator::Format::jsonl;
  std::string transactions;  ///< Where they go; `-`: stdout.
  std::string labels;        ///< Empty: nowhere.
  unsigned threads = 1;      ///< At least 1.
  bool paced = false;        ///< In real time.
};

/// What the settings say; the data begins on its default day.
[[nodiscard]] Result<GenerateOptions> generate_options(const Context& context);

struct Generated {
  generator::Totals totals;
  std::uint64_t bytes = 0;  ///< Of transactions.
  double seconds = 0;
};

/// Writes both files, or neither; with progress on the terminal.
[[nodiscard]] Result<Generated> run_generate(const GenerateOptions& options, Context& context);

}  // namespace bank::cli
