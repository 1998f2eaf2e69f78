#include "adapters/file/file_sink.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "adapters/file/test_files.h"

namespace bank::file {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::unique_ptr<FileSink> open(const SinkPaths& paths) { return FileSink::open(paths).value(); }

TEST(FileSink, NothingShowsBeforeTheCommit) {
  const TestFolder folder;
  folder.write("alerts.json", "old\n");
  const auto sink =
      open({.alerts = folder / "alerts.json", .processed = folder / "new/deep/processed.json", .rejected = ""});
  ASSERT_TRUE(sink->write({.alerts = "a\n", .processed = "p\n", .rejected = "nowhere\n"}).has_value());
  ASSERT_TRUE(sink->write({.alerts = "b\n", .processed = "", .rejected = ""}).has_value());
  EXPECT_EQ(read_file(folder / "alerts.json"), "old\n");
  EXPECT_FALSE(std::filesystem::exists(folder / "new/deep/processed.json"));
  ASSERT_TRUE(sink->commit().has_value());
  EXPECT_EQ(read_file(folder / "alerts.json"), "a\nb\n");
  EXPECT_EQ(read_file(folder / "new/deep/processed.json"), "p\n");
  EXPECT_THAT(folder.names(), ElementsAre("alerts.json", "new"));
}

TEST(FileSink, LeavesNothingBehindWithoutACommit) {
  const TestFolder folder;
  folder.write("alerts.json", "old\n");
  open({.alerts = folder / "alerts.json", .processed = folder / "processed.json", .rejected = ""}).reset();
  EXPECT_THAT(folder.names(), ElementsAre("alerts.json"));
  EXPECT_EQ(read_file(folder / "alerts.json"), "old\n");
}

TEST(FileSink, ATemporaryFileThatWasLeftBehindIsNoHindrance) {
  const TestFolder folder;
  folder.write(".alerts.json.tmp-" + std::to_string(::getpid()), "left behind");
  const auto sink = open({.alerts = folder / "alerts.json", .processed = "", .rejected = ""});
  ASSERT_TRUE(sink->commit().has_value());
  EXPECT_EQ(read_file(folder / "alerts.json"), "");
}

TEST(FileSink, LargeWrites) {
  const TestFolder folder;
  const auto sink = open({.alerts = folder / "alerts.json", .processed = "", .rejected = ""});
  std::string expected;
  for (std::size_t size : {1u, 1000u, 200'000u, 100'000u, 1'000'000u, 5u}) {
    const std::string text(size, static_cast<char>('a' + size % 26));
    ASSERT_TRUE(sink->write({.alerts = text, .processed = "", .rejected = ""}).has_value());
    expected += text;
  }
  ASSERT_TRUE(sink->commit().has_value());
  EXPECT_TRUE(read_file(folder / "alerts.json") == expected);
}

TEST(FileSink, ALinkStaysALink) {
  const TestFolder folder;
  folder.write("real.json", "old\n");
  std::filesystem::create_symlink("real.json", folder / "link.json");
  const auto sink = open({.alerts = folder / "link.json", .processed = "", .rejected = ""});
  ASSERT_TRUE(sink->write({.alerts = "new\n", .processed = "", .rejected = ""}).has_value());
  ASSERT_TRUE(sink->commit().has_value());
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link.json"));
  EXPECT_EQ(read_file(folder / "real.json"), "new\n");
}

TEST(FileSink, ADeviceIsWrittenToAndNotReplaced) {
  const auto sink = open({.alerts = "/dev/null", .processed = "/dev/null", .rejected = ""});
  ASSERT_TRUE(sink->write({.alerts = "a\n", .processed = "", .rejected = ""}).has_value());
  ASSERT_TRUE(sink->commit().has_value());
  struct stat status{};
  ASSERT_EQ(::stat("/dev/null", &status), 0);
  EXPECT_TRUE(S_ISCHR(status.st_mode));
}

// What /dev/stdout is in a pipeline, and what a shell's >(command) is.
TEST(FileSink, APipeNamedByItsDescriptor) {
  int alerts[2];
  int rejected[2];
  ASSERT_EQ(::pipe2(alerts, O_CLOEXEC), 0);
  ASSERT_EQ(::pipe2(rejected, O_CLOEXEC), 0);
  {
    const auto sink = FileSink::open({.alerts = "/dev/fd/" + std::to_string(alerts[1]),
                                      .processed = "",
                                      .rejected = "/proc/self/fd/" + std::to_string(rejected[1])});
    ASSERT_TRUE(sink.has_value()) << sink.error().message;
    ASSERT_TRUE((*sink)->write({.alerts = "a\n", .processed = "", .rejected = "r\n"}).has_value());
    ASSERT_TRUE((*sink)->commit().has_value());
  }
  char line[2];
  EXPECT_EQ(::read(alerts[0], line, 2), 2);
  EXPECT_EQ(line[0], 'a');
  EXPECT_EQ(::read(rejected[0], line, 2), 2);
  EXPECT_EQ(line[0], 'r');

  const auto twice = FileSink::open({.alerts = "/dev/fd/" + std::to_string(alerts[1]),
                                     .processed = "/proc/self/fd/" + std::to_string(alerts[1]),
                                     .rejected = ""});
  EXPECT_THAT(twice ? "opened" : twice.error().message, HasSubstr("two outputs would be written"));
  for (const int fd : {alerts[0], alerts[1], rejected[0], rejected[1]}) ::close(fd);
}

TEST(FileSink, WhereACommitFailsHalfwayItSaysWhatStandsAlready) {
  const TestFolder folder;
  const auto sink = open({.alerts = folder / "a.json", .processed = folder / "p.json", .rejected = folder / "r.json"});
  ASSERT_TRUE(sink->write({.alerts = "a\n", .processed = "p\n", .rejected = "r\n"}).has_value());
  std::filesystem::create_directory(folder / "r.json");
  const Result<void> committed = sink->commit();
  ASSERT_FALSE(committed.has_value());
  EXPECT_EQ(committed.error().message, (folder / "r.json") + ": cannot write: Is a directory; already in place: " +
                                           (folder / "a.json") + ", " + (folder / "p.json"));
  EXPECT_EQ(read_file(folder / "a.json"), "a\n");

  const auto first = open({.alerts = folder / "b.json", .processed = folder / "p.json", .rejected = ""});
  std::filesystem::create_directory(folder / "b.json");
  const Result<void> nothing = first->commit();
  ASSERT_FALSE(nothing.has_value());
  EXPECT_EQ(nothing.error().message, (folder / "b.json") + ": cannot write: Is a directory");
}

TEST(FileSink, AFullDiskIsSaid) {
  const auto sink = open({.alerts = "/dev/full", .processed = "", .rejected = ""});
  const Result<void> written = sink->write({.alerts = "a\n", .processed = "", .rejected = ""});
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().message, "/dev/full: cannot write: No space left on device");
}

