#include "store/test_store.h"

namespace bank::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class StoreNotificationsTest : public StoreTest {
 protected:
  void SetUp() override {
    options_.routes = {{.target = "siem", .severities = {}, .rules = {}, .max_age_us = hour_us},
                       {.target = "desk", .severities = {model::Severity::high}, .rules = {}, .max_age_us = hour_us},
                       {.target = "night", .severities = {}, .rules = {"VELOCITY"}, .max_age_us = hour_us}};
    StoreTest::SetUp();
  }
  std::vector<std::string> waiting(std::string_view target, std::size_t limit = 100) {
    const auto rows = store_->waiting_notifications(target, limit);
    EXPECT_TRUE(rows) << rows.error().message;
    std::vector<std::string> out;
    for (const NotificationRow& row : *rows) out.push_back(row.alert.alert_id);
    return out;
  }
  std::vector<std::int64_t> numbers(std::string_view target) {
    const auto rows = store_->waiting_notifications(target, 100);
    EXPECT_TRUE(rows) << rows.error().message;
    std::vector<std::int64_t> out;
    for (const NotificationRow& row : *rows) out.push_back(row.id);
    return out;
  }
};

INSTANTIATE_TEST_SUITE_P(Databases, StoreNotificationsTest, testing::Values("sqlite", "postgresql"),
                         [](const auto& database) { return database.param; });

TEST_P(StoreNotificationsTest, QueuesAnAlertOnceForEachWhoWantsIt) {
  Made made;
  made.alert("T1", "ACC-1").alert("T2", "ACC-2", "HIGH_AMOUNT", noon_us, model::Severity::high);
  EXPECT_EQ(ingest(made).notifications, 4U);
  EXPECT_EQ(ingest(made).notifications, 0U);
  EXPECT_THAT(waiting("siem"), ElementsAre("T1:VELOCITY", "T2:HIGH_AMOUNT"));
  EXPECT_THAT(waiting("desk"), ElementsAre("T2:HIGH_AMOUNT"));
  EXPECT_THAT(waiting("night"), ElementsAre("T1:VELOCITY"));
  EXPECT_THAT(waiting("siem", 1), ElementsAre("T1:VELOCITY"));
  EXPECT_THAT(waiting("nobody"), IsEmpty());
}

TEST_P(StoreNotificationsTest, QueuesNeitherOldAlertsNorThoseOfThePast) {
  Made old;
  old.alert("T1", "ACC-1", "VELOCITY", noon_us - 2 * hour_us);
  EXPECT_EQ(ingest(old).notifications, 0U);
  Made past;
  past.alert("T2", "ACC-1");
  past.batch.past = true;
  EXPECT_EQ(ingest(past).notifications, 0U);
}

TEST_P(StoreNotificationsTest, ForgetsWhatWasDeliveredAndHoldsTheRestOverARestart) {
  Made made;
  made.alert("T1", "ACC-1").alert("T2", "ACC-1").alert("T3", "ACC-1");
  ingest(made);
  const auto ids = numbers("siem");
  ASSERT_THAT(ids, SizeIs(3));
  ASSERT_TRUE(store_->notifications_delivered(std::span(ids).first(2)));
  open();
  EXPECT_THAT(waiting("siem"), ElementsAre("T3:VELOCITY"));
  EXPECT_THAT(waiting("night"), SizeIs(3));
  ingest(made);
  EXPECT_THAT(waiting("siem"), ElementsAre("T3:VELOCITY"));
}

TEST_P(StoreNotificationsTest, KeepsWhatFailedWithItsErrorAndSendsItAgainWhenAsked) {
  Made made;
  made.alert("T1", "ACC-1").alert("T2", "ACC-1");
  ingest(made);
  const auto ids = numbers("siem");
  ASSERT_TRUE(store_->notifications_failed(ids, "HTTP 500", false, noon_us + 1));
  EXPECT_THAT(waiting("siem"), SizeIs(2));
  ASSERT_TRUE(store_->notifications_failed(std::span(ids).first(1), "HTTP 400", true, noon_us + 2));
  EXPECT_THAT(waiting("siem"), ElementsAre("T2:VELOCITY"));
  const auto dead = store_->notifications({.target = "siem", .dead = true}, {});
  ASSERT_TRUE(dead && dead->items.size() == 1);
  EXPECT_EQ(dead->items[0].attempts, 2);
  EXPECT_EQ(dead->items[0].error, "HTTP 400");
  EXPECT_EQ(dead->items[0].tried_us, noon_us + 2);
  EXPECT_EQ(store_->resend_notifications({}, {"desk"}, alice), 0);
  EXPECT_EQ(store_->resend_notifications({}, {"siem"}, alice), 1);
  EXPECT_THAT(waiting("siem"), ElementsAre("T1:VELOCITY", "T2:VELOCITY"));
  const auto log =
      store_->audit_log({.user = {}, .action = "notification", .subject = {}, .from_us = {}, .to_us = {}}, {});
  ASSERT_TRUE(log);
  EXPECT_THAT(log->items, SizeIs(2));
}

TEST_P(StoreNotificationsTest, GivesUpWhatIsTooOldOrForNobody) {
  Made made;
  made.alert("T1", "ACC-1");
  ingest(made);
  EXPECT_EQ(store_->give_up_notifications("siem", noon_us), 0);
  EXPECT_EQ(store_->give_up_notifications("siem", noon_us + 1), 1);
  const std::vector<std::string> known{"siem"};
  EXPECT_EQ(store_->give_up_unknown_targets(known), 1);
  const auto figures = store_->notification_figures();
  ASSERT_TRUE(figures && figures->size() == 2);
  EXPECT_EQ((*figures)[0].target, "night");
  EXPECT_EQ((*figures)[0].dead, 1);
  EXPECT_EQ((*figures)[1].waiting, 0);
  EXPECT_EQ((*figures)[1].oldest_us, std::nullopt);
}

TEST_P(StoreNotificationsTest, PagesNewestFirst) {
  Made made;
  for (int i = 0; i < 5; ++i) made.alert("T" + std::to_string(i), "ACC-1");
  ingest(made);
  std::vector<std::string> seen;
  PageWish wish{.limit = 2, .cursor = {}};
  for (bool more = true; more;) {
    const auto page = store_->notifications({.target = "siem", .dead = {}}, wish);
    ASSERT_TRUE(page) << page.error().message;
    for (const NotificationRow& row : page->items) seen.push_back(row.alert.alert_id);
    more = page->next.has_value();
    wish.cursor = page->next.value_or("");
  }
  EXPECT_THAT(seen, ElementsAre("T4:VELOCITY", "T3:VELOCITY", "T2:VELOCITY", "T1:VELOCITY", "T0:VELOCITY"));
}

}  // namespace
}  // namespace bank::store
