#include "monitor/host.h"

#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

#include "monitor/words.h"

namespace bank::monitor {
namespace {

namespace fs = std::filesystem;

Check unknown(std::string name, std::string why) {
  return {.name = std::move(name),
          .status = Status::unknown,
          .value = {},
          .unit = {},
          .thresholds = {},
          .text = std::move(why)};
}

Check judged(std::string name, double value, std::string unit, const Thresholds& thresholds, std::string text) {
  return {.name = std::move(name),
          .status = judge(value, thresholds),
          .value = value,
          .unit = std::move(unit),
          .thresholds = thresholds,
          .text = std::move(text)};
}

Check told(std::string name, double value, std::string unit, std::string text) {
  return {.name = std::move(name),
          .status = Status::ok,
          .value = value,
          .unit = std::move(unit),
          .thresholds = {},
          .text = std::move(text)};
}

double percent_of(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

std::string bytes_of(std::uint64_t bytes) { return bytes_text(static_cast<double>(bytes)); }

std::optional<std::uint64_t> count_entries(const fs::path& folder) {
  std::error_code error;
  std::uint64_t count = 0;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) ++count;
  if (error) return std::nullopt;
  return count;
}

}  // namespace

std::optional<DiskSpace> disk_space_of(const fs::path& path) {
  std::error_code error;
  fs::path place = fs::absolute(path.empty() ? "." : path, error);
  while (!error && !fs::exists(place, error) && place.has_relative_path()) place = place.parent_path();
  struct statvfs space{};
  if (statvfs(place.c_str(), &space) != 0 || space.f_blocks == 0) return std::nullopt;
  const std::uint64_t block = space.f_frsize;
  return DiskSpace{.total = space.f_blocks * block, .free = space.f_bfree * block, .available = space.f_bavail * block};
}

void HostProvider::look(std::vector<Check>& out) {
  out.push_back(cpu());
  out.push_back(memory());
  out.push_back(swap());
  out.push_back(disk());
  out.push_back(load());
  out.push_back(open_files());
  out.push_back(system_open_files());
  out.push_back(uptime());
  out.push_back(process());
}

std::optional<std::string> HostProvider::proc(const std::string& name) const {
  return read_small_file(options_.root / "proc" / name);
}

/// The folders of the process's control group and of those above it, innermost first.
std::vector<fs::path> HostProvider::group_folders() const {
  const auto text = proc("self/cgroup");
  const auto path = text ? parse_cgroup_path(*text) : std::nullopt;
  std::vector<fs::path> folders;
  if (!path) return folders;
  const fs::path mount = options_.root / "sys/fs/cgroup";
  fs::path group = fs::path(*path).relative_path().lexically_normal();
  // A path that leads out of the mount is of another namespace; what is mounted is then the process's own.
  if (!group.empty() && *group.begin() == "..") group.clear();
  for (; !group.empty(); group = group.parent_path()) folders.push_back(mount / group);
  folders.push_back(mount);
  return folders;
}

std::optional<HostProvider::CpuLimit> HostProvider::cpu_limit() const {
  std::optional<CpuLimit> tightest;
  for (const fs::path& folder : group_folders()) {
    const auto text = read_small_file(folder / "cpu.max");
    const auto cores = text ? parse_cpu_max(*text) : std::nullopt;
    if (cores && (!tightest || *cores < tightest->cores)) tightest = CpuLimit{.folder = folder, .cores = *cores};
  }
  return tightest;
}

HostProvider::CpuSample HostProvider::sample_cpu(const std::optional<CpuLimit>& limit) const {
  CpuSample sample{.at_ns = clock_.monotonic_ns(), .host = {}, .group_usage_us = {}};
  if (const auto stat = proc("stat")) sample.host = parse_cpu_times(*stat);
  if (limit) {
    if (const auto stat = read_small_file(limit->folder / "cpu.stat"))
      sample.group_usage_us = parse_named(*stat, "usage_usec");
  }
  return sample;
}

Check HostProvider::cpu() {
  const std::optional<CpuLimit> limit = cpu_limit();
  if (!last_cpu_) {
    last_cpu_ = sample_cpu(limit);
    clock_.sleep_until_ns(last_cpu_->at_ns + options_.cpu_sample_us * 1000);
  }
  const CpuSample before = *last_cpu_;
  const CpuSample now = sample_cpu(limit);
  last_cpu_ = now;
  const auto elapsed_us = static_cast<double>(now.at_ns - before.at_ns) / 1000;

  const bool limited = limit && now.host && limit->cores < now.host->cores;
  if (limited && before.group_usage_us && now.group_usage_us && elapsed_us > 0) {
    const auto used_us =
        static_cast<double>(*now.group_usage_us - std::min(*before.group_usage_us, *now.group_usage_us));
    const double percent = 100 * used_us / (elapsed_us * limit->cores);
    return judged("cpu", percent, "percent", options_.cpu_percent,
                  fmt::format("{:.1f} % of {} (container limit)", percent, cores_text(limit->cores)));
  }
  if (!before.host || !now.host) return unknown("cpu", "/proc/stat cannot be read");
  if (now.host->total <= before.host->total) return unknown("cpu", "processor times did not move");
  const double percent =
      percent_of(now.host->busy - std::min(before.host->busy, now.host->busy), now.host->total - before.host->total);
  return judged("cpu", percent, "percent", options_.cpu_percent,
                fmt::format("{:.1f} % of {}", percent, cores_text(now.host->cores)));
}

std::optional<HostProvider::MemoryLimit> HostProvider::memory_limit() const {
  std::optional<MemoryLimit> tightest;
  for (const fs::path& folder : group_folders()) {
    const auto text = read_small_file(folder / "memory.max");
    const std::uint64_t bytes = text ? parse_whole(*text).value_or(0) : 0;
    if (bytes != 0 && (!tightest || bytes < tightest->bytes)) tightest = MemoryLimit{.folder = folder, .bytes = bytes};
  }
  return tightest;
}

Check HostProvider::group_memory(const MemoryLimit& limit) const {
  const auto current = read_small_file(limit.folder / "memory.current");
  const auto used = current ? parse_whole(*current) : std::nullopt;
  if (!used) return unknown("memory", "memory.current of the control group cannot be read");
  // File pages that were not used lately are given back before anything else: they are not a need.
  const auto stat = read_small_file(limit.folder / "memory.stat");
  const std::uint64_t reclaimable = stat ? parse_named(*stat, "inactive_file").value_or(0) : 0;
  const std::uint64_t needed = *used - std::min(reclaimable, *used);
  const double percent = percent_of(needed, limit.bytes);
  return judged("memory", percent, "percent", options_.memory_percent,
                fmt::format("{:.1f} %: {} of {} (container limit)", percent, bytes_of(needed), bytes_of(limit.bytes)));
}

Check HostProvider::memory() const {
  const auto text = proc("meminfo");
  const Memory host = (text ? parse_meminfo(*text) : std::nullopt).value_or(Memory{});
  const auto limit = memory_limit();
  if (limit && (host.total == 0 || limit->bytes < host.total)) return group_memory(*limit);
  if (host.total == 0) return unknown("memory", "/proc/meminfo cannot be read");
  const std::uint64_t used = host.total - host.available;
  const double percent = percent_of(used, host.total);
  return judged("memory", percent, "percent", options_.memory_percent,
                fmt::format("{:.1f} %: {} of {}", percent, bytes_of(used), bytes_of(host.total)));
}

Check HostProvider::swap() const {
  const auto text = proc("meminfo");
  const auto host = text ? parse_meminfo(*text) : std::nullopt;
  if (!host) return unknown("swap", "/proc/meminfo cannot be read");
  if (host->swap_total == 0) return told("swap", 0, "percent", "none");
  const std::uint64_t used = host->swap_total - host->swap_free;
  const double percent = percent_of(used, host->swap_total);
  return told("swap", percent, "percent",
              fmt::format("{:.1f} %: {} of {}", percent, bytes_of(used), bytes_of(host->swap_total)));
}

Check HostProvider::disk() const {
  const auto space = options_.disk(options_.data_dir);
  if (!space || space->total == 0)
    return unknown("disk", fmt::format("the disk of {} cannot be asked", options_.data_dir.string()));
  // As df does: what is kept for the superuser is neither used nor to be had.
  const std::uint64_t used = space->total - std::min(space->free, space->total);
  const double percent = percent_of(used, used + space->available);
  return judged("disk", percent, "percent", options_.disk_percent,
                fmt::format("{:.1f} %: {} free where {} is", percent, bytes_of(space->available),
                            options_.data_dir.empty() ? "this folder" : options_.data_dir.string()));
}

Check HostProvider::load() const {
  const auto text = proc("loadavg");
  const auto load = text ? parse_first_number(*text) : std::nullopt;
  const auto stat = proc("stat");
  const auto times = stat ? parse_cpu_times(*stat) : std::nullopt;
  if (!load || !times) return unknown("load", "/proc/loadavg or /proc/stat cannot be read");
  const double per_core = *load / times->cores;
  return judged("load", per_core, "per_core", options_.load_per_core,
                fmt::format("{:.2f} a core: {:.2f} over one minute, {}", per_core, *load, cores_text(times->cores)));
}

Check HostProvider::open_files() const {
  const auto open = count_entries(options_.root / "proc/self/fd");
  if (!open) return unknown("open_files", "/proc/self/fd cannot be read");
  const auto limits = proc("self/limits");
  if (!limits) return unknown("open_files", "/proc/self/limits cannot be read");
  const auto limit = parse_open_files_limit(*limits);
  if (!limit) return told("open_files", 0, "percent", fmt::format("{} by this process, no limit", *open));
  const double percent = percent_of(*open, *limit);
  return judged("open_files", percent, "percent", options_.open_files_percent,
                fmt::format("{} of {} by this process", *open, *limit));
}

Check HostProvider::system_open_files() const {
  const auto text = proc("sys/fs/file-nr");
  const auto files = text ? parse_file_nr(*text) : std::nullopt;
  if (!files) return unknown("system_open_files", "/proc/sys/fs/file-nr cannot be read");
  const double percent = percent_of(files->open, files->max);
  // The kernel's maximum is often set to "never".
  const bool unlimited = files->max > std::uint64_t{1} << 60;
  return judged("system_open_files", percent, "percent", options_.open_files_percent,
                unlimited ? fmt::format("{} on this machine, no limit", files->open)
                          : fmt::format("{} of {} on this machine", files->open, files->max));
}

Check HostProvider::uptime() const {
  const auto text = proc("uptime");
  const auto seconds = text ? parse_first_number(*text) : std::nullopt;
  if (!seconds) return unknown("uptime", "/proc/uptime cannot be read");
  return told("uptime", *seconds, "seconds", duration_text(*seconds));
}

Check HostProvider::process() const {
  const auto text = proc("self/status");
  const auto own = text ? parse_process(*text) : std::nullopt;
  if (!own) return unknown("process", "/proc/self/status cannot be read");
  std::string words =
      fmt::format("{} resident, {} thread{}", bytes_of(own->resident), own->threads, own->threads == 1 ? "" : "s");
  const auto stat = proc("self/stat");
  const auto start = stat ? parse_start_ticks(*stat) : std::nullopt;
  const auto uptime_text = proc("uptime");
  const auto uptime = uptime_text ? parse_first_number(*uptime_text) : std::nullopt;
  const long ticks_per_second = sysconf(_SC_CLK_TCK);
  if (start && uptime && ticks_per_second > 0) {
    words +=
        ", running " + duration_text(*uptime - static_cast<double>(*start) / static_cast<double>(ticks_per_second));
  }
  return told("process", static_cast<double>(own->resident), "bytes", words);
}

}  // namespace bank::monitor
