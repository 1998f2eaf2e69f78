// Errors are values: a function that may fail returns Result<T>, and its caller decides.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace bank {

/// What kind of failure it is; `cli/` turns it into the exit code.
enum class ErrorKind {
  config,   ///< The user's configuration, rules file or flags are wrong. Exit code 2.
  runtime,  ///< Input missing, disk full, service gone. Exit code 1.
};

/// A failure, told to a person: what went wrong, where, and what would be right, in one sentence.
struct Error {
  ErrorKind kind = ErrorKind::runtime;
  std::string message;
};

template <typename T = void>
using Result = std::expected<T, Error>;

/// Shorthand: `return fail("cannot open {}: {}", …)` after formatting the message.
[[nodiscard]] inline std::unexpected<Error> fail(std::string message, ErrorKind kind = ErrorKind::runtime) {
  return std::unexpected(Error{kind, std::move(message)});
}
[[nodiscard]] inline std::unexpected<Error> fail_config(std::string message) {
  return fail(std::move(message), ErrorKind::config);
}

}  // namespace bank
