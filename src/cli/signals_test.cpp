#include "cli/signals.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace bank::cli {
namespace {

// In a process of its own, for it changes what signals do: exits 0 where `body` returns true.
template <typename Body>
void expect_in_process(Body body) {
  EXPECT_EXIT(
      {
        install_signal_handlers();
        std::_Exit(body() ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST(Signals, TheFirstOneIsAFlag) {
  expect_in_process([] { return !stop_flag() && stop_signal() == 0; });
  expect_in_process([] { return raise(SIGINT) == 0 && stop_flag() && stop_signal() == SIGINT; });
  expect_in_process([] { return raise(SIGTERM) == 0 && stop_flag() && stop_signal() == SIGTERM; });
  expect_in_process([] { return raise(SIGHUP) == 0 && stop_flag() && stop_signal() == SIGHUP; });
}

TEST(Signals, AHangUpThatIsIgnoredStaysIgnored) {
  EXPECT_EXIT(
      {
        std::signal(SIGHUP, SIG_IGN);  // as under nohup
        install_signal_handlers();
        std::_Exit(raise(SIGHUP) == 0 && !stop_flag() ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST(Signals, ASecondOneOfAnyKindKills) {
  for (const int second : {SIGINT, SIGTERM, SIGHUP}) {
    EXPECT_EXIT(
        {
          install_signal_handlers();
          raise(SIGTERM);
          raise(second);
        },
        ::testing::KilledBySignal(second), "");
  }
}

TEST(Signals, AReadThatWaitsNoticesTheFirst) {
  expect_in_process([] {
    int ends[2];
    char byte = 0;
    if (pipe(ends) != 0) return false;
    alarm(5);
    const pid_t child = fork();
    if (child == 0) {
      usleep(50'000);
      kill(getppid(), SIGINT);
      std::_Exit(0);
    }
    return read(ends[0], &byte, 1) == -1 && errno == EINTR && stop_flag();
  });
}

TEST(Signals, WritingToNobodyIsAnErrorAndNoDeath) {
  expect_in_process([] {
    int ends[2];
    if (pipe(ends) != 0) return false;
    close(ends[0]);
    return write(ends[1], "x", 1) == -1 && errno == EPIPE;
  });
}

}  // namespace
}  // namespace bank::cli
