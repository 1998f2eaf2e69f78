#include "adapters/kafka/state_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace bank::kafka {
namespace {

using testing::HasSubstr;

class StateDirTest : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove_all(root_); }
  std::string root_ = testing::TempDir() + "state_dir_test";
};

TEST_F(StateDirTest, GivesEachDetectorItsOwnAndTheNextOneTheFreedOne) {
  auto first = StateDir::claim(root_, "g", "", "word");
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->name(), "g-machine/word/0");
  {
    const auto second = StateDir::claim(root_, "g", "", "other");
    ASSERT_TRUE(second);
    EXPECT_EQ(second->name(), "g-machine/word/1");
    EXPECT_NE(second->path(), first->path());
  }
  const auto third = StateDir::claim(root_, "g", "", "other");
  ASSERT_TRUE(third);
  EXPECT_EQ(third->name(), "g-machine/word/1");
}

TEST_F(StateDirTest, GroupsDoNotShare) {
  const auto one = StateDir::claim(root_, "a/../b", "", "word");
  const auto other = StateDir::claim(root_, "..", "", "word");
  ASSERT_TRUE(one);
  ASSERT_TRUE(other);
  EXPECT_EQ(std::filesystem::path(one->path()).parent_path().parent_path(), root_);
  EXPECT_EQ(std::filesystem::path(other->path()).parent_path().parent_path(), root_);
}

TEST_F(StateDirTest, AnInstanceRunsOnce) {
  const auto first = StateDir::claim(root_, "g", "pod-0", "word");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->name(), "g-instance/pod-0");
  const auto second = StateDir::claim(root_, "g", "pod-0", "word");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::config);
  EXPECT_THAT(second.error().message, HasSubstr("running already"));
}

TEST_F(StateDirTest, NoTwoDetectorsHaveOneName) {
  const std::vector<std::pair<std::string, std::string>> named = {
      {"a-b", "c"}, {"a", "b-c"},  {"a", "instance/c"}, {"a-instance/b", "c"},  {"a-instance", "b/c"},
      {"a", ""},    {"a", "word"}, {"a", "word/0"},     {"a-machine/word", "0"}};
  std::set<std::string> names;
  for (const auto& [group, instance] : named) {
    const auto claimed = StateDir::claim(root_, group, instance, "word");
    ASSERT_TRUE(claimed) << claimed.error().message;
    EXPECT_TRUE(names.insert(claimed->name()).second) << claimed->name();
    EXPECT_TRUE(claimed->name().starts_with(group + "-"));
  }
}

TEST_F(StateDirTest, SaysWhereItCannotWrite) {
  std::ofstream(root_) << "a file";
  const auto claimed = StateDir::claim(root_, "g", "", "word");
  ASSERT_FALSE(claimed);
  EXPECT_EQ(claimed.error().kind, ErrorKind::runtime);
  EXPECT_THAT(claimed.error().message, HasSubstr("kafka.state_dir"));
}

}  // namespace
}  // namespace bank::kafka
