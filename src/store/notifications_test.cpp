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
  std::vector<NotificationRow> rows(const std::string& target, bool dead = false) {
    const auto page = store_->notifications({.target = target, .dead = dead}, {.limit = 1000, .cursor = {}});
    EXPECT_TRUE(page) << page.error().message;
    return {page->items.rbegin(), page->items.rend()};
  }
  std::vector<std::string> waiting(const std::string& target) {
    std::vector<std::string> out;
    for (const NotificationRow& row : rows(target)) out.push_back(row.alert.alert_id);
    return out;
  }
  std::vector<std::int64_t> numbers(const std::string& target) {
    std::vector<std::int64_t> out;
    for (const NotificationRow& row : rows(target)) out.push_back(row.id);
    return out;
  }
  using Message = std::pair<std::string, std::vector<std::string>>;  // its key, its alerts
  Message next(std::string_view target, std::size_t limit) {
    const auto message = store_->next_notifications(target, limit);
    EXPECT_TRUE(message) << message.error().message;
    Message out;
    for (const NotificationRow& row : *message) {
      EXPECT_TRUE(out.first.empty() || out.first == row.key);
      out.first = row.key;
      out.second.push_back(row.alert.alert_id);
    }
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
  EXPECT_THAT(next("siem", 1).second, ElementsAre("T1:VELOCITY"));
  EXPECT_THAT(next("nobody", 1).second, IsEmpty());
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
  ASSERT_THAT(log->items, SizeIs(2));
  EXPECT_EQ(log->items[0].from, "T1:VELOCITY");
  EXPECT_EQ(log->items[0].to, "1");
  EXPECT_EQ(log->items[1].from, std::nullopt);
  EXPECT_EQ(log->items[1].to, "0");
}

TEST_P(StoreNotificationsTest, AMessageStaysTheSameUntilItIsTakenOrGivenUp) {
  Made made;
  made.alert("T1", "ACC-1").alert("T2", "ACC-1");
  ingest(made);
  const auto first = next("siem", 100);
  EXPECT_THAT(first.second, ElementsAre("T1:VELOCITY", "T2:VELOCITY"));
  Made more;
  more.alert("T3", "ACC-1");
  ingest(more);
  EXPECT_EQ(next("siem", 1), first);
  EXPECT_EQ(next("siem", 100), first);
  open();
  EXPECT_EQ(next("siem", 100), first);
  EXPECT_EQ(next("night", 1), Message("T1:VELOCITY", {"T1:VELOCITY"}));
  const auto ids = numbers("siem");
  ASSERT_TRUE(store_->notifications_failed(std::span(ids).first(2), "no answer", false, noon_us + 1));
  EXPECT_EQ(next("siem", 100), first);
  // One that goes leaves the rest what they are.
  ASSERT_TRUE(store_->give_up_notifications(std::span(ids).first(1), "too old"));
  EXPECT_EQ(next("siem", 100), Message(first.first, {"T2:VELOCITY"}));
  ASSERT_TRUE(store_->notifications_failed(std::span(ids).subspan(1, 1), "HTTP 400", true, noon_us + 2));
  EXPECT_THAT(next("siem", 100).second, ElementsAre("T3:VELOCITY"));
  // What is asked for again is a new message.
  EXPECT_EQ(store_->resend_notifications({}, {"siem"}, alice), 2);
  ASSERT_TRUE(store_->notifications_delivered(std::span(ids).subspan(2, 1)));
  EXPECT_THAT(next("siem", 1).second, ElementsAre("T1:VELOCITY"));
}

TEST_P(StoreNotificationsTest, AKeyIsTheSameForTheSameAlertsAndFitsIntoAHeader) {
  const auto alerts = [](const std::vector<std::string>& ids) {
    std::vector<AlertRow> rows;
    for (const std::string& id : ids) rows.emplace_back().alert_id = id;
    return rows;
  };
  EXPECT_EQ(message_key(alerts({"a", "b"})), message_key(alerts({"a", "b"})));
  EXPECT_NE(message_key(alerts({"a", "b"})), message_key(alerts({"a", "c"})));
  EXPECT_EQ(message_key(alerts({"a"})), "a");
  const std::string odd = message_key(alerts({"TXN-1\r\nX-Evil: 1:RULE"}));
  EXPECT_THAT(odd, testing::AllOf(testing::StartsWith("bank-"), testing::Not(testing::HasSubstr("\n"))));
  EXPECT_LT(message_key(alerts({std::string(300, 'x')})).size(), 256U);
}

TEST_P(StoreNotificationsTest, ManyAreGivenUpSentAgainAndDiscardedInPiecesWithEveryAlertInTheLog) {
  constexpr int count = 2500;
  Made made;
  for (int i = 0; i < count; ++i) made.alert("T" + std::to_string(i), "ACC-" + std::to_string(i));
  ingest(made);
  EXPECT_EQ(store_->give_up_notifications("siem", noon_us + 1), count);
  EXPECT_EQ(store_->resend_notifications({}, {"siem"}, alice), count);
  EXPECT_EQ(store_->give_up_unknown_targets({}), 2 * count);
  EXPECT_EQ(store_->discard_notifications({}, {"siem"}, alice), count);
  for (const std::string action : {"notification.resend", "notification.discard"}) {
    const auto log = store_->audit_log({.user = {}, .action = action, .subject = "siem", .from_us = {}, .to_us = {}},
                                       {.limit = 100, .cursor = {}});
    ASSERT_TRUE(log) << log.error().message;
    std::int64_t logged = 0;
    for (const AuditRow& entry : log->items) logged += std::ranges::count(entry.from.value_or(""), ':');
    EXPECT_EQ(logged, count) << action;
  }
}

TEST_P(StoreNotificationsTest, AStoreOfTheVersionBeforeGetsWhatItLacks) {
  Made made;
  made.alert("T1", "ACC-1");
  ingest(made);
  {
    const auto database = raw();
    ASSERT_TRUE(database->script(
        "DROP INDEX notifications_message; DROP INDEX notifications_figures;"
        "ALTER TABLE notifications DROP COLUMN message_key; UPDATE meta SET value = '1' WHERE name = 'schema'"));
  }
  open();
  EXPECT_THAT(next("siem", 1).second, ElementsAre("T1:VELOCITY"));
  open();
  EXPECT_THAT(next("siem", 1).second, ElementsAre("T1:VELOCITY"));
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
