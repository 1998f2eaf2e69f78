// The first step of `bank run`: can it succeed?
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "cli/context.h"

namespace bank::cli {

/// Fails where the run could not succeed; what is merely bad is a warning. How full memory and disk are, in words.
[[nodiscard]] Result<std::string> check_health(Context& context, std::uint64_t bytes_needed);

}  // namespace bank::cli
