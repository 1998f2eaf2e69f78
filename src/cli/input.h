// How the commands that read transactions read them: format and column names, by the settings.
#pragma once

#include "adapters/file/file_source.h"
#include "base/result.h"
#include "config/settings.h"

namespace bank::cli {

/// `detect.format` and `detect.map`; the rest as it is by default.
[[nodiscard]] Result<file::SourceOptions> input_options(const config::Settings& settings);

}  // namespace bank::cli
