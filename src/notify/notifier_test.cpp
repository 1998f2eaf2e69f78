#include "notify/notifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <deque>
#include <filesystem>

namespace bank::notify {
namespace {

using testing::ElementsAre;
using testing::SizeIs;
using What = Outcome::What;

/// Answers as told, and else takes everything.
class Script {
 public:
  void answer(Outcome outcome) {
    const std::lock_guard lock(mutex_);
    outcomes_.push_back(std::move(outcome));
  }
  Outcome post(const Message& message) {
    const std::lock_guard lock(mutex_);
    bodies_.push_back(message.body);
    if (outcomes_.empty()) return {.what = What::delivered, .text = "HTTP 200"};
    Outcome outcome = outcomes_.front();
    outcomes_.pop_front();
    return outcome;
  }
  std::vector<std::string> bodies() {
    const std::lock_guard lock(mutex_);
    return bodies_;
  }

 private:
  std::mutex mutex_;
  std::deque<Outcome> outcomes_;
  std::vector<std::string> bodies_;
};

class FakeTransport final : public Transport {
 public:
  explicit FakeTransport(Script& script) : script_(script) {}
  Outcome post(const Target& /*target*/, const Message& message, const std::atomic<bool>& /*stop*/) override {
    return script_.post(message);
  }

 private:
  Script& script_;
};

class NotifierTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = (std::filesystem::temp_directory_path() / ("bank_notifier_" + std::to_string(getpid()) + ".db")).string();
    std::filesystem::remove(path_);
    target_.route = {.target = "desk", .severities = {}, .rules = {}, .max_age_us = 3'600'000'000};
    target_.per_minute = 6000;
    open();
  }
  void TearDown() override {
    notifier_.reset();
    store_.reset();
    std::filesystem::remove(path_);
  }

