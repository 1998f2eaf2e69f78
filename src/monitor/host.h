// The health of the machine, or of the container, that it runs in.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "monitor/check.h"
#include "monitor/proc.h"

namespace bank::monitor {

/// Space of a file system, in bytes; `available` is what may be used by this user.
struct DiskSpace {
  std::uint64_t total = 0;
  std::uint64_t free = 0;
  std::uint64_t available = 0;
};
/// The file system that `path` is on, or that the nearest folder above it that exists is on.
[[nodiscard]] std::optional<DiskSpace> disk_space_of(const std::filesystem::path& path);

struct HostOptions {
  std::filesystem::path root = "/";  ///< Where `proc` and `sys` are; tests put a tree of their own there.
  std::filesystem::path data_dir;    ///< The disk that counts.
  std::int64_t cpu_sample_us =
      250'000;  ///< How long the first look measures the processor; later ones measure since the last.
  Thresholds cpu_percent{80, 95};
  Thresholds memory_percent{80, 95};
  Thresholds disk_percent{85, 95};
  Thresholds load_per_core{1.5, 4};
  Thresholds open_files_percent{70, 90};
  std::function<std::optional<DiskSpace>(const std::filesystem::path&)> disk = disk_space_of;
};

/// Checks `cpu`, `memory`, `swap`, `disk`, `load`, `open_files` (this process's), `system_open_files`, `uptime`,
/// `process`. In a control group (v2) with limits, as in a container, `cpu` and `memory` are shares of the tightest
/// limit on the way up.
class HostProvider final : public CheckProvider {
 public:
  /// `clock` outlives it; it sleeps by it at the first look.
  HostProvider(HostOptions options, Clock& clock) : options_(std::move(options)), clock_(clock) {}
  void look(std::vector<Check>& out) override;

 private:
  struct CpuSample {
    std::int64_t at_ns = 0;
    std::optional<CpuTimes> host;
    std::optional<std::uint64_t> group_usage_us;
  };
  struct CpuLimit {
    std::filesystem::path folder;
    double cores = 0;
  };
  struct MemoryLimit {
    std::filesystem::path folder;
    std::uint64_t bytes = 0;
  };

  [[nodiscard]] std::optional<std::string> proc(const std::string& name) const;
  [[nodiscard]] std::vector<std::filesystem::path> group_folders() const;
  [[nodiscard]] std::optional<CpuLimit> cpu_limit() const;
  [[nodiscard]] CpuSample sample_cpu(const std::optional<CpuLimit>& limit) const;
  [[nodiscard]] Check cpu();
  [[nodiscard]] std::optional<MemoryLimit> memory_limit() const;
  [[nodiscard]] Check group_memory(const MemoryLimit& limit) const;
  [[nodiscard]] Check memory() const;
  [[nodiscard]] Check swap() const;
  [[nodiscard]] Check disk() const;
  [[nodiscard]] Check load() const;
  [[nodiscard]] Check open_files() const;
  [[nodiscard]] Check system_open_files() const;
  [[nodiscard]] Check uptime() const;
  [[nodiscard]] Check process() const;

  HostOptions options_;
  Clock& clock_;
  std::optional<CpuSample> last_cpu_;
};

}  // namespace bank::monitor
