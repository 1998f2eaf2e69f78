#include "cli/signals.h"

#include <array>
#include <csignal>

namespace bank::cli {

namespace {
std::atomic<bool> stop_requested{false};
std::atomic<int> signal_number{0};
constexpr std::array stop_signals = {SIGINT, SIGTERM, SIGHUP};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

extern "C" void on_stop_signal(int number) {
  for (const int each : stop_signals) std::signal(each, SIG_DFL);  // A second one of any kind kills.
  signal_number.store(number, std::memory_order_relaxed);
  stop_requested.store(true, std::memory_order_relaxed);
}
}  // namespace

void install_signal_handlers() {
  struct sigaction stop{};
  stop.sa_handler = on_stop_signal;
  stop.sa_flags = 0;  // No SA_RESTART: a read that waits must notice.
  sigemptyset(&stop.sa_mask);
  for (const int each : stop_signals) {
    struct sigaction before{};
    sigaction(each, nullptr, &before);
    if (each == SIGHUP && before.sa_handler == SIG_IGN) continue;  // nohup's wish
    sigaction(each, &stop, nullptr);
  }
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  sigemptyset(&ignore.sa_mask);
  sigaction(SIGPIPE, &ignore, nullptr);
  sigaction(SIGXFSZ, &ignore, nullptr);
}

const std::atomic<bool>& stop_flag() { return stop_requested; }
int stop_signal() { return signal_number.load(std::memory_order_relaxed); }

}  // namespace bank::cli
