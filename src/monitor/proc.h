// What the files of /proc and of a control group say. Each takes a file's text and gives nothing where it isn't as
// expected.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace bank::monitor {

/// The text of a small file; nothing if it can't be read or is larger than 1 MiB.
[[nodiscard]] std::optional<std::string> read_small_file(const std::filesystem::path& path);

/// Processor time since the start, in ticks, of all cores together.
struct CpuTimes {
  std::uint64_t busy = 0;
  std::uint64_t total = 0;
  int cores = 0;
};
[[nodiscard]] std::optional<CpuTimes> parse_cpu_times(std::string_view stat);  ///< /proc/stat

struct Memory {
  std::uint64_t total = 0;  ///< Bytes, all of them.
  std::uint64_t available = 0;
  std::uint64_t swap_total = 0;
  std::uint64_t swap_free = 0;
};
[[nodiscard]] std::optional<Memory> parse_meminfo(std::string_view meminfo);  ///< /proc/meminfo

[[nodiscard]] std::optional<double> parse_first_number(std::string_view text);  ///< /proc/loadavg, /proc/uptime

struct OpenFiles {
  std::uint64_t open = 0;
  std::uint64_t max = 0;
};
[[nodiscard]] std::optional<OpenFiles> parse_file_nr(std::string_view file_nr);  ///< /proc/sys/fs/file-nr
[[nodiscard]] std::optional<std::uint64_t> parse_open_files_limit(
    std::string_view limits);  ///< /proc/self/limits, the soft one

struct Process {
  std::uint64_t resident = 0;  ///< Bytes.
  std::uint64_t threads = 0;
};
[[nodiscard]] std::optional<Process> parse_process(std::string_view status);  ///< /proc/self/status

/// A process's start, in clock ticks since the machine's.
[[nodiscard]] std::optional<std::uint64_t> parse_start_ticks(std::string_view stat);  ///< /proc/self/stat

/// The path of the process's control group in the unified (v2) hierarchy; nothing without one.
[[nodiscard]] std::optional<std::string> parse_cgroup_path(std::string_view cgroup);  ///< /proc/self/cgroup

/// A whole number; nothing for anything else, `max` too.
[[nodiscard]] std::optional<std::uint64_t> parse_whole(std::string_view text);  ///< memory.max, memory.current
/// Cores that may be used; nothing where there is no limit.
[[nodiscard]] std::optional<double> parse_cpu_max(std::string_view text);  ///< cpu.max
/// The number behind a name in a file of `name number` lines.
[[nodiscard]] std::optional<std::uint64_t> parse_named(std::string_view text,
                                                       std::string_view name);  ///< cpu.stat, memory.stat

}  // namespace bank::monitor
