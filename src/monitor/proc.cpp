#include "monitor/proc.h"

#include <array>
#include <charconv>
#include <fstream>
#include <limits>
#include <vector>

namespace bank::monitor {
namespace {

std::vector<std::string_view> words_of(std::string_view line) {
  constexpr std::string_view space = " \t\n\r";
  std::vector<std::string_view> words;
  for (std::size_t at = line.find_first_not_of(space); at != std::string_view::npos;) {
    const std::size_t end = std::min(line.find_first_of(space, at), line.size());
    words.push_back(line.substr(at, end - at));
    at = line.find_first_not_of(space, end);
  }
  return words;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

template <typename Number>
std::optional<Number> number_of(std::string_view word) {
  Number number{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return number;
}

/// `MemTotal:  24 kB` as bytes.
std::optional<std::uint64_t> kilobytes(std::string_view text, std::string_view name) {
  const auto number = parse_named(text, name);
  if (!number || *number > std::numeric_limits<std::uint64_t>::max() / 1024) return std::nullopt;
  return *number * 1024;
}

}  // namespace

std::optional<std::string> read_small_file(const std::filesystem::path& path) {
  constexpr std::size_t limit = 1 << 20;
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string text;
  std::array<char, 4096> block{};
  // Sizes of files in /proc are 0, so that reading to the end is the only way.
  while (file.read(block.data(), block.size()) || file.gcount() > 0) {
    text.append(block.data(), static_cast<std::size_t>(file.gcount()));
    if (text.size() > limit) return std::nullopt;
  }
  if (file.bad()) return std::nullopt;
  return text;
}

std::optional<CpuTimes> parse_cpu_times(std::string_view stat) {
  CpuTimes times;
  bool found = false;
  for (const std::string_view line : lines_of(stat)) {
    const auto words = words_of(line);
    if (words.empty() || !words[0].starts_with("cpu")) continue;
    if (words[0] != "cpu") {
      ++times.cores;
      continue;
    }
    // user nice system idle iowait irq softirq steal; guest times, behind, are in user and nice already.
    if (words.size() < 5) return std::nullopt;
    for (std::size_t i = 1; i < words.size() && i <= 8; ++i) {
      const auto ticks = number_of<std::uint64_t>(words[i]);
      if (!ticks) return std::nullopt;
      times.total += *ticks;
      if (i != 4 && i != 5) times.busy += *ticks;
    }
    found = true;
  }
  if (!found || times.cores == 0) return std::nullopt;
  return times;
}

std::optional<Memory> parse_meminfo(std::string_view meminfo) {
  const auto total = kilobytes(meminfo, "MemTotal:");
  const auto available = kilobytes(meminfo, "MemAvailable:");
  if (!total || !available || *total == 0 || *available > *total) return std::nullopt;
  Memory memory{.total = *total, .available = *available};
  memory.swap_total = kilobytes(meminfo, "SwapTotal:").value_or(0);
  memory.swap_free = std::min(kilobytes(meminfo, "SwapFree:").value_or(0), memory.swap_total);
  return memory;
}

std::optional<double> parse_first_number(std::string_view text) {
  const auto words = words_of(text);
  if (words.empty()) return std::nullopt;
  const auto number = number_of<double>(words[0]);
  return number && *number >= 0 && *number < 1e18 ? number : std::nullopt;
}

std::optional<OpenFiles> parse_file_nr(std::string_view file_nr) {
  const auto words = words_of(file_nr);
  if (words.size() != 3) return std::nullopt;
  const auto open = number_of<std::uint64_t>(words[0]);
  const auto max = number_of<std::uint64_t>(words[2]);
  if (!open || !max || *max == 0) return std::nullopt;
  return OpenFiles{.open = *open, .max = *max};
}

std::optional<std::uint64_t> parse_open_files_limit(std::string_view limits) {
  constexpr std::string_view name = "Max open files";
  for (const std::string_view line : lines_of(limits)) {
    if (!line.starts_with(name)) continue;
    const auto words = words_of(line.substr(name.size()));
    return words.empty() ? std::nullopt : number_of<std::uint64_t>(words[0]);
  }
  return std::nullopt;
}

std::optional<Process> parse_process(std::string_view status) {
  const auto resident = kilobytes(status, "VmRSS:");
  const auto threads = parse_named(status, "Threads:");
  if (!resident || !threads) return std::nullopt;
  return Process{.resident = *resident, .threads = *threads};
}

std::optional<std::uint64_t> parse_start_ticks(std::string_view stat) {
  // The second word is the program's name in brackets, and may hold blanks and brackets.
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  const auto words = words_of(stat.substr(name_end + 1));
  constexpr std::size_t start_time = 22 - 3;
  return words.size() > start_time ? number_of<std::uint64_t>(words[start_time]) : std::nullopt;
}

std::optional<std::string> parse_cgroup_path(std::string_view cgroup) {
  for (const std::string_view line : lines_of(cgroup)) {
    if (line.starts_with("0::/")) return std::string(line.substr(3));
  }
  return std::nullopt;
}

std::optional<std::uint64_t> parse_whole(std::string_view text) {
  const auto words = words_of(text);
  return words.size() == 1 ? number_of<std::uint64_t>(words[0]) : std::nullopt;
}

std::optional<double> parse_cpu_max(std::string_view text) {
  const auto words = words_of(text);
  if (words.size() != 2) return std::nullopt;
  const auto quota = number_of<std::uint64_t>(words[0]);
  const auto period = number_of<std::uint64_t>(words[1]);
  if (!quota || !period || *quota == 0 || *period == 0) return std::nullopt;
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

std::optional<std::uint64_t> parse_named(std::string_view text, std::string_view name) {
  for (const std::string_view line : lines_of(text)) {
    const auto words = words_of(line);
    if (words.size() >= 2 && words[0] == name) return number_of<std::uint64_t>(words[1]);
  }
  return std::nullopt;
}

}  // namespace bank::monitor
