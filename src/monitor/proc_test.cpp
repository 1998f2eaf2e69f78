#include "monitor/proc.h"

#include <gtest/gtest.h>

#include "monitor/test_tree.h"

namespace bank::monitor {
namespace {

TEST(Proc, ReadsProcessorTimes) {
  const auto times =
      parse_cpu_times("cpu  10 1 5 80 4 2 1 3 7 7\ncpu0 5 0 2 40 2 1 0 1 0 0\ncpu1 5 1 3 40 2 1 1 2 0 0\nintr 1\n");
  ASSERT_TRUE(times);
  EXPECT_EQ(times->cores, 2);
  EXPECT_EQ(times->total, 106U) << "guest times are in user and nice";
  EXPECT_EQ(times->busy, 22U) << "neither idle nor waiting for a disk";
}

TEST(Proc, ReadsMemory) {
  const auto memory =
      parse_meminfo("MemTotal:  1000 kB\nMemFree: 1 kB\nMemAvailable:   250 kB\nSwapTotal: 10 kB\nSwapFree: 4 kB\n");
  ASSERT_TRUE(memory);
  EXPECT_EQ(memory->total, 1'024'000U);
  EXPECT_EQ(memory->available, 256'000U);
  EXPECT_EQ(memory->swap_total, 10'240U);
  EXPECT_EQ(memory->swap_free, 4'096U);
}

TEST(Proc, ReadsTheRest) {
  EXPECT_EQ(parse_first_number("0.52 0.58 0.59 1/467 12345\n"), 0.52);
  EXPECT_EQ(parse_file_nr("1024\t0\t4096\n")->open, 1024U);
  EXPECT_EQ(parse_file_nr("1024\t0\t4096\n")->max, 4096U);
  EXPECT_EQ(parse_open_files_limit(
                "Limit Soft Hard\nMax open files            1024                 524288               files\n"),
            1024U);
  EXPECT_EQ(parse_open_files_limit("Max open files   unlimited  unlimited  files\n"), std::nullopt);
  EXPECT_EQ(parse_process("Name:\tbank\nVmRSS:\t   2048 kB\nThreads:\t3\n")->resident, 2'097'152U);
  EXPECT_EQ(parse_start_ticks("42 (a ) b) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 777 20\n"), 777U);
  EXPECT_EQ(parse_cgroup_path("12:cpu:/old\n0::/system.slice/bank.service\n"), "/system.slice/bank.service");
  EXPECT_EQ(parse_cgroup_path("12:cpu:/old\n"), std::nullopt);
  EXPECT_EQ(parse_whole("4096\n"), 4096U);
  EXPECT_EQ(parse_whole("max\n"), std::nullopt);
  EXPECT_EQ(parse_cpu_max("150000 100000\n"), 1.5);
  EXPECT_EQ(parse_cpu_max("max 100000\n"), std::nullopt);
  EXPECT_EQ(parse_named("usage_usec 12\nuser_usec 5\n", "user_usec"), 5U);
}

TEST(Proc, GivesNothingForNonsense) {
  const std::string long_number(400, '9');
  for (const std::string& text :
       {std::string(), std::string("\n\n"), std::string("cpu"), std::string("cpu a b c d\ncpu0 1\n"),
        std::string("cpu -1 2 3 4\ncpu0\n"), std::string("MemTotal: kB\nMemAvailable: 1 kB\n"),
        std::string("MemTotal: 5 kB\nMemAvailable: 6 kB\n"), std::string("MemTotal: 0 kB\nMemAvailable: 0 kB\n"),
        std::string("Max open files"), std::string(")"), std::string("(((("), long_number,
        "cpu " + long_number + " 1 1 1\ncpu0 1\n", "MemTotal: " + long_number + " kB\nMemAvailable: 1 kB\n",
        "VmRSS: " + long_number + " kB\nThreads: 1\n", std::string("\0\xff\x01 \0", 5)}) {
    EXPECT_FALSE(parse_cpu_times(text)) << text;
    EXPECT_FALSE(parse_meminfo(text)) << text;
    EXPECT_FALSE(parse_first_number(text)) << text;
    EXPECT_FALSE(parse_file_nr(text)) << text;
    EXPECT_FALSE(parse_open_files_limit(text)) << text;
    EXPECT_FALSE(parse_process(text)) << text;
    EXPECT_FALSE(parse_start_ticks(text)) << text;
    EXPECT_FALSE(parse_cgroup_path(text)) << text;
    EXPECT_FALSE(parse_whole(text)) << text;
    EXPECT_FALSE(parse_cpu_max(text)) << text;
  }
  EXPECT_FALSE(parse_cpu_max("0 100000"));
  EXPECT_FALSE(parse_cpu_max("100000 0"));
  EXPECT_FALSE(parse_file_nr("1 0 0"));
}

TEST(Proc, ReadsSmallFilesOnly) {
  const TestTree tree;
  tree.write("small", "text\n");
  tree.write("large", std::string((1 << 20) + 1, 'x'));
  EXPECT_EQ(read_small_file(tree.root() / "small"), "text\n");
  EXPECT_EQ(read_small_file(tree.root() / "large"), std::nullopt);
  EXPECT_EQ(read_small_file(tree.root() / "missing"), std::nullopt);
  EXPECT_EQ(read_small_file(tree.root()), std::nullopt);
}

}  // namespace
}  // namespace bank::monitor
