// A program that runs beside `bank`, and tells it things line by line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace bank::cli {

struct ChildOptions {
  std::vector<std::string> command;  ///< The program (looked for in PATH unless it has a slash), and its arguments.
  std::vector<std::pair<std::string, std::string>> environment;  ///< Set on top of this process's own.
  std::string stderr_file;  ///< Where its stderr is appended; empty: it shares ours.
};

/// One child, in a session of its own: what is typed on the terminal is not for it. Its stdin is a pipe that is open
/// until close_input(), or until this process is gone, however it ends.
class ChildProcess {
 public:
  /// Errors (runtime): the program can't be run, the file can't be opened.
  [[nodiscard]] static Result<ChildProcess> start(const ChildOptions& options);
  /// A child that still runs is killed.
  ~ChildProcess();
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;

  /// The next line of its stdout, without the newline; nullopt when none came within `timeout_ms`, or none will come
  /// any more (output_ended).
  [[nodiscard]] std::optional<std::string> next_line(int timeout_ms);
  [[nodiscard]] bool output_ended() const { return stdout_ < 0; }

  /// What a program that reads its stdin takes for the end.
  void close_input();
  /// Waits for its end. Its exit code; 128 and the signal's number if a signal ended it, as a shell tells it.
  int wait();

 private:
  ChildProcess(pid_t pid, int input, int output) : pid_(pid), stdin_(input), stdout_(output) {}

  pid_t pid_ = -1;
  int stdin_ = -1;
  int stdout_ = -1;
  std::string buffer_;    // read, and not yet handed out
  std::size_t from_ = 0;  // of it
};

}  // namespace bank::cli
