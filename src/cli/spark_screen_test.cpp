#include "cli/spark_screen.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/captured_terminal.h"

namespace bank::cli {
namespace {

SparkEvent event(std::string_view line) {
  const auto parsed = SparkEvent::parse(line);
  EXPECT_TRUE(parsed.has_value());
  return *parsed;
}

TEST(SparkScreen, ABatchIsALine) {
  EXPECT_EQ(
      batch_line(event(R"({"event":"batch","epoch":7,"rows":24310,"alerts":95,"duration_ms":500,"lag_records":12,)"
                       R"("accounts":50000,"state_bytes":2048,"rejected":3})")),
      "batch    7     24,310 rows     48,600/s       95 alerts   500 ms  lag 12  50,000 accounts, 2.0 KiB, 3 rejected");
}

TEST(SparkScreen, TheStartNamesThePageWhereThereIsOne) {
  EXPECT_EQ(started_line(event(R"({"event":"started","spark":"4.2.0","master":"local[2]","ui":null})")),
            "Spark 4.2.0 on local[2]");
  EXPECT_EQ(started_line(event(R"({"event":"started","spark":"4.2.0","master":"local[2]","ui":"http://h:4040"})")),
            "Spark 4.2.0 on local[2], page http://h:4040");
}

TEST(SparkScreen, TheLastEventIsASummary) {
  rules::RuleSet rules;
  rules.rules.resize(2);
  rules.rules[0].id = "A";
  rules.rules[1].id = "B";
  const pipeline::Summary summary = summary_of(
      event(R"({"event":"ended","rows":10,"judged":7,"resends":1,"late":1,"rejected":2,"alerts":3,"approved":5,)"
            R"("to_review":1,"blocked":1,"duration_ms":1500,"alerts_by_rule":{"B":3}})"),
      rules);
  EXPECT_EQ(summary.records, 10U);
  EXPECT_EQ(summary.rejected, 2U);
  EXPECT_THAT(summary.alerts_by_rule, testing::ElementsAre(0U, 3U));
  EXPECT_THAT(summary.decisions, testing::ElementsAre(5U, 1U, 1U));
  EXPECT_EQ(summary.elapsed_ns, 1'500'000'000);
}

TEST(SparkScreen, ATableHasHeadingsAndCommas) {
  CapturedTerminal captured;
  print_spark_table(captured.terminal.out(), event(R"({"event":"table","title":"by_type","columns":["name","volume"],)"
                                                   R"("rows":[["PAYMENT",1268479.30],["A-1234",5]]})"));
  EXPECT_EQ(captured.out.text(),
            "\nBy type\n"
            "  NAME           VOLUME\n"
            "  PAYMENT  1,268,479.30\n"
            "  A-1234              5\n");
}

}  // namespace
}  // namespace bank::cli
