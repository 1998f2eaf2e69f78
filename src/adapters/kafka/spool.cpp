#include "adapters/kafka/spool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace bank::kafka {
namespace {

namespace fs = std::filesystem;

class Descriptor {
 public:
  Descriptor(const std::string& path, int flags) : number_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

std::unexpected<Error> failed(const std::string& path, int error) {
  return fail(fmt::format("{}: cannot write: {}", path, std::strerror(error)));
}

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool ends_within_line(int file) {
  const off_t size = ::lseek(file, 0, SEEK_END);
  char last = '\n';
  return size > 0 && ::pread(file, &last, 1, size - 1) == 1 && last != '\n';
}

}  // namespace

void append_spool_line(std::string& lines, std::string_view record) {
  const std::size_t begin = lines.size();
  lines += record;
  for (std::size_t i = begin; i < lines.size(); ++i) {
    if (lines[i] == '\n' || lines[i] == '\r') lines[i] = '\t';
  }
  lines += '\n';
}

Result<void> append_to_spool(const std::string& path, std::string_view lines) {
  const fs::path folder = fs::path(path).parent_path();
  std::error_code problem;
  if (!folder.empty()) fs::create_directories(folder, problem);
  if (problem) return failed(folder.string(), problem.value());
  const Descriptor file(path, O_RDWR | O_APPEND | O_CREAT);
  if (file.number() < 0 || ::flock(file.number(), LOCK_EX) != 0) return failed(path, errno);
  if (ends_within_line(file.number()) && !write_all(file.number(), "\n")) return failed(path, errno);
  if (!write_all(file.number(), lines) || ::fsync(file.number()) != 0) return failed(path, errno);
  // The name of a new file lasts when its folder is on the disk too.
  const Descriptor directory(folder.empty() ? "." : folder.string(), O_RDONLY | O_DIRECTORY);
  if (directory.number() < 0 || ::fsync(directory.number()) != 0) return failed(path, errno);
  return {};
}

}  // namespace bank::kafka
