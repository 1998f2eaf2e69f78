#include "cli/input.h"

#include <fmt/format.h>

#include <string>

namespace bank::cli {

Result<file::SourceOptions> input_options(const config::Settings& settings) {
  file::SourceOptions options;
  const std::string& format = settings.string("detect.format");
  if (format == "csv") options.layout = file::Layout::csv;
  if (format == "jsonl") options.layout = file::Layout::json_lines;
  options.never_csv = format == "json";
  std::string spec;
  for (const auto& [field, column] : settings.mapping("detect.map")) {
    spec += fmt::format("{}{}={}", spec.empty() ? "" : ",", field, column);
  }
  if (!spec.empty()) {
    if (Result<void> mapped = options.names.map(spec); !mapped) return std::unexpected(mapped.error());
  }
  return options;
}

}  // namespace bank::cli
