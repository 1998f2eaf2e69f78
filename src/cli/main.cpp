// `bank`: this process's arguments, streams, signals and exit code, around run_program().
#include <fmt/format.h>
#include <unistd.h>

#include <cstring>
#include <exception>
#include <filesystem>
#include <new>
#include <system_error>

#include "cli/program.h"
#include "cli/signals.h"
#include "cli/version_info.h"

namespace {

bank::cli::Invocation invocation_of(int argc, char** argv) {
  bank::cli::Invocation invocation;
  invocation.program = argv[0];
  invocation.arguments.assign(argv + 1, argv + argc);
  for (char** variable = environ; *variable != nullptr; ++variable)
    if (const char* equals = std::strchr(*variable, '='))
      invocation.environment.emplace_back(std::string(*variable, static_cast<std::size_t>(equals - *variable)),
                                          equals + 1);
  // PREFIX/bin/bank has its files in PREFIX/share/bank.
  std::error_code ignored;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", ignored);
  if (!self.empty()) invocation.installed = (self.parent_path().parent_path() / "share/bank").string();
  invocation.build = {.version = BANK_VERSION, .commit = BANK_COMMIT};
  invocation.version = "bank " BANK_VERSION " (commit " BANK_COMMIT ", " BANK_COMPILER ", " BANK_BUILD_TYPE ")";
  return invocation;
}

int run(int argc, char** argv) {
  bank::cli::install_signal_handlers();
  bank::SystemClock clock;
  bank::cli::Terminal terminal = bank::cli::Terminal::of_process();
  int code = bank::cli::run_program(invocation_of(argc, argv), clock, terminal, bank::cli::stop_flag());
  terminal.out().flush();
  if (bank::cli::stop_signal() != 0) return 128 + bank::cli::stop_signal();
  if (terminal.out().reader_gone()) return static_cast<int>(bank::cli::ExitCode::reader_gone);
  if (terminal.out().write_error() != 0) {
    terminal.error({bank::ErrorKind::runtime,
                    fmt::format("cannot write to stdout: {}", std::strerror(terminal.out().write_error()))});
    code = static_cast<int>(bank::cli::ExitCode::failed);
  }
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "error: out of memory\n");
  } catch (const std::exception& problem) {
    fmt::print(stderr, "error: internal error, please report it: {}\n", problem.what());
  }
  return static_cast<int>(bank::cli::ExitCode::failed);
}
