#include "cli/spark_home.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

namespace bank::cli {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;

TEST(JavaVersion, IsFoundInWhatJavaSays) {
  EXPECT_EQ(java_version_in("openjdk version \"17.0.15\" 2025-04-15\nOpenJDK Runtime"), 17);
  EXPECT_EQ(java_version_in("openjdk version \"21\" 2023-09-19"), 21);
  EXPECT_EQ(java_version_in("java version \"1.8.0_392\""), 8);
  EXPECT_EQ(java_version_in("sh: 1: exec: java: not found"), std::nullopt);
  EXPECT_EQ(java_version_in("version \"early\""), std::nullopt);
}

/// A folder with a java that says what it is told to, and a job.
class SparkHomeTest : public testing::Test {
 protected:
  SparkHomeTest() : root_(fs::path(testing::TempDir()) / "bank_spark_home") {
    fs::remove_all(root_);
    write("jdk/bin/java", "#!/bin/sh\necho 'openjdk version \"21.0.2\" 2024-01-16' >&2\n");
    fs::permissions(root_ / "jdk/bin/java", fs::perms::owner_all);
    write("build/spark/dist/bank-spark.jar", "");
    write("build/spark/dist/home/jars/spark-core_2.13-4.2.0.jar", "");
    write("build/spark/dist/home/jars/kafka-clients-3.9.1.jar", "");
    variables_["JAVA_HOME"] = (root_ / "jdk").string();
  }
  ~SparkHomeTest() override { fs::remove_all(root_); }

  void write(const std::string& name, const std::string& text) {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }

  Result<SparkCommand> command() {
    return spark_command({.program = (root_ / "build/release/bin/bank").string(),
                          .job_dir = job_dir_,
                          .home = {},
                          .environment = [this](std::string_view name) -> std::optional<std::string> {
                            const auto found = variables_.find(std::string(name));
                            if (found == variables_.end()) return std::nullopt;
                            return found->second;
                          }},
                         {.config_file = "c.json", .log_file = "s.log", .driver_memory = "2g", .stream = stream_});
  }

  fs::path root_;
  std::string job_dir_;
  bool stream_ = false;
  std::map<std::string, std::string> variables_;
};

TEST_F(SparkHomeTest, StartsWhatMakeSparkHasFetched) {
  const auto started = command();
  ASSERT_TRUE(started.has_value()) << started.error().message;
  const std::string dist = (root_ / "build/spark/dist").string();
  EXPECT_THAT(
      started->command,
      testing::ElementsAre(variables_["JAVA_HOME"] + "/bin/java", "-Xmx2g", "@" + dist + "/jvm.options",
                           "-Dlog4j2.configurationFile=" + dist + "/log4j2.xml", "-Dbank.log=s.log", "-cp",
                           dist + "/home/jars/*", "org.apache.spark.deploy.SparkSubmit", "--class", "bank.spark.Main",
                           "--conf", "spark.driver.memory=2g", dist + "/bank-spark.jar", "c.json"));
  EXPECT_THAT(started->environment, Contains(testing::Pair("SPARK_HOME", dist + "/home")));
  stream_ = true;
  EXPECT_EQ(command()->command[3], "@" + dist + "/stream.options");
}

TEST_F(SparkHomeTest, TakesASparkOfTheUsersOwnAndGivesItTheConnector) {
  write("spark/bin/spark-submit", "");
  variables_["SPARK_HOME"] = (root_ / "spark").string();
  const auto started = command();
  ASSERT_TRUE(started.has_value()) << started.error().message;
  EXPECT_EQ(started->command.front(), (root_ / "spark/bin/spark-submit").string());
  EXPECT_THAT(started->command, Contains((root_ / "build/spark/dist/home/jars/kafka-clients-3.9.1.jar").string()));
  EXPECT_THAT(started->command,
              Contains("\"@" + (root_ / "build/spark/dist/jvm.options").string() + "\" \"-Dlog4j2.configurationFile=" +
                       (root_ / "build/spark/dist/log4j2.xml").string() + "\" \"-Dbank.log=s.log\""));
  EXPECT_EQ(started->command.back(), "c.json");
}

TEST_F(SparkHomeTest, RefusesASparkThatTheJobIsNotBuiltFor) {
  write("spark/bin/spark-submit", "");
  variables_["SPARK_HOME"] = (root_ / "spark").string();
  write("spark/jars/spark-core_2.13-4.2.1.jar", "");
  EXPECT_TRUE(command().has_value());
  fs::remove(root_ / "spark/jars/spark-core_2.13-4.2.1.jar");
  write("spark/jars/spark-core_2.12-3.5.3.jar", "");
  EXPECT_THAT(command().error().message,
              HasSubstr("it is Spark 3.5.3 for Scala 2.12, and the job is built for Spark 4.2"));
}

TEST_F(SparkHomeTest, SaysWhatIsMissing) {
  variables_["SPARK_HOME"] = "/no/spark";
  EXPECT_THAT(command().error().message, HasSubstr("SPARK_HOME=/no/spark: there is no bin/spark-submit"));
  variables_.erase("SPARK_HOME");
  fs::remove_all(root_ / "build/spark/dist/home");
  EXPECT_THAT(command().error().message, HasSubstr("there is no Spark here; `make spark`"));
  job_dir_ = (root_ / "elsewhere").string();
  EXPECT_THAT(command().error().message, HasSubstr("there is no bank-spark.jar in"));
  variables_["JAVA_HOME"] = "/no/java";
  EXPECT_THAT(command().error().message, HasSubstr("JAVA_HOME=/no/java"));
}

TEST_F(SparkHomeTest, RefusesAJavaThatIsTooOld) {
  write("jdk/bin/java", "#!/bin/sh\necho 'java version \"1.8.0_392\"' >&2\n");
  fs::permissions(root_ / "jdk/bin/java", fs::perms::owner_all);
  EXPECT_THAT(command().error().message, HasSubstr("is Java 8; Spark needs 17 or newer"));
}

}  // namespace
}  // namespace bank::cli
