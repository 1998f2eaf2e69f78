#include "cli/human.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace bank::cli {

std::string with_commas(std::int64_t number) {
  std::string text = fmt::format("{}", number);
  const std::ptrdiff_t first = number < 0 ? 1 : 0;
  for (std::ptrdiff_t at = std::ssize(text) - 3; at > first; at -= 3) text.insert(static_cast<std::size_t>(at), 1, ',');
  return text;
}

std::string human_bytes(std::int64_t bytes) {
  constexpr std::array<std::string_view, 5> units = {"KiB", "MiB", "GiB", "TiB", "PiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  // 1023.95 would print as 1024.0
  for (; value >= 1023.95 && unit + 1 < units.size(); ++unit) value /= 1024;
  return fmt::format("{:.1f} {}", value, units[unit]);
}

std::string human_seconds(double seconds) {
  if (seconds < 0.9995) return fmt::format("{:.0f} ms", seconds * 1000);
  if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

std::string human_rate(double per_second) {
  if (!std::isfinite(per_second) || per_second < 0) return "-";
  const double digits = per_second < 1000 ? 1 : std::pow(10, std::floor(std::log10(per_second)) - 2);
  return with_commas(std::llround(std::round(per_second / digits) * digits)) + "/s";
}

std::string human_percent(double fraction, int decimals) { return fmt::format("{:.{}f} %", fraction * 100, decimals); }

std::string bar(double fraction, int columns) {
  constexpr std::array<std::string_view, 8> eighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  if (!(fraction > 0)) return {};
  const int filled = std::max(1, static_cast<int>(std::lround(std::min(fraction, 1.0) * columns * 8)));
  std::string text;
  for (int i = 0; i < filled / 8; ++i) text += "█";
  text += eighths[static_cast<std::size_t>(filled % 8)];
  return text;
}

}  // namespace bank::cli
