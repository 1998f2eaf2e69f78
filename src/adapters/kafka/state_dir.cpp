#include "adapters/kafka/state_dir.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

namespace bank::kafka {
namespace {

namespace fs = std::filesystem;

constexpr int slots_max = 1024;
constexpr mode_t file_mode = 0644;

// Groups and instances may have any name; a folder's must be one word of a path.
std::string as_file_name(std::string_view name) {
  std::string safe;
  for (const char c : name) {
    const bool harmless = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                          c == '_' || (c == '.' && !safe.empty());
    if (harmless) {
      safe += c;
    } else {
      safe += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    }
  }
  return safe;
}

Error cannot(std::string_view doing, const std::string& path, int error_number) {
  return {ErrorKind::runtime, fmt::format("{}: {}: {} (kafka.state_dir names another place)", path, doing,
                                          std::generic_category().message(error_number))};
}

// Of what several processes write at once, the first stays: linked into place whole, or not.
Result<std::string> identity_of(const std::string& root, const std::string& new_identity) {
  const std::string path = root + "/identity";
  for (int attempt = 0; attempt < 2; ++attempt) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
      std::array<char, 64> text{};
      const ssize_t bytes = read(file, text.data(), text.size());
      close(file);
      if (bytes <= 0) return std::unexpected(cannot("it should hold a word, and can't be read", path, EIO));
      return std::string(text.data(), static_cast<std::size_t>(bytes));
    }
    if (errno != ENOENT) return std::unexpected(cannot("cannot read", path, errno));
    const std::string temporary = fmt::format("{}.{}", path, getpid());
    const int made = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, file_mode);
    if (made < 0) return std::unexpected(cannot("cannot write", temporary, errno));
    const ssize_t written = write(made, new_identity.data(), new_identity.size());
    const int error_number = errno;
    close(made);
    if (written != static_cast<ssize_t>(new_identity.size())) {
      unlink(temporary.c_str());
      return std::unexpected(cannot("cannot write", temporary, error_number));
    }
    const int linked = link(temporary.c_str(), path.c_str());
    if (linked != 0 && errno != EEXIST) {  // where it exists, another was first
      const int link_error = errno;
      unlink(temporary.c_str());
      return std::unexpected(cannot("cannot write", path, link_error));
    }
    unlink(temporary.c_str());
  }
  return std::unexpected(cannot("cannot write", path, EIO));
}

// The lock's descriptor, or -1 where another process holds it.
Result<int> try_lock(const std::string& path) {
  const std::string file = path + "/lock";
  const int lock = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, file_mode);
  if (lock < 0) return std::unexpected(cannot("cannot open", file, errno));
  if (flock(lock, LOCK_EX | LOCK_NB) == 0) return lock;
  const int error_number = errno;
  close(lock);
  if (error_number == EWOULDBLOCK) return -1;
  return std::unexpected(cannot("cannot lock", file, error_number));
}

}  // namespace

Result<StateDir> StateDir::claim(const std::string& root, const std::string& group, const std::string& instance,
                                 const std::string& new_identity) {
  const auto claim_slot = [&](const std::string& slot) -> Result<std::pair<std::string, int>> {
    std::string path = fmt::format("{}/{}/{}", root, as_file_name(group), as_file_name(slot));
    std::error_code error;
    fs::create_directories(path, error);
    if (error) return std::unexpected(cannot("cannot make this folder", path, error.value()));
    const Result<int> lock = try_lock(path);
    if (!lock) return std::unexpected(lock.error());
    return std::pair{std::move(path), *lock};
  };
  if (!instance.empty()) {
    Result<std::pair<std::string, int>> claimed = claim_slot("instance-" + instance);
    if (!claimed) return std::unexpected(claimed.error());
    if (claimed->second < 0) {
      return fail_config(
          fmt::format("instance {} of group {} is running already on this machine; each detector needs "
                      "a name of its own (kafka.instance), or none",
                      instance, group));
    }
    return StateDir(std::move(claimed->first), fmt::format("{}-instance/{}", group, as_file_name(instance)),
                    claimed->second);
  }
  for (int slot = 0; slot < slots_max; ++slot) {
    Result<std::pair<std::string, int>> claimed = claim_slot(fmt::format("{}", slot));
    if (!claimed) return std::unexpected(claimed.error());
    if (claimed->second < 0) continue;
    const Result<std::string> identity = identity_of(root, new_identity);
    if (!identity) {
      close(claimed->second);
      return std::unexpected(identity.error());
    }
    return StateDir(std::move(claimed->first), fmt::format("{}-machine/{}/{}", group, as_file_name(*identity), slot),
                    claimed->second);
  }
  return fail(fmt::format("{}: {} detectors of group {} run here already", root, slots_max, group));
}

StateDir::StateDir(StateDir&& other) noexcept
    : path_(std::move(other.path_)), name_(std::move(other.name_)), lock_(std::exchange(other.lock_, -1)) {}

StateDir::~StateDir() {
  if (lock_ >= 0) close(lock_);
}

}  // namespace bank::kafka
