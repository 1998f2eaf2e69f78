#include "cli/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

namespace bank::cli {
namespace {

constexpr int mode_of_new_files = 0644;

void close_and_forget(int& descriptor) {
  if (descriptor >= 0) close(descriptor);
  descriptor = -1;
}

/// Both ends of a pipe, closed when it goes.
struct Pipe {
  int read_end = -1;
  int write_end = -1;

  Pipe() = default;
  ~Pipe() {
    close_and_forget(read_end);
    close_and_forget(write_end);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  [[nodiscard]] bool open() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    read_end = ends[0];
    write_end = ends[1];
    return true;
  }
};

struct FileActions {
  posix_spawn_file_actions_t actions{};
  FileActions() { posix_spawn_file_actions_init(&actions); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
};

/// Every signal as a new program expects it, nothing ignored that we ignore; and a session of its own, so that a Ctrl-C
/// is ours to pass on.
struct Attributes {
  posix_spawnattr_t attributes{};
  Attributes() {
    posix_spawnattr_init(&attributes);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &signals);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  }
  ~Attributes() { posix_spawnattr_destroy(&attributes); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
};

std::vector<std::string> environment_with(const std::vector<std::pair<std::string, std::string>>& more) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    bool replaced = false;
    for (const auto& [name, value] : more) {
      replaced = replaced || (text.starts_with(name) && text.substr(name.size()).starts_with('='));
    }
    if (!replaced) all.emplace_back(text);
  }
  for (const auto& [name, value] : more) all.push_back(fmt::format("{}={}", name, value));
  return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Result<ChildProcess> ChildProcess::start(const ChildOptions& options) {
  Pipe input;
  Pipe output;
  if (!input.open() || !output.open()) {
    return fail(fmt::format("no pipe to {}: {}", options.command.front(), std::strerror(errno)));
  }
  FileActions files;
  posix_spawn_file_actions_adddup2(&files.actions, input.read_end, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files.actions, output.write_end, STDOUT_FILENO);
  int log = -1;
  if (!options.stderr_file.empty()) {
    log = open(options.stderr_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, mode_of_new_files);
    if (log < 0) return fail(fmt::format("{}: {}", options.stderr_file, std::strerror(errno)));
    posix_spawn_file_actions_adddup2(&files.actions, log, STDERR_FILENO);
  }
  std::vector<std::string> command = options.command;
  std::vector<std::string> environment = environment_with(options.environment);
  const Attributes attributes;
  pid_t pid = -1;
  const int failed = posix_spawnp(&pid, command.front().c_str(), &files.actions, &attributes.attributes,
                                  pointers_to(command).data(), pointers_to(environment).data());
  close_and_forget(log);
  if (failed != 0) return fail(fmt::format("cannot run {}: {}", command.front(), std::strerror(failed)));
  return ChildProcess(pid, std::exchange(input.write_end, -1), std::exchange(output.read_end, -1));
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      stdin_(std::exchange(other.stdin_, -1)),
      stdout_(std::exchange(other.stdout_, -1)),
      buffer_(std::move(other.buffer_)),
      from_(other.from_) {}

ChildProcess::~ChildProcess() {
  close_input();
  close_and_forget(stdout_);
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  wait();
}

std::optional<std::string> ChildProcess::next_line(int timeout_ms) {
  for (;;) {
    const std::size_t end = buffer_.find('\n', from_);
    if (end != std::string::npos) {
      std::string line = buffer_.substr(from_, end - from_);
      from_ = end + 1;
      return line;
    }
    buffer_.erase(0, from_);
    from_ = 0;
    if (stdout_ < 0) return std::nullopt;
    pollfd waiting{.fd = stdout_, .events = POLLIN, .revents = 0};
    if (poll(&waiting, 1, timeout_ms) <= 0) return std::nullopt;  // a signal ends the wait, too
    std::array<char, 65536> room;
    const ssize_t got = read(stdout_, room.data(), room.size());
    if (got < 0 && errno == EINTR) return std::nullopt;
    if (got <= 0) {
      close_and_forget(stdout_);
    } else {
      buffer_.append(room.data(), static_cast<std::size_t>(got));
    }
  }
}

void ChildProcess::close_input() { close_and_forget(stdin_); }

int ChildProcess::wait() {
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0) {
    if (errno != EINTR) return 1;
  }
  pid_ = -1;
  constexpr int signalled = 128;
  return WIFSIGNALED(status) ? signalled + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace bank::cli
