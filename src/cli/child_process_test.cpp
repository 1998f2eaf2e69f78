#include "cli/child_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace bank::cli {
namespace {

constexpr int patience_ms = 20'000;

ChildProcess shell(const std::string& script, const std::string& stderr_file = {}) {
  auto child = ChildProcess::start(
      {.command = {"sh", "-c", script}, .environment = {{"BANK_TEST_WORD", "a word"}}, .stderr_file = stderr_file});
  EXPECT_TRUE(child.has_value());
  return *std::move(child);
}

std::vector<std::string> lines_of(ChildProcess& child) {
  std::vector<std::string> lines;
  while (!child.output_ended()) {
    if (auto line = child.next_line(patience_ms)) lines.push_back(*line);
  }
  while (auto line = child.next_line(0)) lines.push_back(*line);
  return lines;
}

TEST(ChildProcess, GivesItsLinesAndItsExitCode) {
  ChildProcess child = shell("echo one; echo; echo \"$BANK_TEST_WORD\"; exit 7");
  EXPECT_THAT(lines_of(child), testing::ElementsAre("one", "", "a word"));
  EXPECT_EQ(child.wait(), 7);
}

TEST(ChildProcess, TellsOfASignalAsAShellDoes) {
  ChildProcess child = shell("kill -9 $$");
  EXPECT_THAT(lines_of(child), testing::IsEmpty());
  EXPECT_EQ(child.wait(), 137);
}

TEST(ChildProcess, WaitsNoLongerThanItIsTold) {
  ChildProcess child = shell("read word; echo done");
  EXPECT_EQ(child.next_line(10), std::nullopt);
  EXPECT_FALSE(child.output_ended());
  child.close_input();
  EXPECT_THAT(lines_of(child), testing::ElementsAre("done"));
  EXPECT_EQ(child.wait(), 0);
}

TEST(ChildProcess, GivesALineLongerThanAPipe) {
  ChildProcess child = shell("head -c 300000 /dev/zero | tr '\\0' x; echo");
  const std::vector<std::string> lines = lines_of(child);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0], std::string(300'000, 'x'));
}

TEST(ChildProcess, AppendsItsStderrToAFile) {
  const std::string path = testing::TempDir() + "bank_child_process_stderr";
  std::filesystem::remove(path);
  shell("echo first >&2", path).wait();
  shell("echo second >&2", path).wait();
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(text, "first\nsecond\n");
  std::filesystem::remove(path);
}

TEST(ChildProcess, SaysWhatCannotBeRun) {
  const auto child = ChildProcess::start({.command = {"/no/such/program"}, .environment = {}, .stderr_file = {}});
  ASSERT_FALSE(child.has_value());
  EXPECT_THAT(child.error().message, testing::HasSubstr("/no/such/program: No such file or directory"));
}

}  // namespace
}  // namespace bank::cli
