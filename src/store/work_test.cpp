#include "store/test_store.h"

namespace bank::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using StoreWorkTest = StoreTest;

INSTANTIATE_TEST_SUITE_P(Databases, StoreWorkTest, testing::Values("sqlite", "postgresql"),
                         [](const auto& database) { return database.param; });

TEST_P(StoreWorkTest, RefusesAChangeOfWhatSomebodyElseChangedMeanwhile) {
  ingest(Made().alert("T1", "ACC-1"));
  const Change change{
      .status = Disposition::confirmed_fraud, .assignee = std::optional<std::string>("bob"), .version = 1};
  EXPECT_EQ(*store_->change_alert("T1:VELOCITY", change, alice), Changed::yes);
  EXPECT_EQ(*store_->change_alert("T1:VELOCITY", change, alice), Changed::other_version);
  EXPECT_EQ(*store_->change_alert("none", change, alice), Changed::no_such);
  const auto alert = *store_->alert("T1:VELOCITY");
  EXPECT_EQ(alert->version, 2);
  EXPECT_EQ(alert->assignee, "bob");
}

TEST_P(StoreWorkTest, LogsEveryChangeWithWhoWhenFromAndTo) {
  ingest(Made().alert("T1", "ACC-1"));
  ASSERT_TRUE(store_->change_alerts(std::vector<std::string>{"T1:VELOCITY", "none"},
                                    {.status = Disposition::false_positive, .assignee = {}, .version = {}}, "seen",
                                    alice));
  const auto log =
      store_->audit_log({.user = "alice", .action = "alert", .subject = "T1:VELOCITY", .from_us = {}, .to_us = {}}, {});
  ASSERT_TRUE(log);
  ASSERT_THAT(log->items, SizeIs(2));
  EXPECT_EQ(log->items[1].action, "alert.status");
  EXPECT_EQ(log->items[1].from, "open");
  EXPECT_EQ(log->items[1].to, "false_positive");
  EXPECT_EQ(log->items[1].at_us, noon_us);
  EXPECT_EQ(log->items[1].remote, "127.0.0.1");
  EXPECT_EQ(log->items[0].action, "alert.note");
  EXPECT_THAT(store_->audit_log({.user = "bob", .action = {}, .subject = {}, .from_us = {}, .to_us = {}}, {})->items,
              IsEmpty());
}

TEST_P(StoreWorkTest, TheDatabaseItselfKeepsTheAuditLogFromBeingChanged) {
  ASSERT_TRUE(store_->audit(alice, "test", "one"));
  const auto database = raw();
  for (const char* sql : {"UPDATE audit SET author = 'mallory'", "DELETE FROM audit"}) {
    const auto done = database->execute(sql);
    ASSERT_FALSE(done) << sql;
    EXPECT_THAT(done.error().message, HasSubstr("audit only grows"));
  }
  EXPECT_EQ(store_->audit_log({}, {})->items[0].user, "alice");
}

TEST_P(StoreWorkTest, CountsDispositionsByRuleAndGivesThemAsLabels) {
  ingest(Made().alert("T1", "ACC-1").alert("T2", "ACC-1").alert("T3", "ACC-2"));
  const auto mark = [&](const char* id, Disposition status) {
    ASSERT_EQ(*store_->change_alert(id, {.status = status, .assignee = {}, .version = {}}, alice), Changed::yes);
  };
  mark("T1:VELOCITY", Disposition::confirmed_fraud);
  mark("T2:VELOCITY", Disposition::false_positive);
  const auto figures = store_->rule_figures();
  ASSERT_THAT(*figures, SizeIs(1));
  EXPECT_EQ(figures->front().hits, 3);
  EXPECT_EQ(figures->front().confirmed_fraud, 1);
  EXPECT_EQ(figures->front().false_positive, 1);
  EXPECT_EQ(figures->front().undecided, 1);
  const auto labels = store_->labels({.limit = 1, .cursor = {}});
  ASSERT_THAT(labels->items, SizeIs(1));
  ASSERT_TRUE(labels->next);
  EXPECT_EQ(store_->labels({.limit = 1, .cursor = *labels->next})->items[0].alert_id, "T2:VELOCITY");
  EXPECT_EQ(labels->items[0].decided_by, "alice");
}

TEST_P(StoreWorkTest, ShowsAnAccountAroundATime) {
  Made made;
  for (int i = 0; i < 10; ++i) made.transaction("T" + std::to_string(i), "ACC-1", noon_us + i * hour_us);
  made.transaction("X", "ACC-2");
  ingest(made);
  const auto around = store_->account_transactions("ACC-1", 4, noon_us + 5 * hour_us);
  std::vector<std::string> seen;
  for (const TransactionRow& each : *around) seen.push_back(each.transaction_id);
  EXPECT_THAT(seen, ElementsAre("T7", "T6", "T5", "T4"));
  EXPECT_THAT(*store_->account_window("ACC-1", noon_us + hour_us, noon_us + 2 * hour_us), SizeIs(2));
  const auto figures = store_->account_figures("ACC-1");
  EXPECT_EQ(figures->transactions, 10);
  EXPECT_EQ(figures->amount.units(), 1'200'000);
  EXPECT_EQ(*store_->account("ACC-2"), "ACC-2");
  EXPECT_EQ(*store_->account(store_->account_ref("ACC-2")), "ACC-2");
  EXPECT_EQ(*store_->account("none"), std::nullopt);
}

