// A run of the Spark job, seen from outside: started, followed, stopped.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/child_process.h"
#include "cli/context.h"
#include "cli/spark_event.h"

namespace bank::cli {

class SparkJob {
 public:
  /// Starts the job with these settings (spark_settings.h), of a stream or of a batch. Errors as spark_command(), or a
  /// file that can't be written.
  [[nodiscard]] static Result<std::unique_ptr<SparkJob>> start(Context& context, const std::string& settings,
                                                               bool stream);
  /// A job that still runs is killed; its settings' file, which may hold a password, is removed.
  ~SparkJob();
  SparkJob(const SparkJob&) = delete;
  SparkJob& operator=(const SparkJob&) = delete;

  /// The next event, or nullopt if there is none within a moment; over() tells whether there will be more. A stop that
  /// the context asks for is passed on, and the job ends after the batch in work.
  [[nodiscard]] std::optional<SparkEvent> next();
  [[nodiscard]] bool over() const { return child_.output_ended(); }
  /// As a stop of the context.
  void stop();
  [[nodiscard]] bool stopped() const { return stopped_; }

  /// Once over(): the last event, `ended`. Errors say what went wrong and what to do: config for settings, rules and
  /// checkpoints, else runtime.
  [[nodiscard]] Result<SparkEvent> finish();

 private:
  SparkJob(Context& context, ChildProcess child, std::string config_file, std::string log_file)
      : context_(context),
        child_(std::move(child)),
        config_file_(std::move(config_file)),
        log_file_(std::move(log_file)) {}

  Context& context_;
  ChildProcess child_;
  const std::string config_file_;
  const std::string log_file_;
  std::optional<SparkEvent> last_;  // failed or ended
  bool stopped_ = false;
};

/// What a failure says to a person: message, advice, and where the log is.
[[nodiscard]] Error spark_failure(const SparkEvent& failed, const std::string& log_file);

}  // namespace bank::cli
