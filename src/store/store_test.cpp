#include <sqlite3.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "store/test_store.h"

namespace bank::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

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
  const auto opened = Store::open(options_, clock_);
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
  // After a failure nobody tries to connect for a moment.
  const auto begun = std::chrono::steady_clock::now();
  while (!store_->probe(noon_us) && std::chrono::steady_clock::now() - begun < std::chrono::seconds(10)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_THAT(ingest(made).alerts, SizeIs(1));
}

TEST_P(StoreTest, AServerThatIsFrozenEndsNoWaitForTheEndAndKeepsNothingHalf) {
  if (GetParam() != "postgresql") GTEST_SKIP() << "a file does not freeze";
  Made made;
  made.transaction("T1", "ACC-1").alert("T1", "ACC-1");
  postgresql()->freeze();
  const auto begun = std::chrono::steady_clock::now();
  std::thread waits([&] { EXPECT_FALSE(store_->ingest(made.batch, noon_us)); });
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  store_->hurry();
  EXPECT_FALSE(store_->probe(noon_us));
  waits.join();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(8));
  store_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(8));
  postgresql()->thaw();
  open();
  EXPECT_THAT(ingest(made).alerts, SizeIs(1));
  EXPECT_THAT(*store_->counters(), testing::Contains(testing::Pair("transactions", 1)));
}

TEST_P(StoreTest, HoldsNoMoreStatementsThanItMay) {
  const auto database = raw();
  for (std::size_t i = 0; i < 2 * statements_max + 1; ++i) {
    const auto rows = database->query("SELECT " + std::to_string(i));
    ASSERT_TRUE(rows) << rows.error().message;
    ASSERT_EQ(rows->integer(0, 0), static_cast<std::int64_t>(i));
  }
  if (GetParam() != "postgresql") return;
  const auto held = database->query("SELECT count(*) FROM pg_prepared_statements");
  ASSERT_TRUE(held) << held.error().message;
  EXPECT_LE(held->integer(0, 0), static_cast<std::int64_t>(statements_max));
}

TEST(SqliteStore, SaysThatAnotherProgramHoldsItAndGoesOnAfterwards) {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("bank_locked_" + std::to_string(getpid()))).string();
  std::filesystem::remove(path);
  const SystemClock clock;
  const auto store = Store::open({.location = path}, clock);
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
