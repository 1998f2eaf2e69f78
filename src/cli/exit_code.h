// How `bank` ends.
#pragma once

namespace bank::cli {

/// Besides these: 130, 143 and 129 after SIGINT, SIGTERM and SIGHUP.
enum class ExitCode : int {
  ok = 0,
  failed = 1,       ///< At run time: input missing, disk full, health critical.
  usage = 2,        ///< Wrong flags, configuration or rules.
  fail_on_met = 3,  ///< `--fail-on` was met: the work is done, and found what was asked to be a failure.
  reader_gone =
      141,  ///< Whoever read stdout went away (`| head`), which a shell calls SIGPIPE. Nothing is said about it.
};

}  // namespace bank::cli
