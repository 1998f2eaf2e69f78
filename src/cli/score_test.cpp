#include "cli/score.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace bank::cli {
namespace {

class ScoreTest : public ::testing::Test {
 public:
  ScoreTest() : directory_(std::filesystem::temp_directory_path() / ("bank_score_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(directory_);
  }
  ~ScoreTest() override { std::filesystem::remove_all(directory_); }

 protected:
  Result<Score> score(const std::string& labels, const std::string& alerts) {
    std::ofstream(directory_ / "labels") << labels;
    std::ofstream(directory_ / "alerts") << alerts;
    return score_alerts((directory_ / "labels").string(), (directory_ / "alerts").string(),
                        {.review = 50, .block = 80});
  }

  std::filesystem::path directory_;
};

constexpr auto labels =
    "{\"transaction_id\": \"T1\", \"scenario\": \"card_testing\", \"case\": 1}\n"
    "{\"transaction_id\": \"T2\", \"scenario\": \"card_testing\", \"case\": 1}\n"
    "{\"transaction_id\": \"T3\", \"scenario\": \"card_testing\", \"case\": 2}\n"
    "{\"transaction_id\": \"T4\", \"scenario\": \"structuring\", \"case\": 3}\n";
// T1: 40, fraud; T2: 40 + 45 = 85, fraud; T8: 60; T9: 30.
constexpr auto alerts =
    "{\"transaction_id\":\"T1\",\"score\":40}\n"
    "{\"transaction_id\":\"T9\",\"score\":30}\n"
    "{\"transaction_id\":\"T2\",\"score\":40}\n"
    "{\"transaction_id\":\"T2\",\"score\":45}\n"
    "{\"transaction_id\":\"T8\",\"score\":60,\"reason\":\"{\\\"transaction_id\\\":\\\"T3\\\"}\"}\n";

TEST_F(ScoreTest, CountsTransactionsAtEachLevel) {
  const auto result = score(labels, alerts);
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ(result->fraudulent, 4U);
  EXPECT_EQ(result->levels[0].flagged, 4U);
  EXPECT_EQ(result->levels[0].right, 2U);
  EXPECT_EQ(result->levels[1].flagged, 2U);
  EXPECT_EQ(result->levels[1].right, 1U);
  EXPECT_EQ(result->levels[2].flagged, 1U);
  EXPECT_EQ(result->levels[2].right, 1U);
  EXPECT_EQ(Score::precision(result->levels[0]), 0.5);
  EXPECT_EQ(result->recall(result->levels[2]), 0.25);
}

TEST_F(ScoreTest, CountsCasesByScenario) {
  const auto result = score(labels, alerts);
  ASSERT_TRUE(result.has_value());
  ASSERT_EQ(result->scenarios.size(), 2U);
  EXPECT_EQ(result->scenarios[0].name, "card_testing");
  EXPECT_EQ(result->scenarios[0].transactions, 3U);
  EXPECT_EQ(result->scenarios[0].flagged, 2U);
  EXPECT_EQ(result->scenarios[0].cases, 2U);
  EXPECT_EQ(result->scenarios[0].cases_found, 1U);
  EXPECT_EQ(result->scenarios[1].cases_found, 0U);
}

TEST_F(ScoreTest, ReadsLabelsInCsvToo) {
  const auto result = score("transaction_id,scenario,case\nT1,card_testing,1\n", alerts);
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ(result->fraudulent, 1U);
  EXPECT_EQ(result->levels[0].right, 1U);
}

TEST_F(ScoreTest, NothingAtAllHasNoShares) {
  const auto result = score("", "");
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(Score::precision(result->levels[0]), std::nullopt);
  EXPECT_EQ(result->recall(result->levels[0]), std::nullopt);
}

TEST_F(ScoreTest, RefusesLinesOfAnotherForm) {
  const auto result = score(labels, "{\"transaction_id\":\"T1\",\"score\":40}\n{\"transaction_id\":\"T1\"}\n");
  ASSERT_FALSE(result.has_value());
  EXPECT_THAT(result.error().message, ::testing::EndsWith("alerts:2: not a line that bank has written here"));
}

TEST_F(ScoreTest, SaysWhatIsMissing) {
  const auto result = score_alerts((directory_ / "none").string(), "x", {});
  ASSERT_FALSE(result.has_value());
  EXPECT_THAT(result.error().message, ::testing::HasSubstr("none: No such file"));
}

}  // namespace
}  // namespace bank::cli
