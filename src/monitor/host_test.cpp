#include "monitor/host.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "monitor/test_tree.h"

namespace bank::monitor {
namespace {

constexpr std::uint64_t gib = std::uint64_t{1} << 30;

/// Something happens while the provider sleeps.
class BusyClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t wall_us() const override { return 0; }
  [[nodiscard]] std::int64_t monotonic_ns() const override { return now_ns_; }
  void sleep_until_ns(std::int64_t deadline_ns) override {
    now_ns_ = deadline_ns;
    if (while_asleep) while_asleep();
  }
  void advance_ms(std::int64_t ms) { now_ns_ += ms * 1'000'000; }
  std::function<void()> while_asleep;

 private:
  std::int64_t now_ns_ = 0;
};

/// A machine of two cores: half busy, memory a quarter used.
class Host : public testing::Test {
 protected:
  Host() {
    tree_.write("proc/stat", "cpu  100 0 0 100 0 0 0 0 0 0\ncpu0 50 0 0 50 0 0 0 0 0 0\ncpu1 50 0 0 50 0 0 0 0 0 0\n");
    tree_.write("proc/meminfo", "MemTotal: 4194304 kB\nMemAvailable: 3145728 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n");
    tree_.write("proc/loadavg", "1.00 2.00 3.00 1/100 1234\n");
    tree_.write("proc/uptime", "7260.50 100.0\n");
    tree_.write("proc/sys/fs/file-nr", "500 0 1000\n");
    tree_.write("proc/self/status", "VmRSS: 10240 kB\nThreads: 2\n");
    tree_.write("proc/self/limits", "Max open files            4                 8               files\n");
    tree_.write("proc/self/fd/0", "");
    tree_.write("proc/self/fd/1", "");
    tree_.write("proc/self/cgroup", "0::/\n");
    clock_.while_asleep = [this] {
      tree_.write("proc/stat",
                  "cpu  150 0 0 150 0 0 0 0 0 0\ncpu0 50 0 0 50 0 0 0 0 0 0\ncpu1 50 0 0 50 0 0 0 0 0 0\n");
    };
    options_.root = tree_.root();
    options_.data_dir = "data";
    options_.disk = [](const auto&) { return DiskSpace{.total = 100 * gib, .free = 30 * gib, .available = 20 * gib}; };
  }

  std::map<std::string, Check> look() { return look(*(provider_ = std::make_unique<HostProvider>(options_, clock_))); }
  static std::map<std::string, Check> look(HostProvider& provider) {
    std::vector<Check> checks;
    provider.look(checks);
    std::map<std::string, Check> by_name;
    for (const Check& check : checks) by_name[check.name] = check;
    EXPECT_EQ(by_name.size(), 9U);
    return by_name;
  }

