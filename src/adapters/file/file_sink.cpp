#include "adapters/file/file_sink.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace bank::file {
namespace {

constexpr std::size_t write_buffer_bytes = 256 << 10;

Result<void> make_folder(const std::string& path, const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return fail(fmt::format("{}: cannot make the folder {}: {}", path, folder.string(), error.message()));
  return {};
}

// The name may have been left behind by a process of the same number that was killed.
int create_new(const std::string& name) {
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const int fd = ::open(name.c_str(), flags, 0666);
  if (fd >= 0 || errno != EEXIST) return fd;
  ::unlink(name.c_str());
  return ::open(name.c_str(), flags, 0666);
}

// Whether both names lead to one file, be it there already or not.
bool same_file(const std::string& a, const std::string& b) {
  if (a == "-" || b == "-") return false;
  struct stat a_status{};
  struct stat b_status{};
  const bool a_exists = ::stat(a.c_str(), &a_status) == 0;
  const bool b_exists = ::stat(b.c_str(), &b_status) == 0;
  if (a_exists && b_exists) return a_status.st_dev == b_status.st_dev && a_status.st_ino == b_status.st_ino;
  if (a_exists || b_exists) return false;
  std::error_code error;
  const std::filesystem::path a_path = std::filesystem::weakly_canonical(a, error);
  if (error) return false;
  const std::filesystem::path b_path = std::filesystem::weakly_canonical(b, error);
  return !error && a_path == b_path;
}

}  // namespace

OutputFile::OutputFile(std::string path, Descriptor descriptor, std::string temporary, std::string target)
    : path_(std::move(path)),
      descriptor_(std::move(descriptor)),
      temporary_(std::move(temporary)),
      target_(std::move(target)) {}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::move(other.descriptor_)),
      temporary_(std::exchange(other.temporary_, {})),
      target_(std::move(other.target_)),
      buffer_(std::move(other.buffer_)),
      reader_gone_(other.reader_gone_) {}

OutputFile::~OutputFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<OutputFile> OutputFile::create(const std::string& path) {
  if (path == "-") return OutputFile("stdout", Descriptor(STDOUT_FILENO, false), "", "");
  std::error_code error;
  std::filesystem::path target(path);
  const std::filesystem::file_status status = std::filesystem::status(target, error);
  if (std::filesystem::is_directory(status)) return fail(fmt::format("{}: is a folder; name a file to write to", path));
  if (std::filesystem::is_regular_file(status)) {
    target = std::filesystem::canonical(target, error);  // a link stays one: what it leads to is replaced
    if (error) return fail(fmt::format("{}: cannot write: {}", path, error.message()));
  } else if (std::filesystem::exists(status)) {
    // By the name that was given: what /dev/stdout leads to may be a pipe, which has no name of its own.
    Descriptor direct(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (direct.get() < 0) return fail_system(path, "cannot write", errno);
    return OutputFile(path, std::move(direct), "", "");
  }
  const std::filesystem::path folder = target.has_parent_path() ? target.parent_path() : std::filesystem::path(".");
  if (Result<void> made = make_folder(path, folder); !made) return std::unexpected(made.error());
  const std::string temporary = (folder / fmt::format(".{}.tmp-{}", target.filename().string(), ::getpid())).string();
  Descriptor descriptor(create_new(temporary));
  if (descriptor.get() < 0) return fail_system(path, "cannot write", errno);
  return OutputFile(path, std::move(descriptor), temporary, target.string());
}

Result<OutputFile> OutputFile::create_live(const std::string& path) {
  if (path == "-") return create(path);
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (Result<void> made = make_folder(path, folder.empty() ? "." : folder); !made) return std::unexpected(made.error());
  Descriptor descriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (descriptor.get() < 0) return fail_system(path, "cannot write", errno);
  return OutputFile(path, std::move(descriptor), "", "");
}

Result<void> OutputFile::write(std::string_view bytes) {
  if (buffer_.size() + bytes.size() > write_buffer_bytes) {
    if (Result<void> written = write_out(buffer_); !written) return written;
    buffer_.clear();
  }
  if (bytes.size() >= write_buffer_bytes) return write_out(bytes);
  buffer_ += bytes;
  if (!temporary_.empty()) return {};
  Result<void> written = write_out(buffer_);  // somebody may be looking on
  buffer_.clear();
  return written;
}

Result<void> OutputFile::write_out(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_.get(), bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      reader_gone_ = errno == EPIPE;
      return fail_system(path_, "cannot write", errno);
    }
  }
  return {};
}

Result<void> OutputFile::sync() {
  if (Result<void> written = write_out(buffer_); !written) return written;
  buffer_.clear();
  if (!temporary_.empty() && ::fsync(descriptor_.get()) != 0) return fail_system(path_, "cannot write", errno);
  return {};
}

Result<void> OutputFile::publish() {
  if (temporary_.empty()) return {};
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) return fail_system(path_, "cannot write", errno);
  temporary_.clear();
  const std::filesystem::path folder = std::filesystem::path(target_).parent_path();
  const Descriptor opened(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.get() >= 0) ::fsync(opened.get());  // the new name; a file system that cannot do it loses no contents
  return {};
}

Result<std::unique_ptr<FileSink>> FileSink::open(const SinkPaths& paths) {
  auto sink = std::make_unique<FileSink>();
  const std::pair<const std::string*, std::string pipeline::Outputs::*> wanted[] = {
      {&paths.alerts, &pipeline::Outputs::alerts},
      {&paths.processed, &pipeline::Outputs::processed},
      {&paths.rejected, &pipeline::Outputs::rejected},
  };
  for (const auto& [path, lines] : wanted) {
    if (path->empty()) continue;
    for (const auto& [other, other_lines] : wanted) {
      const bool same = *other == *path || same_file(*other, *path);
      if (other_lines != lines && !other->empty() && same && *path != "/dev/null") {
        return fail_config(fmt::format("{}: two outputs would be written to this one file", *path));
      }
    }
    Result<OutputFile> file = OutputFile::create(*path);
    if (!file) return std::unexpected(file.error());
    sink->outputs_.push_back({std::move(*file), lines});
  }
  return sink;
}

Result<void> FileSink::write(const pipeline::Outputs& outputs) {
  for (Output& output : outputs_) {
    const std::string& lines = outputs.*output.lines;
    if (lines.empty()) continue;
    if (Result<void> written = output.file.write(lines); !written) return written;
  }
  return {};
}

Result<void> FileSink::commit() {
  for (Output& output : outputs_) {
    if (Result<void> synced = output.file.sync(); !synced) return synced;
  }
  std::string in_place;
  for (Output& output : outputs_) {
    const bool direct = output.file.direct();
    if (Result<void> published = output.file.publish(); !published) {
      if (in_place.empty()) return published;
      return std::unexpected(
          Error{published.error().kind, fmt::format("{}; already in place: {}", published.error().message, in_place)});
    }
    if (!direct) in_place += (in_place.empty() ? "" : ", ") + output.file.path();
  }
  return {};
}

bool FileSink::reader_gone() const {
  for (const Output& output : outputs_) {
    if (output.file.reader_gone()) return true;
  }
  return false;
}

}  // namespace bank::file
