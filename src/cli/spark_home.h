// Where Java, Spark and the job for it are, and the command that starts them.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace bank::cli {

/// What of this machine and its user decides.
struct SparkPlaces {
  std::string program;  ///< The path of this program's file.
  std::string job_dir;  ///< spark.job_dir; empty: looked for.
  std::string home;     ///< spark.home; empty: SPARK_HOME, or what `make spark` has fetched.
  /// A variable of the environment; nullopt where it is not set.
  std::function<std::optional<std::string>(std::string_view)> environment;
};

/// How the job is to be started.
struct SparkStart {
  std::string config_file;
  std::string log_file;
  std::string driver_memory;  ///< As Java takes it: `2g`.
  bool stream = false;
};

struct SparkCommand {
  std::vector<std::string> command;
  std::vector<std::pair<std::string, std::string>> environment;
};

/// Looks for a Java of 17 or newer, for Spark, and for the job's folder: beside the program, in ./build/spark/dist, or
/// as installed. Errors (config) say what is missing and how to get it.
[[nodiscard]] Result<SparkCommand> spark_command(const SparkPlaces& places, const SparkStart& start);

/// The major version in what `java -version` says: 17, 21; nullopt if it says none.
[[nodiscard]] std::optional<int> java_version_in(std::string_view text);

}  // namespace bank::cli
