#include "analytics/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "analytics/chart.h"
#include "base/hash.h"
#include "codec/decode.h"

namespace bank::analytics {
namespace {

using model::Amount;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view attack = "<script>alert('x')</script>\"&";

model::Transaction transaction(std::string_view account, std::string_view time_text, std::int64_t units) {
  model::Transaction t;
  t.transaction_id = "T";
  t.account_number = account;
  t.account_hash = hash64(account);
  t.transaction_type = "PAYMENT";
  t.amount = Amount::from_units(units);
  t.time = *model::parse_event_time(time_text);
  t.status = model::Status::completed;
  return t;
}

model::AlertRecord alert(std::string_view account, std::string_view time_text) {
  model::AlertRecord record;
  record.transaction_id = "T";
  record.account_number = account;
  record.rule_id = "HIGH_AMOUNT";
  record.severity = model::Severity::high;
  record.score = 60;
  record.amount = Amount::from_units(60'000'000);
  record.time = *model::parse_event_time(time_text);
  record.rules_version = "abc";
  return record;
}

ReportContext context() {
  return {.generator = "bank 0.1.0",
          .generated_at_us = 0,
          .inputs = {"in.json"},
          .alerts_input = "alerts.json",
          .top = 10,
          .resends = {}};
}

/// Whether `text` is one well-formed JSON object without repeated keys: the strict decoder then has nothing to say but
/// that it is no transaction.
bool is_json_object(const std::string& text) {
  codec::JsonDecoder decoder{codec::FieldNames()};
  codec::TextArena arena;
  const std::string padded = text + std::string(64, ' ');
  const auto decoded = decoder.decode_plain(std::string_view(padded).substr(0, text.size()), arena);
  return !decoded && decoded.error().reason == model::Reason::missing_field;
}

TEST(Report, OfNothingIsWhole) {
  const Report report = make_report(TransactionAccumulator(), nullptr, context());
  EXPECT_TRUE(is_json_object(to_json(report)));
  EXPECT_THAT(to_json(report), HasSubstr("\"first_event\": null"));
  EXPECT_THAT(to_html(report), HasSubstr("</html>"));
}

TEST(Report, TheJsonCheckOfTheseTestsCanFail) {
  EXPECT_FALSE(is_json_object("{\"a\": 1,}"));
  EXPECT_FALSE(is_json_object("{\"a\": 1, \"a\": 2}"));
  EXPECT_TRUE(is_json_object("{\"a\": 1}"));
}

TEST(Report, SaysWhatWasCounted) {
  TransactionAccumulator transactions;
  transactions.add(transaction("A", "2026-03-02 10:00:00", 12'345'600));
  transactions.add(transaction("B", "2026-03-03 11:30:00", 400));
  transactions.add_rejected(model::Reason::not_json);
  AlertAccumulator alerts;
  alerts.add(alert("A", "2026-03-02 10:00:00"));
  alerts.finish();
  const Report report = make_report(transactions, &alerts, context());
  ASSERT_TRUE(report.alerts.has_value());
  EXPECT_EQ(report.alerts->reviewed, 1U);
  EXPECT_EQ(report.alerts->approved, 1U);
  EXPECT_DOUBLE_EQ(report.alerts->flagged_share, 0.5);
  EXPECT_FALSE(report.alerts->foreign);
  EXPECT_EQ(report.by_hour[10].count, 1U);
  EXPECT_EQ(report.by_weekday[0].count, 1U);
  EXPECT_EQ(report.by_weekday[1].count, 1U);

  const std::string json = to_json(report);
  EXPECT_TRUE(is_json_object(json)) << json;
  EXPECT_THAT(json, HasSubstr("\"schema_version\": 1,"));
  EXPECT_THAT(json, HasSubstr("\"volume\": 1234.60,"));
  EXPECT_THAT(json, HasSubstr("\"first_event\": \"2026-03-02T10:00:00.000000Z\""));
  EXPECT_THAT(json, HasSubstr("\"not_json\": 1"));
  EXPECT_THAT(json, HasSubstr("\"resends\": null"));
  EXPECT_THAT(json, HasSubstr("\"review\": 1,"));
  EXPECT_THAT(json, HasSubstr("\"p50\": 0.04,"));
}

TEST(Report, LeavesResendsOutOfTheDecisions) {
  TransactionAccumulator transactions;
  for (int i = 0; i < 5; ++i) transactions.add(transaction("A", "2026-03-02 10:00:00", 100));
  AlertAccumulator alerts;
  alerts.add(alert("A", "2026-03-02 10:00:00"));
  alerts.finish();
  ReportContext with_resends = context();
  with_resends.resends = 3;
  const Report report = make_report(transactions, &alerts, with_resends);
  EXPECT_EQ(report.alerts->approved, 1U);
  EXPECT_DOUBLE_EQ(report.alerts->flagged_share, 0.5);
}

TEST(Report, NoticesAlertsOfOtherData) {
  TransactionAccumulator transactions;
  transactions.add(transaction("A", "2026-03-02 10:00:00", 100));
  AlertAccumulator alerts;
  alerts.add(alert("A", "2020-01-01 00:00:00"));
  alerts.finish();
  const Report report = make_report(transactions, &alerts, context());
  EXPECT_TRUE(report.alerts->foreign);
  EXPECT_EQ(report.series.buckets().size(), 1U) << "they don't stretch the time axis";
  EXPECT_THAT(to_html(report), HasSubstr("do not fit the transactions"));
  EXPECT_THAT(to_json(report), HasSubstr("\"belong_to_transactions\": false"));
}

TEST(Report, IsHarmlessWhateverTheNames) {
  TransactionAccumulator transactions;
  model::Transaction t = transaction(attack, "2026-03-02 10:00:00", 100);
  t.transaction_type = attack;
  t.merchant = attack;
  t.location = attack;
  transactions.add(t);
  AlertAccumulator alerts;
  model::AlertRecord record = alert(attack, "2026-03-02 10:00:00");
  record.rule_id = attack;
  record.rules_version = attack;
  alerts.add(record);
  alerts.finish();
  ReportContext hostile = context();
  hostile.inputs = {std::string(attack)};
  hostile.alerts_input = attack;
  hostile.generator = attack;
  const Report report = make_report(transactions, &alerts, hostile);
  const std::string html = to_html(report);
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;"));
  EXPECT_TRUE(is_json_object(to_json(report)));
}

TEST(Report, NeedsNothingFromOutside) {
  TransactionAccumulator transactions;
  transactions.add(transaction("A", "2026-03-02 10:00:00", 100));
  const std::string html = to_html(make_report(transactions, nullptr, context()));
  for (const char* outside : {"http:", "https:", "src=", "@import", "url("}) EXPECT_THAT(html, Not(HasSubstr(outside)));
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
  EXPECT_THAT(html, HasSubstr("without an alerts file"));
}

TEST(Report, ListsAsManyAsAreAskedFor) {
  TransactionAccumulator transactions;
  for (int i = 0; i < 30; ++i) transactions.add(transaction("A" + std::to_string(i), "2026-03-02 10:00:00", i));
  ReportContext three = context();
  three.top = 3;
  const Report report = make_report(transactions, nullptr, three);
  ASSERT_EQ(report.accounts_by_volume.groups.size(), 3U);
  EXPECT_EQ(report.accounts_by_volume.groups[0].name, "A29");
  EXPECT_EQ(report.accounts_by_volume.distinct, 30U);
}

TEST(Chart, EscapesAndCutsText) {
  EXPECT_EQ(chart::escape("a<b>&\"'\n\x7f"), "a&lt;b&gt;&amp;&quot;&#39;  ");
  EXPECT_EQ(chart::escape(std::string(80, 'x')), std::string(80, 'x'));
  EXPECT_EQ(chart::escape(std::string(81, 'x')), std::string(80, 'x') + "…");
  std::string umlauts;
  for (int i = 0; i < 80; ++i) umlauts += "ü";
  EXPECT_EQ(chart::escape(umlauts), umlauts) << "characters are counted, not bytes";
}

TEST(Chart, StepsAreRoundAndReachTheLargest) {
  EXPECT_EQ(chart::round_steps(0), (std::vector<double>{0, 0.25, 0.5, 0.75, 1}));
  EXPECT_EQ(chart::round_steps(4), (std::vector<double>{0, 1, 2, 3, 4}));
  EXPECT_EQ(chart::round_steps(430), (std::vector<double>{0, 200, 400, 600}));
  for (double largest = 1e-3; largest < 1e20; largest *= 1.37) {
    const auto steps = chart::round_steps(largest);
    EXPECT_GE(steps.back(), largest * (1 - 1e-6));
    EXPECT_LE(steps.size(), 6U);
  }
}

}  // namespace
}  // namespace bank::analytics
