// Quantities in words, for the text of a check.
#pragma once

#include <cstdint>
#include <string>

namespace bank::monitor {

[[nodiscard]] std::string bytes_text(double bytes);        ///< `12.3 MiB`
[[nodiscard]] std::string duration_text(double seconds);   ///< `42 s`, `5 min`, `3 h 20 min`, `12 d 4 h`
[[nodiscard]] std::string cores_text(double cores);        ///< `1 core`, `2 cores`, `0.5 cores`
[[nodiscard]] std::string utc_text(std::int64_t wall_us);  ///< `2026-03-02T10:00:00Z`

}  // namespace bank::monitor
