#include "notify/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bank::notify {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

store::AlertRow alert(const std::string& id = "TXN-1:HIGH_AMOUNT", model::Severity severity = model::Severity::high) {
  store::AlertRow row;
  row.alert_id = id;
  row.rule = "HIGH_AMOUNT";
  row.severity = severity;
  row.score = 40;
  row.reason = "ACC-0000001234 paid <!channel> & more";
  row.transaction_id = "TXN-1";
  row.account = "ACC-0000001234";
  row.account_ref = "acct_77";
  row.amount = model::Amount::from_units(90'000'000);
  row.decision = model::Decision::review;
  row.risk = 40;
  return row;
}

Target target(Kind kind) {
  Target to;
  to.kind = kind;
  to.route.target = "desk";
  to.secret = "s3cret";
  return to;
}

const Sender sender{.version = "1.2", .origin = "https://fraud.example"};

std::string header(const Message& message, std::string_view name) {
  for (const auto& [key, value] : message.headers) {
    if (key == name) return value;
  }
  return {};
}

TEST(Message, WebhookHasTheAlertWithItsAccountMaskedEverywhere) {
  const std::vector alerts{alert()};
  const Message message = message_of(target(Kind::webhook), alerts, store::message_key(alerts), sender);
  EXPECT_THAT(message.body, StartsWith(R"({"schema_version":1,"event":"alert","key":"TXN-1:HIGH_AMOUNT","alert":{)"));
  EXPECT_THAT(message.body, HasSubstr(R"("account_number":"****1234")"));
  EXPECT_THAT(message.body, HasSubstr(R"("reason":"****1234 paid <!channel> & more")"));
  EXPECT_THAT(message.body, HasSubstr(R"("amount":"9000.00")"));
  EXPECT_THAT(message.body, HasSubstr(R"("link":"https://fraud.example/accounts/acct_77?around=TXN-1%3AHIGH_AMOUNT")"));
  EXPECT_THAT(message.body, AllOf(Not(HasSubstr("0000001234")), Not(HasSubstr("s3cret"))));
  EXPECT_EQ(header(message, "Authorization"), "Bearer s3cret");
  EXPECT_EQ(header(message, "Idempotency-Key"), "TXN-1:HIGH_AMOUNT");
}

TEST(Message, SlackNeitherMentionsNorLinksWhatStandsInAReason) {
  const std::vector alerts{alert()};
  const Message message = message_of(target(Kind::slack), alerts, "k", sender);
  EXPECT_THAT(message.body,
              StartsWith(R"({"text":"HIGH HIGH_AMOUNT: ****1234 paid &lt;!channel&gt; &amp; more","attachments":[{)"));
  EXPECT_THAT(message.body, AllOf(Not(HasSubstr("0000001234")), Not(HasSubstr("<!channel>"))));
  EXPECT_EQ(header(message, "Authorization"), "");
}

TEST(Message, PagerDutyTriggersAnEventThatIsKnownByItsAlert) {
  const std::vector alerts{alert("TXN-1:HIGH_AMOUNT", model::Severity::critical)};
  const Message message = message_of(target(Kind::pagerduty), alerts, store::message_key(alerts), sender);
  EXPECT_THAT(message.body,
              StartsWith(R"({"routing_key":"s3cret","event_action":"trigger","dedup_key":"TXN-1:HIGH_AMOUNT")"));
  EXPECT_THAT(message.body, HasSubstr(R"("severity":"critical")"));
  EXPECT_THAT(message.body, HasSubstr(R"("group":"****1234")"));
  EXPECT_THAT(message.body, Not(HasSubstr("0000001234")));
}

TEST(Message, PagerDutysSummaryIsCutBetweenCharacters) {
  store::AlertRow row = alert();
  row.reason.clear();
  for (int i = 0; i < 600; ++i) row.reason += "ä€";
  const std::vector alerts{row};
  const std::string body = message_of(target(Kind::pagerduty), alerts, store::message_key(alerts), sender).body;
  const std::size_t begin = body.find(R"("summary":")") + 11;
  const std::string summary = body.substr(begin, body.find('"', begin) - begin);
  EXPECT_LE(summary.size(), 1024U);
  EXPECT_THAT(summary, testing::EndsWith("…"));
  EXPECT_THAT(summary, Not(HasSubstr("\uFFFD")));
}

TEST(Message, ManyAreSummedUpTheWorstFirst) {
  std::vector<store::AlertRow> alerts;
  for (int i = 0; i < 30; ++i)
    alerts.push_back(alert("TXN-" + std::to_string(i) + ":HIGH_AMOUNT", model::Severity::low));
  alerts.push_back(alert("TXN-worst:VELOCITY", model::Severity::critical));
  alerts.back().rule = "VELOCITY";
  const Message message = message_of(target(Kind::webhook), alerts, store::message_key(alerts), sender);
  EXPECT_THAT(message.body, HasSubstr(R"("event":"alerts")"));
  EXPECT_THAT(
      message.body,
      HasSubstr(
          R"("count":31,"by_severity":{"LOW":30,"MEDIUM":0,"HIGH":0,"CRITICAL":1},"by_rule":{"HIGH_AMOUNT":30,"VELOCITY":1},"alerts":[{"alert_id":"TXN-worst:VELOCITY")"));
  EXPECT_THAT(message.body, AllOf(HasSubstr("TXN-18:"), Not(HasSubstr("TXN-19:"))));
  EXPECT_THAT(message_of(target(Kind::slack), alerts, "k", sender).body,
              StartsWith(R"({"text":"31 alerts that were held back: 1 CRITICAL, 30 LOW")"));
}

}  // namespace
}  // namespace bank::notify
