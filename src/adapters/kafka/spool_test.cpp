#include "adapters/kafka/spool.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace bank::kafka {
namespace {

namespace fs = std::filesystem;

class Spool : public testing::Test {
 protected:
  ~Spool() override { fs::remove_all(folder_); }
  [[nodiscard]] std::string path() const { return (folder_ / "deep" / "spool.json").string(); }
  [[nodiscard]] std::string content() const {
    std::ifstream file(path());
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  fs::path folder_ = fs::temp_directory_path() / ("bank-spool-" + std::to_string(getpid()) + "-" +
                                                  testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(Spool, MakesFileAndFolderAndAppends) {
  ASSERT_TRUE(append_to_spool(path(), "{\"a\":1}\n").has_value());
  ASSERT_TRUE(append_to_spool(path(), "{\"a\":2}\n{\"a\":3}\n").has_value());
  EXPECT_EQ(content(), "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n");
}

TEST_F(Spool, EndsALineThatACrashCutShort) {
  ASSERT_TRUE(append_to_spool(path(), "{\"a\":1}\n{\"a\"").has_value());
  ASSERT_TRUE(append_to_spool(path(), "{\"a\":2}\n").has_value());
  EXPECT_EQ(content(), "{\"a\":1}\n{\"a\"\n{\"a\":2}\n");
}

TEST_F(Spool, SaysWhereItCannotWrite) {
  const Result<void> written = append_to_spool("/proc/nowhere/spool.json", "{}\n");
  ASSERT_FALSE(written.has_value());
  EXPECT_NE(written.error().message.find("/proc/nowhere"), std::string::npos) << written.error().message;
}

TEST(SpoolLine, PutsARecordOfSeveralLinesIntoOne) {
  std::string lines = "x\n";
  append_spool_line(lines, "{\r\n  \"a\": 1\n}");
  EXPECT_EQ(lines, "x\n{\t\t  \"a\": 1\t}\n");
}

}  // namespace
}  // namespace bank::kafka
