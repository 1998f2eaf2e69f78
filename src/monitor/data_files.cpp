#include "monitor/data_files.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "monitor/words.h"

namespace bank::monitor {
namespace {

double seconds_of(std::int64_t us) { return static_cast<double>(us) / 1e6; }

std::string ago_text(std::int64_t age_us) {
  return age_us < 0 ? "in the future" : duration_text(seconds_of(age_us)) + " ago";
}

}  // namespace

std::optional<std::string> last_record(const std::string& path) {
  constexpr std::streamoff tail = 64 << 10;
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return std::nullopt;
  const std::streamoff size = file.tellg();
  const std::streamoff begin = std::max<std::streamoff>(0, size - tail);
  if (size <= 0 || !file.seekg(begin)) return std::nullopt;
  std::string text(static_cast<std::size_t>(size - begin), '\0');
  if (!file.read(text.data(), static_cast<std::streamsize>(text.size()))) return std::nullopt;

  const std::size_t whole = text.rfind('\n');
  if (whole == std::string::npos) return std::nullopt;
  const std::size_t last = text.find_last_not_of(" \t\r\n", whole);
  if (last == std::string::npos) return std::nullopt;
  const std::size_t before = text.rfind('\n', last);
  if (before == std::string::npos && begin != 0) return std::nullopt;
  const std::size_t first = before == std::string::npos ? 0 : before + 1;
  return text.substr(first, last + 1 - first);
}

void DataFilesProvider::look(std::vector<Check>& out) {
  for (const std::string& path : options_.files) out.push_back(look_at(path));
}

Check DataFilesProvider::look_at(const std::string& path) const {
  Check check{.name = "file:" + path, .status = Status::ok, .value = {}, .unit = {}, .thresholds = {}, .text = {}};
  struct stat facts{};
  if (stat(path.c_str(), &facts) != 0) {
    const bool missing = errno == ENOENT || errno == ENOTDIR;
    check.status = missing ? Status::warning : Status::unknown;
    check.text = missing ? "missing" : fmt::format("cannot be looked at: {}", std::strerror(errno));
    return check;
  }
  if (!S_ISREG(facts.st_mode)) {
    check.status = Status::unknown;
    check.text = "not a file";
    return check;
  }
  const std::int64_t written_us = std::int64_t{facts.st_mtim.tv_sec} * 1'000'000 + facts.st_mtim.tv_nsec / 1000;
  const std::int64_t age_us = clock_.wall_us() - written_us;
  check.value = seconds_of(age_us);
  check.unit = "seconds";
  if (options_.max_age_us != std::numeric_limits<std::int64_t>::max()) {
    check.thresholds = Thresholds{seconds_of(options_.max_age_us), std::numeric_limits<double>::infinity()};
    check.status = judge(*check.value, *check.thresholds);
  }
  if (facts.st_size == 0) check.status = std::max(check.status, Status::warning);
  check.text =
      fmt::format("{}, written {}", facts.st_size == 0 ? "empty" : bytes_text(static_cast<double>(facts.st_size)),
                  ago_text(age_us));
  if (!options_.record_time) return check;
  const auto record = last_record(path);
  const auto time_us = record ? options_.record_time(*record) : std::nullopt;
  if (time_us) check.text += fmt::format(", last record {}", ago_text(clock_.wall_us() - *time_us));
  return check;
}

}  // namespace bank::monitor