  void open() {
    notifier_.reset();
    auto opened = store::Store::open({.location = path_, .routes = {target_.route}}, clock_);
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }
  void start(const std::vector<Target>& targets) {
    notifier_ = std::make_unique<Notifier>(*store_, clock_, targets, Sender{.version = "1", .origin = ""}, 1,
                                           [this] { return std::make_unique<FakeTransport>(script_); });
    ASSERT_TRUE(notifier_->start());
  }
  void queue(int first, int count) {
    store::Batch batch;
    std::deque<std::string> texts;
    for (int i = first; i < first + count; ++i) {
      model::AlertRecord alert;
      alert.alert_id = texts.emplace_back("T" + std::to_string(i) + ":RULE");
      alert.rule_id = "RULE";
      alert.transaction_id = texts.emplace_back("T" + std::to_string(i));
      alert.account_number = "ACC-0000000001";
      alert.timestamp = "2026-03-02 10:00:00";
      alert.detected_at_us = clock_.wall_us();
      batch.alerts.push_back(alert);
    }
    const auto ingested = store_->ingest(batch, clock_.wall_us());
    ASSERT_TRUE(ingested) << ingested.error().message;
    ASSERT_EQ(ingested->notifications, static_cast<std::size_t>(count));
  }
  store::NotificationFigures figures() {
    const auto all = store_->notification_figures();
    EXPECT_TRUE(all);
    return all && !all->empty() ? all->front() : store::NotificationFigures{};
  }
  template <typename Condition>
  bool until(Condition condition) {
    for (int i = 0; i < 1000; ++i) {
      if (condition()) return true;
      usleep(10'000);
    }
    return false;
  }

  SystemClock clock_;
  Script script_;
  std::string path_;
  Target target_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Notifier> notifier_;
};

TEST_F(NotifierTest, SendsOneByOneAndForgetsWhatWasTaken) {
  queue(1, 3);
  start({target_});
  ASSERT_TRUE(until([&] { return figures().waiting == 0; }));
  EXPECT_THAT(script_.bodies(),
              ElementsAre(testing::HasSubstr("T1:RULE"), testing::HasSubstr("T2:RULE"), testing::HasSubstr("T3:RULE")));
  EXPECT_EQ(notifier_->figures().front().messages, 3U);
}

TEST_F(NotifierTest, IsWokenByWhatComesLater) {
  start({target_});
  queue(1, 1);
  notifier_->wake();
  EXPECT_TRUE(until([&] { return script_.bodies().size() == 1; }));
}

TEST_F(NotifierTest, SumsUpWhatTheLimitHeldBack) {
  target_.per_minute = 1;
  target_.burst = 3;
  queue(1, 50);
  start({target_});
  ASSERT_TRUE(until([&] { return figures().waiting == 0; }));
  const auto bodies = script_.bodies();
  ASSERT_THAT(bodies, SizeIs(3));
  EXPECT_THAT(bodies[2], testing::HasSubstr(R"("count":48)"));
  EXPECT_TRUE(until([&] { return notifier_->figures().front().alerts == 50; }));
}

TEST_F(NotifierTest, TriesAgainWhatFailed) {
  script_.answer({.what = What::later, .text = "HTTP 500"});
  queue(1, 1);
  start({target_});
  ASSERT_TRUE(until([&] { return figures().waiting == 0; }));
  EXPECT_THAT(script_.bodies(), SizeIs(2));
  EXPECT_EQ(script_.bodies()[0], script_.bodies()[1]);
  EXPECT_EQ(notifier_->figures().front().failures, 1U);
  EXPECT_EQ(figures().dead, 0);
}

TEST_F(NotifierTest, KeepsWhatIsRefusedAndSendsItAgainWhenAsked) {
  script_.answer({.what = What::refused, .text = "HTTP 400: invalid_payload"});
  queue(1, 2);
  start({target_});
  ASSERT_TRUE(until([&] { return figures().waiting == 0; }));
  EXPECT_EQ(figures().dead, 1);
  const auto page = store_->notifications({.target = {}, .dead = true}, {});
  ASSERT_TRUE(page && page->items.size() == 1);
  EXPECT_EQ(page->items[0].error, "HTTP 400: invalid_payload");
  EXPECT_EQ(page->items[0].alert.alert_id, "T1:RULE");
  const std::vector<std::int64_t> ids{page->items[0].id};
  EXPECT_EQ(store_->resend_notifications(ids, {"other"}, {.user = "a", .remote = "", .at_us = 1}), 0);
  EXPECT_EQ(store_->resend_notifications(ids, {}, {.user = "a", .remote = "", .at_us = clock_.wall_us()}), 1);
  notifier_->wake();
  ASSERT_TRUE(until([&] { return figures().dead + figures().waiting == 0; }));
  EXPECT_THAT(script_.bodies(), SizeIs(3));
}

TEST_F(NotifierTest, GivesUpAfterTheTimeForIt) {
  target_.give_up_us = 1'000'000;
  queue(1, 5);
  for (int i = 0; i < 10; ++i) script_.answer({.what = What::later, .text = "HTTP 503"});
  start({target_});
  ASSERT_TRUE(until([&] { return figures().dead == 5; }));
  EXPECT_EQ(figures().waiting, 0);
}

TEST_F(NotifierTest, GivesUpWhatBecameTooLateWhileItWasAway) {
  queue(1, 3);
  usleep(50'000);
  target_.give_up_us = 20'000;
  start({target_});
  ASSERT_TRUE(until([&] { return figures().dead == 3; }));
  EXPECT_THAT(script_.bodies(), SizeIs(0));
}

TEST_F(NotifierTest, TellsOfNothingThatIsTooOldUnlessAsked) {
  queue(1, 2);
  usleep(50'000);
  target_.route.max_age_us = 20'000;
  start({target_});
  ASSERT_TRUE(until([&] { return figures().dead == 2; }));
  EXPECT_THAT(script_.bodies(), SizeIs(0));
  const auto page = store_->notifications({.target = {}, .dead = true}, {});
  ASSERT_TRUE(page && page->items.size() == 2);
  EXPECT_THAT(page->items[0].error.value_or(""), testing::HasSubstr("max_age"));
  EXPECT_EQ(page->items[0].attempts, 0);
  EXPECT_EQ(store_->resend_notifications({}, {}, {.user = "a", .remote = "", .at_us = clock_.wall_us()}), 2);
  notifier_->wake();
  ASSERT_TRUE(until([&] { return figures().dead + figures().waiting == 0; }));
  EXPECT_THAT(script_.bodies(), SizeIs(2));
}

TEST_F(NotifierTest, LetsOthersPassOneThatFailsAgainAndAgain) {
  queue(1, 1);
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(store_->notifications_failed(std::vector<std::int64_t>{1}, "HTTP 500", false, 1));
  queue(2, 2);
  start({target_});
  ASSERT_TRUE(until([&] { return figures().waiting == 0; }));
  EXPECT_THAT(script_.bodies(),
              ElementsAre(testing::HasSubstr("T2:RULE"), testing::HasSubstr("T3:RULE"), testing::HasSubstr("T1:RULE")));
}

TEST_F(NotifierTest, ASumStaysTheSameMessageWhateverComesAndOverARestart) {
  target_.burst = 1;
  script_.answer({.what = What::later, .text = "no answer", .retry_after_us = 300'000});
  script_.answer({.what = What::later, .text = "no answer", .retry_after_us = 3'600'000'000});
  queue(1, 5);
  start({target_});
  ASSERT_TRUE(until([&] { return script_.bodies().size() == 1; }));
  queue(6, 5);
  notifier_->wake();
  ASSERT_TRUE(until([&] { return script_.bodies().size() == 2; }));
  open();
  start({target_});
  ASSERT_TRUE(until([&] { return figures().waiting == 0; }));
  const auto bodies = script_.bodies();
  ASSERT_THAT(bodies, SizeIs(4));
  EXPECT_THAT(bodies[0], testing::HasSubstr(R"("count":5)"));
  EXPECT_EQ(bodies[1], bodies[0]);
  EXPECT_EQ(bodies[2], bodies[0]);
  EXPECT_THAT(bodies[3], testing::HasSubstr("T10:RULE"));
}

TEST_F(NotifierTest, OneThatWasTriedAloneIsNeverSummedUp) {
  target_.per_minute = 60;
  target_.burst = 2;
  script_.answer({.what = What::later, .text = "no answer"});
  queue(1, 3);
  start({target_});
  ASSERT_TRUE(until([&] { return figures().waiting == 0; }));
  const auto bodies = script_.bodies();
  ASSERT_THAT(bodies, SizeIs(3));
  EXPECT_THAT(bodies[0], testing::HasSubstr(R"("event":"alert")"));
  EXPECT_EQ(bodies[1], bodies[0]);
  EXPECT_THAT(bodies[2], testing::HasSubstr(R"("count":2)"));
}

TEST_F(NotifierTest, WhatIsAskedForAgainWaitsForNoPause) {
  script_.answer({.what = What::refused, .text = "HTTP 400"});
  script_.answer({.what = What::later, .text = "closed", .retry_after_us = 3'600'000'000});
  queue(1, 2);
  start({target_});
  ASSERT_TRUE(until([&] { return notifier_->figures().front().failures == 2; }));
  EXPECT_EQ(store_->resend_notifications({}, {"desk"}, {.user = "a", .remote = "", .at_us = clock_.wall_us()}), 1);
  notifier_->retry({"other"});
  usleep(50'000);
  EXPECT_THAT(script_.bodies(), SizeIs(2));
  notifier_->retry({"desk"});
  EXPECT_TRUE(until([&] { return figures().dead + figures().waiting == 0; }));
  EXPECT_THAT(script_.bodies(), SizeIs(4));
}

TEST_F(NotifierTest, GoesOnAfterARestart) {
  script_.answer({.what = What::later, .text = "closed", .retry_after_us = 3'600'000'000});
  queue(1, 2);
  start({target_});
  ASSERT_TRUE(until([&] { return notifier_->figures().front().failures == 1; }));
  open();
  EXPECT_EQ(figures().waiting, 2);
  start({target_});
  EXPECT_TRUE(until([&] { return figures().waiting == 0; }));
  EXPECT_THAT(script_.bodies(), SizeIs(3));
}

TEST_F(NotifierTest, GivesUpWhatWaitsForNobody) {
  queue(1, 2);
  start({});
  EXPECT_EQ(figures().dead, 2);
}

}  // namespace
}  // namespace bank::notify
