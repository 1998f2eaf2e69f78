#include "cli/spark_home.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <utility>

#include "cli/child_process.h"

namespace bank::cli {
namespace {

namespace fs = std::filesystem;

constexpr int java_min = 17;
constexpr auto get_spark = "`make spark` builds the job and fetches Spark through Maven";

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}
bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

/// What `java -version` says, on whichever stream.
Result<std::string> ask_version(const std::string& java) {
  auto child = ChildProcess::start(
      {.command = {"sh", "-c", "exec \"$0\" -version 2>&1", java}, .environment = {}, .stderr_file = {}});
  if (!child) return std::unexpected(child.error());
  constexpr int patience_ms = 30'000;
  std::string text;
  while (!child->output_ended()) {
    const auto line = child->next_line(patience_ms);
    if (line) text += *line + "\n";
    if (!line && !child->output_ended()) break;  // it hangs; the child is killed
  }
  return text;
}

Result<std::string> find_java(const SparkPlaces& places) {
  std::string java = "java";
  const auto home = places.environment("JAVA_HOME");
  if (home && !home->empty()) {
    java = (fs::path(*home) / "bin/java").string();
    if (!is_file(java)) return fail_config(fmt::format("JAVA_HOME={}: there is no bin/java in it", *home));
  }
  const Result<std::string> said = ask_version(java);
  const std::optional<int> version = said ? java_version_in(*said) : std::nullopt;
  if (!version) {
    return fail_config(
        fmt::format("Spark needs Java {} or newer, and there is none here ({}); `tools/setup spark` "
                    "installs it, or set JAVA_HOME",
                    java_min, java));
  }
  if (*version < java_min) {
    return fail_config(
        fmt::format("{} is Java {}; Spark needs {} or newer. Set JAVA_HOME to one", java, *version, java_min));
  }
  return java;
}

Result<fs::path> find_job(const SparkPlaces& places) {
  const auto complete = [](const fs::path& folder) { return is_file(folder / "bank-spark.jar"); };
  if (!places.job_dir.empty()) {
    if (complete(places.job_dir)) return places.job_dir;
    return fail_config(fmt::format("spark.job_dir: there is no bank-spark.jar in {}; {}", places.job_dir, get_spark));
  }
  const fs::path beside = fs::path(places.program).parent_path().parent_path();  // build/release, or the prefix
  for (const fs::path& folder :
       {beside.parent_path() / "spark/dist", fs::path("build/spark/dist"), beside / "share/bank/spark"}) {
    if (complete(folder)) return fs::absolute(folder);
  }
  return fail_config(fmt::format("the Spark job is not built yet; {}", get_spark));
}

/// Which Spark's jars these are.
struct SparkVersion {
  std::string full;    // 4.2.0
  std::string series;  // 4.2: what a connector is made for
  std::string scala;   // 2.13
};

std::optional<SparkVersion> spark_version(const fs::path& jars) {
  constexpr std::string_view before = "spark-core_";
  constexpr std::string_view after = ".jar";
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(jars, error)) {
    const std::string name = entry.path().filename().string();
    const std::size_t dash = name.find('-', before.size());
    if (!name.starts_with(before) || !name.ends_with(after) || dash == std::string::npos) continue;
    std::string full = name.substr(dash + 1, name.size() - after.size() - dash - 1);
    std::string series = full.substr(0, full.find('.', full.find('.') + 1));
    return SparkVersion{std::move(full), std::move(series), name.substr(before.size(), dash - before.size())};
  }
  return std::nullopt;
}

// The job uses parts of the connector that are not the same in every Spark.
Result<void> check_version(const std::string& home, const fs::path& fetched) {
  const auto own = spark_version(fs::path(home) / "jars");
  const auto built_with = spark_version(fetched / "jars");
  if (!own || !built_with || (own->series == built_with->series && own->scala == built_with->scala)) return {};
  return fail_config(
      fmt::format("SPARK_HOME={}: it is Spark {} for Scala {}, and the job is built for Spark {} and Scala {}", home,
                  own->full, own->scala, built_with->series, built_with->scala));
}

// As Spark's launcher parses several arguments that are given as one.
std::string quoted(const std::vector<std::string>& arguments) {
  std::string text;
  for (const std::string& argument : arguments) {
    text += text.empty() ? "\"" : " \"";
    for (const char c : argument) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += '"';
  }
  return text;
}

// The Kafka connector and what it needs beyond what a Spark of the user's own has.
std::string connector_jars(const fs::path& jars) {
  std::string list;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(jars, error)) {
    const std::string name = entry.path().filename().string();
    for (const std::string_view wanted :
         {"spark-sql-kafka-", "spark-token-provider-kafka-", "kafka-clients-", "commons-pool2-"}) {
      if (name.starts_with(wanted)) list += (list.empty() ? "" : ",") + entry.path().string();
    }
  }
  return list;
}

}  // namespace

std::optional<int> java_version_in(std::string_view text) {
  constexpr std::string_view mark = "version \"";
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const char* const begin = text.data() + at + mark.size();
  int major = 0;
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), major);
  if (error != std::errc{}) return std::nullopt;
  // Up to Java 8 the version was 1.8.
  if (major == 1 && end != text.data() + text.size() && *end == '.') {
    int minor = 0;
    if (std::from_chars(end + 1, text.data() + text.size(), minor).ec == std::errc{}) return minor;
  }
  return major;
}

Result<SparkCommand> spark_command(const SparkPlaces& places, const SparkStart& start) {
  const Result<std::string> java = find_java(places);
  if (!java) return std::unexpected(java.error());
  const Result<fs::path> job = find_job(places);
  if (!job) return std::unexpected(job.error());
  const std::string jar = (*job / "bank-spark.jar").string();
  const fs::path fetched = *job / "home";
  std::vector<std::string> options = {"@" + (*job / "jvm.options").string()};
  if (start.stream) options.push_back("@" + (*job / "stream.options").string());
  options.push_back("-Dlog4j2.configurationFile=" + (*job / "log4j2.xml").string());
  options.push_back("-Dbank.log=" + start.log_file);

  std::string home = places.home;
  if (home.empty()) home = places.environment("SPARK_HOME").value_or("");
  if (!home.empty()) {
    const fs::path submit = fs::path(home) / "bin/spark-submit";
    if (!is_file(submit)) return fail_config(fmt::format("SPARK_HOME={}: there is no bin/spark-submit in it", home));
    if (const Result<void> fits = check_version(home, fetched); !fits) return std::unexpected(fits.error());
    SparkCommand own{
        .command = {submit.string(), "--driver-memory", start.driver_memory, "--driver-java-options", quoted(options)},
        .environment = {}};
    const std::string connector = connector_jars(fetched / "jars");
    if (!connector.empty()) own.command.insert(own.command.end(), {"--jars", connector});
    own.command.insert(own.command.end(), {"--class", "bank.spark.Main", jar, start.config_file});
    return own;
  }
  if (!is_folder(fetched / "jars")) {
    return fail_config(fmt::format("there is no Spark here; {}, or set SPARK_HOME to one", get_spark));
  }
  SparkCommand started{.command = {*java, "-Xmx" + start.driver_memory},
                       .environment = {{"SPARK_HOME", fetched.string()}}};
  started.command.insert(started.command.end(), options.begin(), options.end());
  started.command.insert(
      started.command.end(),
      {"-cp", (fetched / "jars/*").string(), "org.apache.spark.deploy.SparkSubmit", "--class", "bank.spark.Main",
       "--conf", "spark.driver.memory=" + start.driver_memory, jar, start.config_file});
  return started;
}

}  // namespace bank::cli
