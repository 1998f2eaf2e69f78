#include "monitor/check.h"

#include <gtest/gtest.h>

#include <limits>

#include "monitor/words.h"

namespace bank::monitor {
namespace {

Check check_of(Status status) {
  return {.name = "x", .status = status, .value = {}, .unit = {}, .thresholds = {}, .text = "t"};
}

class FixedProvider final : public CheckProvider {
 public:
  explicit FixedProvider(std::vector<Check> checks) : checks_(std::move(checks)) {}
  void look(std::vector<Check>& out) override { out.insert(out.end(), checks_.begin(), checks_.end()); }

 private:
  std::vector<Check> checks_;
};

TEST(Health, IsAsBadAsItsWorstCheck) {
  const auto overall = [](std::vector<Check> checks) {
    return Health{.at_us = 0, .checks = std::move(checks)}.overall();
  };
  EXPECT_EQ(overall({}), Status::ok);
  EXPECT_EQ(overall({check_of(Status::ok), check_of(Status::unknown)}), Status::unknown);
  EXPECT_EQ(overall({check_of(Status::warning), check_of(Status::unknown)}), Status::warning);
  EXPECT_EQ(overall({check_of(Status::critical), check_of(Status::warning)}), Status::critical);
}

TEST(Health, AsksEachProviderInTurn) {
  std::vector<std::unique_ptr<CheckProvider>> providers;
  providers.push_back(std::make_unique<FixedProvider>(std::vector{check_of(Status::ok)}));
  providers.push_back(std::make_unique<FixedProvider>(std::vector{check_of(Status::critical)}));
  const Health health = look(providers, 17);
  EXPECT_EQ(health.at_us, 17);
  ASSERT_EQ(health.checks.size(), 2U);
  EXPECT_EQ(health.checks[1].status, Status::critical);
}

TEST(Judge, CountsAThresholdThatIsMet) {
  const Thresholds thresholds{80, 95};
  EXPECT_EQ(judge(79.9, thresholds), Status::ok);
  EXPECT_EQ(judge(80, thresholds), Status::warning);
  EXPECT_EQ(judge(95, thresholds), Status::critical);
  EXPECT_EQ(judge(std::numeric_limits<double>::quiet_NaN(), thresholds), Status::unknown);
  EXPECT_EQ(judge(1e300, {80, std::numeric_limits<double>::infinity()}), Status::warning);
}

TEST(Health, IsWrittenAsJson) {
  Health health{.at_us = 1'772'445'600'000'000, .checks = {}};
  health.checks.push_back({.name = "cpu",
                           .status = Status::warning,
                           .value = 81.5,
                           .unit = "percent",
                           .thresholds = Thresholds{80, 95},
                           .text = "81.5 %"});
  health.checks.push_back({.name = "file:a\"b",
                           .status = Status::unknown,
                           .value = {},
                           .unit = {},
                           .thresholds = {},
                           .text = "not a file"});
  EXPECT_EQ(
      to_json(health, 0),
      R"({"schema_version":1,"at":"2026-03-02T10:00:00Z","status":"WARNING","checks":[)"
      R"({"name":"cpu","status":"WARNING","value":81.5,"unit":"percent","warning":80,"critical":95,"text":"81.5 %"},)"
      R"({"name":"file:a\"b","status":"UNKNOWN","text":"not a file"}]})"
      "\n");
}

TEST(Words, AreShort) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(1023), "1023 B");
  EXPECT_EQ(bytes_text(1024), "1.0 KiB");
  EXPECT_EQ(bytes_text(1024.0 * 1024 * 1024 - 1), "1.0 GiB");
  EXPECT_EQ(duration_text(59.9), "59 s");
  EXPECT_EQ(duration_text(3600), "1 h 0 min");
  EXPECT_EQ(duration_text(90'000), "1 d 1 h");
  EXPECT_EQ(duration_text(-5), "0 s");
  EXPECT_EQ(cores_text(1), "1 core");
  EXPECT_EQ(cores_text(1.5), "1.5 cores");
  EXPECT_EQ(utc_text(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(utc_text(-1), "1969-12-31T23:59:59Z");
}

}  // namespace
}  // namespace bank::monitor
