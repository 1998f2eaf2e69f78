// Numbers for people.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace bank::cli {

[[nodiscard]] std::string with_commas(std::int64_t number);                  ///< `1,234,567`
[[nodiscard]] std::string human_bytes(std::int64_t bytes);                   ///< `12.3 MiB`, `512 B`
[[nodiscard]] std::string human_seconds(double seconds);                     ///< `4.1 s`, `85 ms`, `2 min 05 s`
[[nodiscard]] std::string human_rate(double per_second);                     ///< `2,310,000/s`, three digits
[[nodiscard]] std::string human_percent(double fraction, int decimals = 1);  ///< 0.934 → `93.4 %`
/// `1 record`, `1,234 records`.
[[nodiscard]] std::string counted(std::integral auto number, std::string_view noun) {
  return with_commas(static_cast<std::int64_t>(number)).append(" ").append(noun).append(number == 1 ? "" : "s");
}
/// A bar of `columns` blocks at most, filled to `fraction` (0–1) in eighths of a block; at least a sliver where
/// fraction > 0.
[[nodiscard]] std::string bar(double fraction, int columns);

}  // namespace bank::cli
