#include "adapters/spark/setup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/spark/test_records.h"

namespace bank::spark {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string mistake(const std::string& options, std::string_view rules = test_rules) {
  const auto made = make_setup(rules, "my.yaml", options);
  if (made) return "";
  EXPECT_EQ(made.error().kind, Fault::Kind::rules);
  return made.error().message;
}

TEST(Setup, TakesEveryOption) {
  const auto of = setup(
      "lateness_us=5\nreview=10\nblock=20\nmap=account_number=cc,amount=amt\nprocessed=yes\nhistories=shared\n\n"
      "dead_letters=lines\nanalytics=yes");
  EXPECT_EQ(of->engine.lateness_us, 5);
  EXPECT_EQ(of->engine.thresholds.review, 10);
  EXPECT_EQ(of->engine.thresholds.block, 20);
  EXPECT_EQ(of->names.columns()[1], "cc");
  EXPECT_EQ(of->names.columns()[3], "amt");
  EXPECT_TRUE(of->processed);
  EXPECT_TRUE(of->analytics);
  EXPECT_EQ(of->histories, Histories::shared);
  EXPECT_EQ(of->dead_letters, DeadLetters::lines);
  EXPECT_EQ(of->reach_us(), 300'000'010);
}

TEST(Setup, SaysWhatIsWrongWithAnOption) {
  EXPECT_THAT(mistake("late=5"), HasSubstr("no such option"));
  EXPECT_THAT(mistake("lateness_us=-1"), HasSubstr("whole number from 0"));
  EXPECT_THAT(mistake("review=1x"), HasSubstr("whole number"));
  EXPECT_THAT(mistake("processed=true"), HasSubstr("no or yes"));
  EXPECT_THAT(mistake("histories=own"), HasSubstr("partition or shared"));
  EXPECT_THAT(mistake("processed"), HasSubstr("key=value"));
  EXPECT_THAT(mistake("map=acount=x"), HasSubstr("acount"));
}

TEST(Setup, SaysWhereARuleIsWrong) {
  EXPECT_THAT(mistake("", "version: 1\nrules:\n  - {id: A, severity: LOW, score: 1, when: amont > 2, reason: r}\n"),
              StartsWith("my.yaml:3:"));
}

TEST(Setup, StateIsOfTheSameKindWhereHistoriesHoldTheSame) {
  EXPECT_EQ(setup("")->state_id(), setup("processed=yes\nreview=3\n")->state_id());
  EXPECT_NE(setup("")->state_id(), setup("lateness_us=5\n")->state_id());
  EXPECT_NE(setup("")->state_id(), setup("histories=shared\n")->state_id());
}

TEST(Setup, DescribesItself) {
  const std::string text = describe(*setup(""));
  EXPECT_THAT(text, HasSubstr(R"("severity":"CRITICAL")"));
  EXPECT_THAT(text, HasSubstr(R"("window_us":300000000)"));
  EXPECT_THAT(text, HasSubstr(R"("reach_us":7500000000)"));
  EXPECT_THAT(text, HasSubstr("\"bad_csv\""));
  EXPECT_EQ(text.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace bank::spark