TEST(FileSink, AfterAFailedWriteTheOldFileStands) {
  const TestFolder folder;
  folder.write("alerts.json", "old\n");
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{.rlim_cur = 100'000, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  {
    const auto sink = open({.alerts = folder / "alerts.json", .processed = "", .rejected = ""});
    const Result<void> written = sink->write({.alerts = std::string(1'000'000, 'x'), .processed = "", .rejected = ""});
    ASSERT_FALSE(written.has_value());
    EXPECT_THAT(written.error().message, HasSubstr("alerts.json: cannot write: File too large"));
  }
  {
    const auto sink = open({.alerts = folder / "alerts.json", .processed = "", .rejected = ""});
    ASSERT_TRUE(sink->write({.alerts = std::string(150'000, 'x'), .processed = "", .rejected = ""}).has_value())
        << "still in the buffer";
    EXPECT_FALSE(sink->commit().has_value());
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_THAT(folder.names(), ElementsAre("alerts.json"));
  EXPECT_EQ(read_file(folder / "alerts.json"), "old\n");
}

TEST(FileSink, AReaderThatWentAwayIsTold) {
  const TestFolder folder;
  const std::string path = folder / "pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  std::signal(SIGPIPE, SIG_IGN);
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  const auto sink = open({.alerts = path, .processed = "", .rejected = ""});
  ASSERT_TRUE(sink->write({.alerts = "a\n", .processed = "", .rejected = ""}).has_value());
  char line[2];
  EXPECT_EQ(::read(reader, line, 2), 2) << "what streams shows at once";
  EXPECT_FALSE(sink->reader_gone());
  ::close(reader);
  EXPECT_FALSE(sink->write({.alerts = "b\n", .processed = "", .rejected = ""}).has_value());
  EXPECT_TRUE(sink->reader_gone());
}

TEST(FileSink, WhatCannotBeWrittenIsSaidAtTheStart) {
  const TestFolder folder;
  const auto error = [](const SinkPaths& paths) {
    const auto sink = FileSink::open(paths);
    return sink ? "opened" : sink.error().message;
  };
  folder.write("file", "x");
  EXPECT_THAT(error({.alerts = folder / "", .processed = "", .rejected = ""}),
              HasSubstr("is a folder; name a file to write to"));
  EXPECT_THAT(error({.alerts = folder / "file/alerts.json", .processed = "", .rejected = ""}),
              HasSubstr("cannot make the folder"));
  EXPECT_THAT(error({.alerts = "/proc/alerts.json", .processed = "", .rejected = ""}),
              HasSubstr("/proc/alerts.json: cannot write: "));
  EXPECT_THAT(error({.alerts = folder / "a", .processed = folder / "b", .rejected = folder / "./a"}),
              HasSubstr("two outputs would be written"));
  EXPECT_THAT(error({.alerts = "-", .processed = "-", .rejected = ""}), HasSubstr("two outputs would be written"));
  EXPECT_THAT(folder.names(), ElementsAre("file"));
}

}  // namespace
}  // namespace bank::file
