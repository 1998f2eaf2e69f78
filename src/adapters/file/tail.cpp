#include "adapters/file/tail.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "base/hash.h"

namespace bank::file {
namespace {

constexpr std::int64_t head_bytes_max = 256;
constexpr std::size_t padding = 64;

std::int64_t number_of(std::string_view text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

// `offset:bytes of the head:its fingerprint`
Tail::Tail(std::string path, std::string_view position) : path_(std::move(path)) {
  const std::size_t first = position.find(':');
  const std::size_t second = position.find(':', first == std::string_view::npos ? first : first + 1);
  if (second == std::string_view::npos) return;
  offset_ = number_of(position.substr(0, first));
  head_bytes_ = number_of(position.substr(first + 1, second - first - 1));
  head_ = position.substr(second + 1);
  resuming_ = offset_ > 0;
}

Tail::~Tail() { close(); }

void Tail::close() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

std::string Tail::head(std::int64_t bytes) const {
  std::string text(static_cast<std::size_t>(std::min(bytes, head_bytes_max)), '\0');
  const ssize_t got = ::pread(descriptor_, text.data(), text.size(), 0);
  text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  const Fingerprint print = fingerprint(text);
  return fmt::format("{:016x}{:016x}", print.high, print.low);
}

// False: there is no file.
Result<bool> Tail::open() {
  descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0 && errno == ENOENT) return false;
  struct stat status{};
  if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0) {
    return fail(fmt::format("cannot read {}: {}", path_, std::strerror(errno)));
  }
  device_ = status.st_dev;
  inode_ = status.st_ino;
  const bool same = resuming_ && status.st_size >= offset_ && head(head_bytes_) == head_;
  if (!same) offset_ = head_bytes_ = 0;
  resuming_ = skipping_ = false;
  return true;
}

bool Tail::is_replaced() const {
  struct stat status{};
  if (::stat(path_.c_str(), &status) != 0) return false;  // taken away, and perhaps to come anew
  return status.st_dev != device_ || status.st_ino != inode_;
}

Result<std::vector<std::string_view>> Tail::next(std::size_t bytes_max) {
  std::vector<std::string_view> lines;
  if (descriptor_ < 0) {
    const Result<bool> opened = open();
    if (!opened) return std::unexpected(opened.error());
    if (!*opened) return lines;
  }
  struct stat status{};
  const bool shrunk = ::fstat(descriptor_, &status) == 0 && status.st_size < offset_;
  if (shrunk || (head_bytes_ > 0 && head(head_bytes_) != head_)) {
    offset_ = head_bytes_ = 0;
    skipping_ = false;
  }
  buffer_.resize(std::max(bytes_max, tail_line_bytes_max) + padding);
  const ssize_t got = ::pread(descriptor_, buffer_.data(), buffer_.size() - padding, offset_);
  if (got < 0) return fail(fmt::format("cannot read {}: {}", path_, std::strerror(errno)));
  if (got == 0 && is_replaced()) {
    close();
    return next(bytes_max);
  }
  const std::string_view text(buffer_.data(), static_cast<std::size_t>(got));
  std::size_t begin = 0;
  while (begin < bytes_max) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string_view::npos) break;
    if (!skipping_ && end - begin > 0) lines.push_back(text.substr(begin, end - begin));
    skipping_ = false;
    begin = end + 1;
  }
  if (begin == 0 && text.size() > tail_line_bytes_max - 1) {
    if (!skipping_) ++left_out_;
    skipping_ = true;
    begin = text.size();
  }
  offset_ += static_cast<std::int64_t>(begin);
  if (head_bytes_ < std::min(offset_, head_bytes_max)) {
    head_bytes_ = std::min(offset_, head_bytes_max);
    head_ = head(head_bytes_);
  }
  return lines;
}

std::string Tail::position() const { return fmt::format("{}:{}:{}", offset_, head_bytes_, head_); }

std::int64_t Tail::bytes_left() const {
  struct stat status{};
  if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0) return 0;
  return std::max<std::int64_t>(0, status.st_size - offset_);
}

}  // namespace bank::file
