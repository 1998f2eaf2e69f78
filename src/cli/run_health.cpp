#include "cli/run_health.h"

#include <fmt/format.h>

#include <filesystem>

#include "adapters/file/file_sink.h"
#include "cli/human.h"
#include "cli/monitor.h"
#include "monitor/host.h"

namespace bank::cli {
namespace {

/// Whether files can be made in the directory; makes it if it is missing.
Result<void> check_writable(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return fail(fmt::format("cannot make the folder {}: {}", directory, error.message()));
  const auto file = file::OutputFile::create((std::filesystem::path(directory) / "health-check").string());
  if (!file) return std::unexpected(file.error());
  return {};
}

}  // namespace

Result<std::string> check_health(Context& context, std::uint64_t bytes_needed) {
  const std::string& directory = context.settings.string("data_dir");
  if (auto writable = check_writable(directory); !writable) return std::unexpected(writable.error());
  if (const auto space = monitor::disk_space_of(directory); space && space->available < bytes_needed) {
    return fail(
        fmt::format("{} has {} of free space, and this run needs about {}; use another --data-dir or a smaller --count",
                    directory, human_bytes(static_cast<std::int64_t>(space->available)),
                    human_bytes(static_cast<std::int64_t>(bytes_needed))));
  }
  const monitor::Health health = monitor::look(health_providers(context), context.clock.wall_us());
  std::string detail;
  for (const monitor::Check& check : health.checks) {
    if (check.name != "memory" && check.name != "disk") continue;
    if (check.status == monitor::Status::warning || check.status == monitor::Status::critical)
      context.terminal.warn(fmt::format("{}: {}", check.name, visible(check.text)));
    if (check.value) detail += fmt::format("{}{} {:.0f} % used", detail.empty() ? "" : ", ", check.name, *check.value);
  }
  return detail;
}

}  // namespace bank::cli
