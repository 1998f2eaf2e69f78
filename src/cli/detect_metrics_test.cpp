#include "cli/detect_metrics.h"

#include <gtest/gtest.h>

namespace bank::cli {
namespace {

rules::RuleSet two_rules() {
  rules::RuleSet set;
  set.rules.resize(2);
  set.rules[0].id = "LARGE_AMOUNT";
  set.rules[0].severity = model::Severity::high;
  set.rules[1].id = "ODD_HOUR";
  return set;
}

kafka::DetectorStatus judging() {
  kafka::DetectorStatus status;
  status.records = 1000;
  status.alerts_by_rule = {7, 2};
  status.rejected = 3;
  status.replayed = 40;
  status.transactions = 5;
  status.aborted = 1;
  status.rebalances = 2;
  status.partitions = {{.number = 0, .committed = 90, .end = 100, .replay_left = 0},
                       {.number = 2, .committed = 50, .end = 50, .replay_left = 0}};
  status.ready = true;
  status.latency_p50_us = 50'000;
  status.latency_p99_us = 110'000;
  return status;
}

class Pages : public testing::Test {
 protected:
  const rules::RuleSet rules_ = two_rules();
  ManualClock clock_;
  DetectorPages pages_{rules_, {.version = "1.2", .commit = "abc"}, clock_};
};

TEST_F(Pages, TellOfEveryMetric) {
  pages_.update(judging());
  const std::string text = pages_.metrics({.resident_bytes = 4096, .cpu_seconds = 1.5});
  for (const std::string_view line : {
           "bank_build_info{version=\"1.2\",commit=\"abc\"} 1\n",
           "# TYPE bank_transactions_total counter\nbank_transactions_total 1000\n",
           "bank_alerts_total{rule=\"LARGE_AMOUNT\",severity=\"HIGH\"} 7\n",
           "bank_alerts_total{rule=\"ODD_HOUR\",severity=\"LOW\"} 2\n",
           "bank_rejected_total 3\n",
           "bank_replayed_total 40\n",
           "bank_kafka_transactions_total 5\n",
           "bank_kafka_transactions_aborted_total 1\n",
           "bank_rebalances_total 2\n",
           "bank_consumer_lag_records{partition=\"0\"} 10\nbank_consumer_lag_records{partition=\"2\"} 0\n",
           "bank_replay_remaining_records{partition=\"0\"} 0\n",
           "bank_visible_latency_seconds{quantile=\"0.5\"} 0.05\n",
           "bank_visible_latency_seconds{quantile=\"0.99\"} 0.11\n",
           "process_resident_memory_bytes 4096\n",
           "process_cpu_seconds_total 1.5\n",
       }) {
    EXPECT_TRUE(text.contains(line)) << line << "is missing in\n" << text;
  }
}

TEST_F(Pages, HaveMetricsBeforeTheDetectorSaysAnything) {
  EXPECT_TRUE(pages_.metrics({}).contains("bank_transactions_total 0\n"));
}

TEST_F(Pages, AreReadyWhenItJudges) {
  pages_.update(judging());
  EXPECT_EQ(pages_.answer("/readyz").status, 200U);
  EXPECT_EQ(pages_.answer("/readyz").body, "ready\n");
}

TEST_F(Pages, SayInOneLineWhyItDoesNot) {
  EXPECT_EQ(pages_.not_ready(), "starting: not yet in its group");
  kafka::DetectorStatus status = judging();
  status.ready = false;
  pages_.update(status);
  EXPECT_EQ(pages_.not_ready(), "joining its group");
  status.partitions[1].replay_left = 2000;
  pages_.update(status);
  EXPECT_EQ(pages_.not_ready(), "replaying histories: 2,000 records to go");
  status.trouble = "no broker answers";
  pages_.update(status);
  EXPECT_EQ(pages_.answer("/readyz").status, 503U);
  EXPECT_EQ(pages_.answer("/readyz").body, "waiting for Kafka: no broker answers\n");
}

TEST_F(Pages, AreNotReadyWhenTheDetectorHangs) {
  pages_.update(judging());
  clock_.advance_us(9'000'000);
  EXPECT_EQ(pages_.not_ready(), "");
  clock_.advance_us(3'000'000);
  EXPECT_TRUE(pages_.not_ready().starts_with("not getting on for ")) << pages_.not_ready();
}

TEST_F(Pages, AreAliveWhateverTheDetectorDoes) { EXPECT_EQ(pages_.answer("/livez").status, 200U); }

TEST_F(Pages, SayWhatThereIs) {
  EXPECT_EQ(pages_.answer("/").status, 404U);
  EXPECT_EQ(pages_.answer("/metrics").content_type, "text/plain; version=0.0.4; charset=utf-8");
}

TEST(ProcessUse, IsThisProcesss) {
  const ProcessUse use = use_of_this_process();
  EXPECT_GT(use.resident_bytes, 1'000'000U);
  EXPECT_GT(use.cpu_seconds, 0);
}

}  // namespace
}  // namespace bank::cli
