// Where records wait that could not be sent.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace bank::kafka {

/// Appends `record` as one line. Line ends within it, which only white space of JSON can hold, become tabs: what is
/// valid stays valid and the same, what isn't stays invalid.
void append_spool_line(std::string& lines, std::string_view record);

/// Appends whole lines to the file, and brings them to the disk. Makes the file, and its folder, where they are
/// missing. A line that a crash has cut short is ended first, so that it spoils no other. Processes that append at the
/// same time wait for each other. Errors (runtime): what the system says, with the path.
[[nodiscard]] Result<void> append_to_spool(const std::string& path, std::string_view lines);

}  // namespace bank::kafka
