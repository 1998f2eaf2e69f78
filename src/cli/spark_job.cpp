#include "cli/spark_job.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

#include "cli/spark_home.h"

namespace bank::cli {
namespace {

namespace fs = std::filesystem;

constexpr int moment_ms = 100;

// Readable by its owner alone: it may hold a password.
Result<std::string> write_settings(const std::string& settings) {
  std::string path = (fs::temp_directory_path() / "bank-spark-XXXXXX").string();
  const int file = mkstemp(path.data());
  if (file < 0) return fail(fmt::format("{}: {}", path, std::strerror(errno)));
  const ssize_t written = write(file, settings.data(), settings.size());
  const int failed = written == static_cast<ssize_t>(settings.size()) ? 0 : errno;
  close(file);
  if (failed != 0 || written < 0) {
    unlink(path.c_str());
    return fail(fmt::format("{}: {}", path, std::strerror(failed)));
  }
  return path;
}

std::optional<std::string> environment(std::string_view name) {
  const char* const value = std::getenv(std::string(name).c_str());  // NOLINT(concurrency-mt-unsafe)
  if (value == nullptr) return std::nullopt;
  return value;
}

bool is_for_the_user_to_mend(std::string_view kind) {
  constexpr std::array kinds = {"settings", "rules_invalid", "rules_changed", "checkpoint_foreign"};
  return std::ranges::find(kinds, kind) != kinds.end();
}

// On this machine alone Spark's page and ports are for this machine alone.
bool stays_here(std::string_view master) {
  constexpr std::array here = {"local", "spark://127.", "spark://localhost:"};
  return std::ranges::any_of(here, [master](std::string_view beginning) { return master.starts_with(beginning); });
}

}  // namespace

Error spark_failure(const SparkEvent& failed, const std::string& log_file) {
  std::string message = failed.text("message");
  if (const std::string advice = failed.text("advice"); !advice.empty()) message += "; " + advice;
  const std::string kind = failed.text("kind");
  if (is_for_the_user_to_mend(kind)) return {ErrorKind::config, message};
  return {ErrorKind::runtime, fmt::format("{} (log: {})", message, log_file)};
}

Result<std::unique_ptr<SparkJob>> SparkJob::start(Context& context, const std::string& settings, bool stream) {
  const std::string log_file = fs::absolute(context.settings.string("spark.log")).string();
  std::error_code error;
  fs::create_directories(fs::path(log_file).parent_path(), error);
  if (error) return fail(fmt::format("{}: {}", fs::path(log_file).parent_path().string(), error.message()));
  const Result<std::string> config_file = write_settings(settings);
  if (!config_file) return std::unexpected(config_file.error());
  auto command = spark_command({.program = fs::read_symlink("/proc/self/exe", error).string(),
                                .job_dir = context.settings.string("spark.job_dir"),
                                .home = context.settings.string("spark.home"),
                                .environment = environment},
                               {.config_file = *config_file,
                                .log_file = log_file,
                                .driver_memory = context.settings.string("spark.driver_memory"),
                                .stream = stream});
  if (command && stays_here(context.settings.string("spark.master"))) {
    command->environment.emplace_back("SPARK_LOCAL_IP", "127.0.0.1");
  }
  auto child = command
                   ? ChildProcess::start(
                         {.command = command->command, .environment = command->environment, .stderr_file = log_file})
                   : std::unexpected(command.error());
  if (!child) {
    unlink(config_file->c_str());
    return std::unexpected(child.error());
  }
  return std::unique_ptr<SparkJob>(new SparkJob(context, *std::move(child), *config_file, log_file));
}

SparkJob::~SparkJob() { unlink(config_file_.c_str()); }

std::optional<SparkEvent> SparkJob::next() {
  if (context_.stop_requested) stop();
  const auto line = child_.next_line(moment_ms);
  if (!line) return std::nullopt;
  auto event = SparkEvent::parse(*line);
  if (event && event->name() == "started") unlink(config_file_.c_str());
  if (event && (event->name() == "failed" || event->name() == "ended")) last_ = event;
  return event;
}

void SparkJob::stop() {
  if (std::exchange(stopped_, true)) return;
  child_.close_input();
}

Result<SparkEvent> SparkJob::finish() {
  const int code = child_.wait();
  if (last_ && last_->name() == "failed") return std::unexpected(spark_failure(*last_, log_file_));
  if (last_) return *std::move(last_);
  constexpr int killed = 137;
  if (code == killed) {
    return fail(
        fmt::format("Spark's driver was killed (SIGKILL), by somebody or because the machine had no memory "
                    "left; what was committed stays, and the same command goes on (log: {})",
                    log_file_));
  }
  return fail(fmt::format("Spark's driver ended with {} and said nothing; its log says why: {}", code, log_file_));
}

}  // namespace bank::cli
