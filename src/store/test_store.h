// What the store's tests share: batches in words, and a store in either database.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/hash.h"
#include "store/database.h"
#include "store/store.h"
#include "store/test_postgresql.h"

namespace bank::store {

inline constexpr std::int64_t hour_us = 3'600'000'000;
inline constexpr std::int64_t noon_us = 1'772'452'800'000'000;
inline const Actor alice{.user = "alice", .remote = "127.0.0.1", .at_us = noon_us};

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
      const auto database = open_postgresql(options_.location, clock_);
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
    Result<std::unique_ptr<Store>> opened = Store::open(options_, clock_);
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }
  std::unique_ptr<Database> raw() {
    auto database =
        GetParam() == "sqlite" ? open_sqlite(options_.location) : open_postgresql(options_.location, clock_);
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

  SystemClock clock_;
  std::filesystem::path folder_;
  Options options_;
  std::unique_ptr<Store> store_;
};

}  // namespace bank::store
