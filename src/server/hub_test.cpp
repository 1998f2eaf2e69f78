#include "server/hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bank::server {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class HubTest : public testing::Test {
 protected:
  HubTest() : clock_(1'772'452'800'000'000) {}

  static HubOptions options() {
    HubOptions made;
    made.mode = "demo";
    made.version = "1";
    made.account_ref = [](std::string_view) { return "acct_1"; };
    made.clients_max = 3;
    made.feed_events_max = 4;
    made.alerts_per_s_max = 2;
    return made;
  }

  void add_alert(const std::string& id) {
    store::Ingested ingested;
    store::AlertRow& alert = ingested.alerts.emplace_back();
    alert.alert_id = id;
    alert.rule = "R";
    alert.severity = model::Severity::high;
    alert.account = "ACC-0000000042";
    alert.reason = "by ACC-0000000042";
    hub_.add({}, ingested);
  }
  [[nodiscard]] Listener listener(std::string user, std::string credential, bool masked) const {
    return {.user = std::move(user),
            .credential = std::move(credential),
            .masked = masked,
            .until_us = clock_.wall_us() + 60'000'000};
  }
  [[nodiscard]] Listener analyst() const { return listener("anna", "a1", false); }
  static std::string text_of(EventFeed& feed) {
    std::string out;
    for (const auto& event : feed.take()) out += *event;
    return out;
  }

  ManualClock clock_;
  Hub hub_{options(), clock_};
};

TEST_F(HubTest, BeginsWithASnapshotAndGoesOnWithWhatHappens) {
  const auto feed = hub_.subscribe(analyst(), "");
  EXPECT_THAT(text_of(*feed), HasSubstr("event: snapshot\n"));
  EXPECT_THAT(feed->take(), IsEmpty());
  int woken = 0;
  feed->on_more([&] { ++woken; });
  add_alert("A1");
  EXPECT_EQ(woken, 1);
  EXPECT_THAT(text_of(*feed),
              testing::AllOf(HasSubstr("event: alert\nid: "), HasSubstr("\"A1\""), HasSubstr("ACC-0000000042")));
  feed->on_more({});
}

TEST_F(HubTest, MasksAccountsForThoseWhoMayNotSeeThem) {
  const auto feed = hub_.subscribe(listener("vera", "v1", true), "");
  add_alert("A1");
  EXPECT_THAT(text_of(*feed), testing::AllOf(HasSubstr("****0042"), Not(HasSubstr("ACC-0000000042"))));
}

TEST_F(HubTest, DropsWhatASlowClientDoesNotTakeAndTellsIt) {
  const auto feed = hub_.subscribe(analyst(), "");
  static_cast<void>(feed->take());
  for (int i = 0; i < 6; ++i) {
    hub_.announce("health", "{}");
  }
  const std::string text = text_of(*feed);
  EXPECT_TRUE(text.starts_with("event: dropped\ndata: {\"events\": 4}\n")) << text;
  EXPECT_EQ(hub_.dropped(), 4U);
}

TEST_F(HubTest, SendsWhatAClientMissedWhenItComesBack) {
  auto feed = hub_.subscribe(analyst(), "");
  static_cast<void>(feed->take());
  add_alert("A1");
  const std::string first = text_of(*feed);
  const std::size_t begin = first.find("id: ") + 4;
  const std::string id = first.substr(begin, first.find('\n', begin) - begin);
  feed.reset();
  add_alert("A2");
  feed = hub_.subscribe(analyst(), id);
  EXPECT_THAT(text_of(*feed),
              testing::AllOf(HasSubstr("\"A2\""), Not(HasSubstr("\"A1\"")), Not(HasSubstr("dropped\ndata"))));
  // Of another start of the program, or nonsense: what was missed is not known.
  EXPECT_THAT(text_of(*hub_.subscribe(analyst(), "17-4")), HasSubstr("event: dropped"));
}

TEST_F(HubTest, SendsOnlySoManyAlertsASecondAndSaysHowManyItDidNot) {
  const auto feed = hub_.subscribe(analyst(), "");
  static_cast<void>(feed->take());
  for (const char* id : {"A1", "A2", "A3", "A4", "A5"}) add_alert(id);
  EXPECT_THAT(feed->take(), SizeIs(2));
  hub_.tick();
  EXPECT_THAT(text_of(*feed), testing::AllOf(HasSubstr("\"alerts\":5"), HasSubstr("\"dropped\":3")));
}

TEST_F(HubTest, TakesNoMoreThanSoManyClients) {
  const auto first = hub_.subscribe(analyst(), "");
  const auto second = hub_.subscribe(analyst(), "");
  auto third = hub_.subscribe(analyst(), "");
  EXPECT_EQ(hub_.subscribe(analyst(), ""), nullptr);
  third.reset();
  EXPECT_NE(hub_.subscribe(analyst(), ""), nullptr);
}

TEST_F(HubTest, EndsTheFeedsOfALoginThatIsOver) {
  const auto one = hub_.subscribe(listener("anna", "a1", false), "");
  const auto other = hub_.subscribe(listener("anna", "a2", false), "");
  const auto vera = hub_.subscribe(listener("vera", "v1", true), "");
  int woken = 0;
  one->on_more([&] { ++woken; });
  hub_.end_feeds_of_credential("a1");
  EXPECT_TRUE(one->ended());
  EXPECT_EQ(woken, 1);
  EXPECT_THAT(one->take(), IsEmpty());
  EXPECT_FALSE(other->ended());
  hub_.end_feeds_of_user("anna");
  EXPECT_TRUE(other->ended());
  EXPECT_FALSE(vera->ended());
  EXPECT_EQ(hub_.clients(), 1U);
  add_alert("A1");
  EXPECT_THAT(one->take(), IsEmpty());
  one->on_more({});
}

TEST_F(HubTest, EndsAFeedWhenItsLoginExpires) {
  const auto feed = hub_.subscribe(analyst(), "");
  clock_.advance_us(59'999'999);
  hub_.tick();
  EXPECT_FALSE(feed->ended());
  clock_.advance_us(1);
  hub_.tick();
  EXPECT_TRUE(feed->ended());
}

TEST_F(HubTest, AddsToWhatTheStoreHasCounted) {
  hub_.load({{"transactions", 10}, {"decision:BLOCK", 2}, {"alert:HIGH:R", 3}, {"alert:LOW:A:B", 1}});
  add_alert("A1");
  const Totals totals = hub_.totals();
  EXPECT_EQ(totals.transactions, 10);
  EXPECT_EQ(totals.alerts, 5);
  EXPECT_EQ(totals.by_rule.at("R").count, 4);
  EXPECT_EQ(totals.by_rule.at("A:B").severity, model::Severity::low);
  EXPECT_EQ(totals.by_decision[2], 2);
}

}  // namespace
}  // namespace bank::server
