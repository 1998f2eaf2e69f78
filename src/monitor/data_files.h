// The health of the data: are the files there, and how old are they?
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "monitor/check.h"

namespace bank::monitor {

struct DataFilesOptions {
  std::vector<std::string> files;
  /// A file that was last written longer ago is a warning.
  std::int64_t max_age_us = std::numeric_limits<std::int64_t>::max();
  /// The time of a record (a line without its end), in microseconds since 1970 UTC; nothing if it has none. Unset:
  /// records aren't looked at.
  std::function<std::optional<std::int64_t>(std::string_view)> record_time;
};

/// A check `file:PATH` each: presence, size, age, and the time of the last whole record of plain files. A file that is
/// missing, empty or too old is a warning, one that can't be looked at is unknown: data that is not there yet is no
/// reason to stop a pipeline that makes it.
class DataFilesProvider final : public CheckProvider {
 public:
  /// `clock` outlives it.
  DataFilesProvider(DataFilesOptions options, const Clock& clock) : options_(std::move(options)), clock_(clock) {}
  void look(std::vector<Check>& out) override;

 private:
  [[nodiscard]] Check look_at(const std::string& path) const;

  DataFilesOptions options_;
  const Clock& clock_;
};

/// The last line of a file that is not blank and is ended by a newline; looks at the last 64 KiB only. Nothing if there
/// is none.
[[nodiscard]] std::optional<std::string> last_record(const std::string& path);

}  // namespace bank::monitor
