// Signals as a flag that is looked at.
#pragma once

#include <atomic>

namespace bank::cli {

/// From here on the first SIGINT, SIGTERM or SIGHUP sets stop_flag(), a second one kills, and SIGPIPE and SIGXFSZ are
/// ignored (writes fail with EPIPE, or, beyond a limit of the size of files, with EFBIG instead). A SIGHUP that is
/// ignored already (nohup) stays so.
void install_signal_handlers();

[[nodiscard]] const std::atomic<bool>& stop_flag();

/// The signal that came, or 0. `bank` then exits with 128 and that.
[[nodiscard]] int stop_signal();

}  // namespace bank::cli
