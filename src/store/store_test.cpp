#include "store/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <deque>
#include <filesystem>
#include <fstream>

#include "base/hash.h"
#include "store/database.h"
#include "store/test_postgresql.h"

namespace bank::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

constexpr std::int64_t hour_us = 3'600'000'000;
constexpr std::int64_t noon_us = 1'772'452'800'000'000;
const Actor alice{.user = "alice", .remote = "127.0.0.1", .at_us = noon_us};

/// Batches in words; owns their texts.
class Made {
 public:
  Made& transaction(const std::string& id, const std::string& account, std::int64_t time_us = noon_us,
                    std::int64_t units = 120'000, const std::string& rules = "[]") {
    NewTransaction added;
    added.transaction.transaction_id = keep(id);
    added.transaction.account_number = keep(account);
    added.transaction.account_hash = hash64(added.transaction.account_number);
    added.transaction.transaction_type = "PAYMENT";
    added.transaction.amount = model::Amount::from_units(units);
    std::string time;
    model::append_event_time(time, model::EventTime::from_us(time_us));
    added.transaction.timestamp = keep(time);
    added.transaction.time = model::EventTime::from_us(time_us);
    added.transaction.merchant = "Shell Gas";
    added.transaction.status = model::Status::completed;
    added.risk = rules == "[]" ? 0 : 90;
    added.decision = rules == "[]" ? model::Decision::approve : model::Decision::block;
    added.rules = rules;
    batch.transactions.push_back(added);
    return *this;
  }
  Made& alert(const std::string& transaction, const std::string& account, const std::string& rule = "VELOCITY",
              std::int64_t time_us = noon_us, model::Severity severity = model::Severity::medium) {
    model::AlertRecord added;
    added.alert_id = keep(transaction + ":" + rule);
    added.rule_id = keep(rule);
    added.reason = keep("5 transactions of " + account);
    added.transaction_id = keep(transaction);
    added.account_number = keep(account);
    std::string time;
    model::append_event_time(time, model::EventTime::from_us(time_us));
    added.timestamp = keep(time);
    added.time = model::EventTime::from_us(time_us);
    added.rules_version = "abc";
    added.source = "file:1";
    added.amount = model::Amount::from_units(120'000);
    added.detected_at_us = time_us + 1000;
    added.score = 30;
    added.severity = severity;
    batch.alerts.push_back(added);
    return *this;
  }
  Batch batch;

 private:
  std::string_view keep(const std::string& text) { return texts_.emplace_back(text); }
  std::deque<std::string> texts_;
};

/// The same tests for both databases.
class StoreTest : public testing::TestWithParam<std::string> {
 protected:
  static void SetUpTestSuite() {
    if (!TestPostgresql::programs().empty()) postgresql() = TestPostgresql::start();
  }
  static void TearDownTestSuite() { postgresql().reset(); }
  static std::unique_ptr<TestPostgresql>& postgresql() {
    static std::unique_ptr<TestPostgresql> server;
    return server;
  }

  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("bank_store_" + std::to_string(getpid()) + "_" +
                                                        testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    if (GetParam() == "postgresql") {
      if (TestPostgresql::programs().empty()) {
        GTEST_SKIP() << "PostgreSQL is not installed (package postgresql): the store is tried on SQLite alone";
      }
      ASSERT_NE(postgresql(), nullptr) << "PostgreSQL is installed and does not start";
      options_.location = postgresql()->url();
      const auto database = open_postgresql(options_.location);
      ASSERT_TRUE(database) << database.error().message;
      ASSERT_TRUE((*database)->script("DROP SCHEMA public CASCADE; CREATE SCHEMA public"));
    } else {
      options_.location = (folder_ / "store.db").string();
    }
    open();
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  void open() {
    store_.reset();
    Result<std::unique_ptr<Store>> opened = Store::open(options_);
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }
  std::unique_ptr<Database> raw() {
    auto database = GetParam() == "sqlite" ? open_sqlite(options_.location) : open_postgresql(options_.location);
    EXPECT_TRUE(database);
    return std::move(*database);
  }
  Ingested ingest(const Made& made) {
    const auto ingested = store_->ingest(made.batch, noon_us);
    EXPECT_TRUE(ingested) << ingested.error().message;
    return *ingested;
  }
  std::vector<std::string> ids(const AlertFilter& filter) {
    const auto page = store_->alerts(filter, {});
    EXPECT_TRUE(page) << page.error().message;
    std::vector<std::string> out;
    for (const AlertRow& alert : page->items) out.push_back(alert.alert_id);
    return out;
  }

  std::filesystem::path folder_;
  Options options_;
  std::unique_ptr<Store> store_;
};

INSTANTIATE_TEST_SUITE_P(Databases, StoreTest, testing::Values("sqlite", "postgresql"),
                         [](const auto& database) { return database.param; });

TEST_P(StoreTest, KeepsAnAlertOnceHoweverOftenItComes) {
  Made made;
  made.transaction("T1", "ACC-1", noon_us, 50'000'000, R"(["VELOCITY"])").alert("T1", "ACC-1");
  const Ingested first = ingest(made);
  EXPECT_THAT(first.transactions, ElementsAre(true));
  ASSERT_THAT(first.alerts, SizeIs(1));
  EXPECT_EQ(first.alerts[0].decision, model::Decision::block);
  const Ingested second = ingest(made);
  EXPECT_THAT(second.transactions, ElementsAre(false));
  EXPECT_THAT(second.alerts, IsEmpty());
  const auto counters = store_->counters();
  ASSERT_TRUE(counters);
  EXPECT_THAT(*counters, UnorderedElementsAre(std::pair("transactions", 1), std::pair("decision:BLOCK", 1),
                                              std::pair("alert:MEDIUM:VELOCITY", 1)));
  Made twice;
  twice.alert("T2", "ACC-1").alert("T2", "ACC-1");
  EXPECT_THAT(ingest(twice).alerts, SizeIs(1));
}

TEST_P(StoreTest, GivesBackWhatWasPutIn) {
  Made made;
  made.transaction("T1", "ACC-1", noon_us, 1'234'567, R"(["VELOCITY"])").alert("T1", "ACC-1");
  ingest(made);
  const auto alert = store_->alert("T1:VELOCITY");
  ASSERT_TRUE(alert && *alert);
  EXPECT_EQ((*alert)->reason, "5 transactions of ACC-1");
  EXPECT_EQ((*alert)->time_us, noon_us);
  EXPECT_EQ((*alert)->detected_us, noon_us + 1000);
  EXPECT_EQ((*alert)->severity, model::Severity::medium);
  EXPECT_EQ((*alert)->status, Disposition::open);
  EXPECT_EQ((*alert)->risk, 90);
  EXPECT_TRUE((*alert)->case_id);
  const auto transaction = store_->transaction("T1");
  ASSERT_TRUE(transaction && *transaction);
  EXPECT_EQ((*transaction)->amount.units(), 1'234'567);
  EXPECT_EQ((*transaction)->merchant, "Shell Gas");
  EXPECT_EQ((*transaction)->location, std::nullopt);
  EXPECT_EQ((*transaction)->status, "COMPLETED");
  EXPECT_EQ((*transaction)->rules, R"(["VELOCITY"])");
  EXPECT_FALSE(*store_->alert("none"));
  EXPECT_FALSE(*store_->transaction("none"));
}

TEST_P(StoreTest, GivesAnAlertThatCameBeforeItsTransactionTheDecision) {
  ingest(Made().alert("T1", "ACC-1"));
  EXPECT_FALSE((*store_->alert("T1:VELOCITY"))->decision);
  ingest(Made().transaction("T1", "ACC-1", noon_us, 1, R"(["VELOCITY"])"));
  EXPECT_EQ((*store_->alert("T1:VELOCITY"))->decision, model::Decision::block);
  ingest(Made().alert("T1", "ACC-1", "OTHER"));
  EXPECT_EQ((*store_->alert("T1:OTHER"))->decision, model::Decision::block);
}

TEST_P(StoreTest, HoldsEverythingOverARestart) {
  Made made;
  made.transaction("T1", "ACC-1").alert("T1", "ACC-1");
  made.batch.positions = {{"file:a", "17"}};
  ingest(made);
  ASSERT_EQ(
      *store_->change_alert("T1:VELOCITY", {.status = Disposition::acknowledged, .assignee = {}, .version = {}}, alice),
      Changed::yes);
  const std::string ref = store_->account_ref("ACC-1");
  open();
  EXPECT_EQ((*store_->alert("T1:VELOCITY"))->status, Disposition::acknowledged);
  EXPECT_EQ(*store_->position("file:a"), "17");
  EXPECT_EQ(*store_->position("file:b"), std::nullopt);
  EXPECT_EQ(store_->account_ref("ACC-1"), ref);
  EXPECT_THAT(store_->audit_log({}, {})->items, SizeIs(1));
}

TEST_P(StoreTest, KeepsHostileTextsAsTheyAre) {
  const std::string evil = "'; DROP TABLE alerts; --<script>\x1b[2J%_\\\"\xe2\x82\xac";
  Made made;
  made.transaction(evil, evil).alert(evil, evil, evil);
  ingest(made);
  const auto alert = store_->alert(evil + ":" + evil);
  ASSERT_TRUE(alert && *alert);
  EXPECT_EQ((*alert)->account, evil);
  AlertFilter filter;
  filter.text = "\\\"";
  EXPECT_THAT(ids(filter), SizeIs(1));
  filter.text = "x_";
  EXPECT_THAT(ids(filter), IsEmpty());
  ASSERT_TRUE(store_->add_note("alert", (*alert)->alert_id, evil, alice));
  EXPECT_EQ(store_->notes((*alert)->alert_id)->front().text, evil);
}

TEST_P(StoreTest, FindsAlertsByEveryFilter) {
  Made made;
  made.alert("T1", "ACC-0001", "VELOCITY", noon_us, model::Severity::low);
  made.alert("T2", "ACC-0002", "HIGH_AMOUNT", noon_us + hour_us, model::Severity::critical);
  made.transaction("T2", "ACC-0002", noon_us + hour_us, 1, R"(["HIGH_AMOUNT"])");
  ingest(made);
  const auto only = [&](auto set) {
    AlertFilter filter;
    set(filter);
    return ids(filter);
  };
  EXPECT_THAT(ids({}), ElementsAre("T2:HIGH_AMOUNT", "T1:VELOCITY"));
  const auto is_first = ElementsAre("T1:VELOCITY");
  const auto is_second = ElementsAre("T2:HIGH_AMOUNT");
  EXPECT_THAT(only([](AlertFilter& f) { f.ascending = true; }), ElementsAre("T1:VELOCITY", "T2:HIGH_AMOUNT"));
  EXPECT_THAT(only([](AlertFilter& f) { f.account = "ACC-0001"; }), is_first);
  EXPECT_THAT(only([&](AlertFilter& f) { f.account = store_->account_ref("ACC-0001"); }), is_first);
  EXPECT_THAT(only([](AlertFilter& f) { f.account = "****0002"; }), is_second);
  EXPECT_THAT(only([](AlertFilter& f) { f.rules = {"VELOCITY", "NONE"}; }), is_first);
  EXPECT_THAT(only([](AlertFilter& f) { f.severities = {model::Severity::critical}; }), is_second);
  EXPECT_THAT(only([](AlertFilter& f) { f.decisions = {model::Decision::block}; }), is_second);
  EXPECT_THAT(only([](AlertFilter& f) { f.statuses = {Disposition::closed}; }), IsEmpty());
  EXPECT_THAT(only([](AlertFilter& f) { f.assignee = ""; }), SizeIs(2));
  EXPECT_THAT(only([](AlertFilter& f) { f.assignee = "alice"; }), IsEmpty());
  EXPECT_THAT(only([](AlertFilter& f) { f.from_us = noon_us + 1; }), is_second);
  EXPECT_THAT(only([](AlertFilter& f) { f.to_us = noon_us + 1; }), is_first);
  EXPECT_THAT(only([](AlertFilter& f) { f.text = "high_am"; }), is_second);
}

TEST_P(StoreTest, PagesWithoutGapOrRepeatWhileAlertsCome) {
  Made made;
  for (int i = 0; i < 25; ++i) made.alert("T" + std::to_string(100 + i), "ACC-1", "R", noon_us + i / 3);
  ingest(made);
  std::vector<std::string> seen;
  PageWish wish{.limit = 4, .cursor = {}};
  for (int page = 0; page < 10; ++page) {
    const auto got = store_->alerts({}, wish);
    ASSERT_TRUE(got);
    for (const AlertRow& alert : got->items) seen.push_back(alert.alert_id);
    ingest(Made().alert("NEW" + std::to_string(page), "ACC-1", "R", noon_us + hour_us));
    if (!got->next) break;
    wish.cursor = *got->next;
  }
  EXPECT_THAT(seen, SizeIs(25));
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 25U);
  EXPECT_THAT(store_->alerts({}, {.limit = 4, .cursor = "nonsense"})->items, IsEmpty());
}

TEST_P(StoreTest, GathersAlertsOfAnAccountWithinTheWindowIntoOneCase) {
  ingest(Made().alert("T1", "ACC-1", "A").alert("T1", "ACC-1", "B", noon_us, model::Severity::critical));
  ingest(Made().alert("T2", "ACC-1", "A", noon_us + 20 * hour_us).alert("T3", "ACC-2", "A"));
  ingest(Made().alert("T4", "ACC-1", "A", noon_us + 60 * hour_us));
  const auto cases = store_->cases({}, {});
  ASSERT_TRUE(cases);
  ASSERT_THAT(cases->items, SizeIs(3));
  const CaseRow& latest = cases->items[0];
  const CaseRow& first = cases->items[1];
  EXPECT_EQ(latest.alerts, 1);
  EXPECT_EQ(first.account, "ACC-1");
  EXPECT_EQ(first.alerts, 3);
  EXPECT_EQ(first.score, 90);
  EXPECT_EQ(first.severity, model::Severity::critical);
  EXPECT_EQ(first.rules, R"(["A", "B"])");
  EXPECT_EQ(first.first_us, noon_us);
  EXPECT_EQ(first.last_us, noon_us + 20 * hour_us);
}

TEST_P(StoreTest, AClosedCaseTakesNoMoreAlerts) {
  ingest(Made().alert("T1", "ACC-1"));
  const std::string id = store_->cases({}, {})->items[0].case_id;
  std::vector<std::string> changed;
  ASSERT_EQ(*store_->change_case(id, {.status = Disposition::closed, .assignee = {}, .version = {}}, alice, changed),
            Changed::yes);
  EXPECT_THAT(changed, ElementsAre("T1:VELOCITY"));
  EXPECT_EQ((*store_->alert("T1:VELOCITY"))->status, Disposition::closed);
  ingest(Made().alert("T2", "ACC-1"));
  EXPECT_NE((*store_->alert("T2:VELOCITY"))->case_id, id);
}

TEST_P(StoreTest, RefusesAChangeOfWhatSomebodyElseChangedMeanwhile) {
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

TEST_P(StoreTest, LogsEveryChangeWithWhoWhenFromAndTo) {
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

TEST_P(StoreTest, TheDatabaseItselfKeepsTheAuditLogFromBeingChanged) {
  ASSERT_TRUE(store_->audit(alice, "test", "one"));
  const auto database = raw();
  for (const char* sql : {"UPDATE audit SET author = 'mallory'", "DELETE FROM audit"}) {
    const auto done = database->execute(sql);
    ASSERT_FALSE(done) << sql;
    EXPECT_THAT(done.error().message, HasSubstr("audit only grows"));
  }
  EXPECT_EQ(store_->audit_log({}, {})->items[0].user, "alice");
}

TEST_P(StoreTest, CountsDispositionsByRuleAndGivesThemAsLabels) {
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

TEST_P(StoreTest, ShowsAnAccountAroundATime) {
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

TEST_P(StoreTest, DropsTheOldestTransactionsAndNoAlert) {
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

TEST_P(StoreTest, MakesTheFirstUserOnce) {
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

TEST_P(StoreTest, EndsSessionsInTimeAndWithThePassword) {
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

TEST_P(StoreTest, KeepsTokensAndWhoseTheyAre) {
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

TEST_P(StoreTest, KeepsNothingOfABatchThatFails) {
  const auto database = raw();
  ASSERT_TRUE(database->script("ALTER TABLE positions RENAME TO gone"));
  Made made;
  made.transaction("T1", "ACC-1").alert("T1", "ACC-1");
  made.batch.positions = {{"file:a", "17"}};
  EXPECT_FALSE(store_->ingest(made.batch, noon_us));
  EXPECT_FALSE(*store_->alert("T1:VELOCITY"));
  ASSERT_TRUE(database->script("ALTER TABLE gone RENAME TO positions"));
  EXPECT_THAT(ingest(made).alerts, SizeIs(1));
}

TEST_P(StoreTest, RefusesTablesOfANewerBank) {
  ASSERT_TRUE(raw()->execute("UPDATE meta SET value = '999' WHERE name = 'schema'"));
  const auto opened = Store::open(options_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::config);
  EXPECT_THAT(opened.error().message, HasSubstr("take a newer bank"));
}

TEST_P(StoreTest, GoesOnWhenTheDatabaseIsBack) {
  Made made;
  made.transaction("T1", "ACC-1").alert("T1", "ACC-1");
  const bool sqlite = GetParam() == "sqlite";
  const std::string aside = options_.location + ".aside";
  if (sqlite) {
    std::filesystem::rename(options_.location, aside);
  } else {
    postgresql()->stop();
  }
  EXPECT_FALSE(store_->probe(noon_us));
  EXPECT_FALSE(store_->ingest(made.batch, noon_us));
  if (sqlite) {
    std::filesystem::rename(aside, options_.location);
  } else {
    postgresql()->start_again();
  }
  EXPECT_TRUE(store_->probe(noon_us));
  EXPECT_THAT(ingest(made).alerts, SizeIs(1));
}

TEST(SqliteStore, SaysThatAnotherProgramHoldsItAndGoesOnAfterwards) {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("bank_locked_" + std::to_string(getpid()))).string();
  std::filesystem::remove(path);
  const auto store = Store::open({.location = path});
  ASSERT_TRUE(store);
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr), SQLITE_OK);
  const auto locked = (*store)->probe(noon_us);
  ASSERT_FALSE(locked);
  EXPECT_THAT(locked.error().message, HasSubstr("another program holds it"));
  ASSERT_EQ(sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(other);
  EXPECT_TRUE((*store)->probe(noon_us));
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace bank::store