TEST_P(StoreWorkTest, AWindowThatIsTooFullHasTheLatestInTheOrderOfArrival) {
  Made made;
  for (int i = 0; i < 10'005; ++i) made.transaction("T" + std::to_string(i), "ACC-1", noon_us + i);
  ingest(made);
  const auto window = store_->account_window("ACC-1", noon_us, noon_us + 10'002);
  ASSERT_TRUE(window) << window.error().message;
  ASSERT_THAT(*window, SizeIs(account_window_max));
  EXPECT_EQ(window->front().transaction_id, "T3");
  EXPECT_EQ(window->back().transaction_id, "T10002");
}

TEST_P(StoreWorkTest, DropsTheOldestTransactionsAndNoAlert) {
  options_.transactions_max = 1000;
  open();
  for (int block = 0; block < 6; ++block) {
    Made made;
    for (int i = 0; i < 1000; ++i) made.transaction("T" + std::to_string(block * 1000 + i), "ACC-1", noon_us);
    made.alert("T" + std::to_string(block * 1000), "ACC-1");
    ingest(made);
  }
  EXPECT_LE(store_->account_figures("ACC-1")->transactions, 2000);
  EXPECT_FALSE(*store_->transaction("T0"));
  EXPECT_TRUE(*store_->transaction("T5999"));
  EXPECT_EQ(store_->account_figures("ACC-1")->alerts, 6);
}

TEST_P(StoreWorkTest, MakesTheFirstUserOnce) {
  const UserRow anna{
      .name = "anna", .password_hash = "h", .role = "admin", .disabled = false, .created_us = 0, .last_login_us = {}};
  UserRow bert = anna;
  bert.name = "bert";
  bert.role = "viewer";
  EXPECT_TRUE(*store_->create_user(anna, true, alice));
  EXPECT_FALSE(*store_->create_user(bert, true, alice));
  EXPECT_TRUE(*store_->create_user(bert, false, alice));
  EXPECT_FALSE(*store_->create_user(bert, false, alice));
  EXPECT_EQ(*store_->change_user("anna", "viewer", {}, {}, alice), Store::UserChanged::last_admin);
  EXPECT_EQ((*store_->user("anna"))->role, "admin");
  EXPECT_EQ(*store_->change_user("bert", "admin", {}, {}, alice), Store::UserChanged::yes);
  EXPECT_EQ(*store_->change_user("anna", {}, true, {}, alice), Store::UserChanged::yes);
  EXPECT_TRUE((*store_->user("anna"))->disabled);
  EXPECT_EQ(*store_->change_user("nobody", {}, true, {}, alice), Store::UserChanged::no_such);
}

TEST_P(StoreWorkTest, EndsSessionsInTimeAndWithThePassword) {
  const UserRow anna{
      .name = "anna", .password_hash = "h", .role = "admin", .disabled = false, .created_us = 0, .last_login_us = {}};
  ASSERT_TRUE(*store_->create_user(anna, true, alice));
  ASSERT_TRUE(store_->put_session(
      {.hash = "s1", .user = "anna", .csrf = "c", .created_us = noon_us, .expires_us = noon_us + 10}, alice));
  EXPECT_EQ((*store_->session("s1", noon_us))->csrf, "c");
  EXPECT_FALSE(*store_->session("s1", noon_us + 10));
  ASSERT_EQ(*store_->change_user("anna", {}, {}, "new", alice), Store::UserChanged::yes);
  EXPECT_FALSE(*store_->session("s1", noon_us));
}

TEST_P(StoreWorkTest, KeepsTokensAndWhoseTheyAre) {
  const TokenRow token{.id = "t1",
                       .name = "ci",
                       .user = "anna",
                       .hash = "h1",
                       .scopes = "read",
                       .created_us = 1,
                       .expires_us = {},
                       .used_us = {}};
  ASSERT_TRUE(store_->put_token(token, alice));
  EXPECT_EQ((*store_->token("h1"))->user, "anna");
  EXPECT_THAT(*store_->tokens("bert"), IsEmpty());
  EXPECT_THAT(*store_->tokens({}), SizeIs(1));
  EXPECT_FALSE(*store_->delete_token("t1", "bert", alice));
  EXPECT_TRUE(*store_->delete_token("t1", "anna", alice));
  EXPECT_FALSE(*store_->token("h1"));
}

}  // namespace
}  // namespace bank::store