  TestTree tree_;
  BusyClock clock_;
  HostOptions options_;
  std::unique_ptr<HostProvider> provider_;
};

TEST_F(Host, SaysHowTheMachineIs) {
  auto checks = look();
  EXPECT_EQ(checks["cpu"].text, "50.0 % of 2 cores");
  EXPECT_EQ(checks["memory"].text, "25.0 %: 1.0 GiB of 4.0 GiB");
  EXPECT_EQ(checks["swap"].text, "none");
  EXPECT_DOUBLE_EQ(checks["disk"].value.value(), 100.0 * 70 / 90) << "what the superuser keeps back is not to be had";
  EXPECT_DOUBLE_EQ(checks["load"].value.value(), 0.5);
  EXPECT_EQ(checks["open_files"].text, "2 of 4 by this process");
  EXPECT_DOUBLE_EQ(checks["system_open_files"].value.value(), 50);
  EXPECT_EQ(checks["uptime"].text, "2 h 1 min");
  EXPECT_EQ(checks["process"].text, "10.0 MiB resident, 2 threads");
  for (const auto& [name, check] : checks) EXPECT_EQ(check.status, Status::ok) << name;
}

TEST_F(Host, JudgesByTheThresholds) {
  options_.cpu_percent = {50, 90};
  options_.memory_percent = {10, 25};
  options_.disk_percent = {78, 99};
  options_.load_per_core = {0.1, 0.2};
  options_.open_files_percent = {40, 60};
  auto checks = look();
  EXPECT_EQ(checks["cpu"].status, Status::warning) << "a threshold that is met counts";
  EXPECT_EQ(checks["memory"].status, Status::critical);
  EXPECT_EQ(checks["disk"].status, Status::ok);
  EXPECT_EQ(checks["load"].status, Status::critical);
  EXPECT_EQ(checks["open_files"].status, Status::warning);
  EXPECT_EQ(checks["system_open_files"].status, Status::warning);
}

TEST_F(Host, MeasuresSinceTheLastLook) {
  look();
  clock_.while_asleep = [] { FAIL() << "the second look needs no sleep"; };
  clock_.advance_ms(1000);
  tree_.write("proc/stat", "cpu  160 0 0 240 0 0 0 0 0 0\ncpu0 1 1 1 1\ncpu1 1 1 1 1\n");
  EXPECT_DOUBLE_EQ(look(*provider_)["cpu"].value.value(), 10);
}

TEST_F(Host, SeesTheLimitsOfItsContainer) {
  tree_.write("proc/self/cgroup", "0::/\n");
  tree_.write("sys/fs/cgroup/memory.max", "1073741824\n");
  tree_.write("sys/fs/cgroup/memory.current", "805306368\n");
  tree_.write("sys/fs/cgroup/memory.stat", "anon 1\ninactive_file 268435456\n");
  tree_.write("sys/fs/cgroup/cpu.max", "50000 100000\n");
  tree_.write("sys/fs/cgroup/cpu.stat", "usage_usec 1000000\n");
  options_.cpu_sample_us = 1'000'000;
  clock_.while_asleep = [this] { tree_.write("sys/fs/cgroup/cpu.stat", "usage_usec 1400000\n"); };
  auto checks = look();
  EXPECT_EQ(checks["memory"].text, "50.0 %: 512.0 MiB of 1.0 GiB (container limit)");
  EXPECT_EQ(checks["cpu"].text, "80.0 % of 0.5 cores (container limit)");
  EXPECT_EQ(checks["cpu"].status, Status::warning);
}

TEST_F(Host, TakesTheTightestLimitOnTheWayUp) {
  tree_.write("proc/self/cgroup", "0::/outer/inner\n");
  tree_.write("sys/fs/cgroup/outer/inner/memory.max", "max\n");
  tree_.write("sys/fs/cgroup/outer/memory.max", "2147483648\n");
  tree_.write("sys/fs/cgroup/outer/memory.current", "1073741824\n");
  EXPECT_EQ(look()["memory"].text, "50.0 %: 1.0 GiB of 2.0 GiB (container limit)");
}

TEST_F(Host, ALimitAboveTheMachineIsNone) {
  tree_.write("sys/fs/cgroup/memory.max", "1099511627776\n");
  tree_.write("sys/fs/cgroup/cpu.max", "400000 100000\n");
  tree_.write("sys/fs/cgroup/cpu.stat", "usage_usec 1\n");
  auto checks = look();
  EXPECT_EQ(checks["memory"].text, "25.0 %: 1.0 GiB of 4.0 GiB");
  EXPECT_EQ(checks["cpu"].text, "50.0 % of 2 cores");
}

TEST_F(Host, APathOutOfTheMountIsNotFollowed) {
  tree_.write("proc/self/cgroup", "0::/../../../../etc\n");
  tree_.write("sys/fs/cgroup/memory.max", "1073741824\n");
  tree_.write("sys/fs/cgroup/memory.current", "536870912\n");
  EXPECT_EQ(look()["memory"].text, "50.0 %: 512.0 MiB of 1.0 GiB (container limit)");
}

TEST_F(Host, WhatCannotBeReadIsUnknown) {
  clock_.while_asleep = nullptr;
  options_.root = tree_.root() / "nothing here";
  options_.disk = [](const auto&) { return std::nullopt; };
  for (const auto& [name, check] : look()) {
    EXPECT_EQ(check.status, Status::unknown) << name;
    EXPECT_FALSE(check.value) << name;
    EXPECT_FALSE(check.text.empty()) << name;
  }
}

TEST_F(Host, WhatMakesNoSenseIsUnknown) {
  clock_.while_asleep = nullptr;
  for (const char* file : {"proc/stat", "proc/meminfo", "proc/loadavg", "proc/uptime", "proc/sys/fs/file-nr",
                           "proc/self/status", "proc/self/cgroup"}) {
    tree_.write(file, "\xff nonsense 99999999999999999999999 :::\n");
  }
  auto checks = look();
  for (const char* name : {"cpu", "memory", "swap", "load", "system_open_files", "uptime", "process"}) {
    EXPECT_EQ(checks[name].status, Status::unknown) << name;
  }
}

TEST_F(Host, WithoutALimitOfOpenFilesThereIsNothingToJudge) {
  tree_.write("proc/self/limits", "Max open files   unlimited  unlimited  files\n");
  EXPECT_EQ(look()["open_files"].text, "2 by this process, no limit");
}

TEST(RealHost, CanBeLookedAt) {
  SystemClock clock;
  HostOptions options;
  options.cpu_sample_us = 50'000;
  HostProvider provider(options, clock);
  std::vector<Check> checks;
  provider.look(checks);
  ASSERT_EQ(checks.size(), 9U);
  for (const Check& check : checks) {
    if (check.name != "memory" && check.name != "disk") continue;
    EXPECT_NE(check.status, Status::unknown) << check.text;
  }
}

TEST(DiskSpaceOf, AFolderThatIsNotThereYetCountsAsTheOneAbove) {
  const TestTree tree;
  const auto space = disk_space_of(tree.root() / "a/b/c");
  ASSERT_TRUE(space);
  EXPECT_GT(space->total, 0U);
  EXPECT_GE(space->total, space->free);
}

}  // namespace
}  // namespace bank::monitor
