#include "engine/engine.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "base/hash.h"
#include "engine/plan.h"
#include "rules/load.h"

namespace bank::engine {
namespace {

constexpr std::int64_t second = 1'000'000;
constexpr std::int64_t minute = 60 * second;
constexpr std::int64_t hour = 60 * minute;

std::shared_ptr<const Plan> plan_of(const std::string& yaml) {
  auto rules = rules::parse_rules(yaml, "test.yaml");
  if (!rules) throw std::runtime_error(rules.error().message);
  return Plan::compile(*rules);
}

std::shared_ptr<const Plan> plan_of_rule(const std::string& when, const std::string& reason = "r") {
  return plan_of("version: 1\nrules:\n  - id: R\n    severity: LOW\n    score: 10\n    when: '" + when +
                 "'\n    reason: '" + reason + "'\n");
}

/// Owns the texts of transactions.
class Stream {
 public:
  struct Given {
    std::string id;
    std::string account = "A";
    std::int64_t time_us = 0;
    std::int64_t amount_units = 10'000;
    std::optional<std::string> location = std::nullopt;
    std::optional<std::string> merchant = std::nullopt;
    model::Status status = model::Status::completed;
  };

  model::Transaction make(Given given) {
    const Given& kept = kept_.emplace_back(std::move(given));
    model::Transaction transaction;
    transaction.transaction_id = kept.id;
    transaction.account_number = kept.account;
    transaction.transaction_type = "PAYMENT";
    transaction.timestamp = "as given";
    if (kept.location) transaction.location = *kept.location;
    if (kept.merchant) transaction.merchant = *kept.merchant;
    transaction.amount = model::Amount::from_units(kept.amount_units);
    transaction.time = model::EventTime::from_us(kept.time_us);
    transaction.account_hash = hash64(kept.account);
    transaction.status = kept.status;
    return transaction;
  }

 private:
  std::deque<Given> kept_;
};

/// What one judging said, as a text that tests compare.
std::string told(const Judgements& all, std::size_t i) {
  const Verdict& verdict = all.verdicts[i];
  std::string text = verdict.resend ? "resend" : std::to_string(verdict.risk);
  if (verdict.late) text += " late";
  for (std::uint32_t f = verdict.firing_begin; f < verdict.firing_end; ++f) {
    text += " " + std::to_string(all.firings[f].rule) + ":" + std::string(all.reason(all.firings[f]));
  }
  return text;
}

std::string judge(Engine& engine, const model::Transaction& transaction) {
  Judgements out;
  engine.judge({&transaction, 1}, out);
  return told(out, 0);
}

TEST(Engine, CountsTheWindowWithBothEnds) {
  Engine engine(plan_of_rule("count(5m) >= 2", "{count(5m)}"), {});
  Stream stream;
  EXPECT_EQ(judge(engine, stream.make({.id = "1", .time_us = 0})), "0");
  EXPECT_EQ(judge(engine, stream.make({.id = "2", .time_us = 5 * minute})), "10 0:2");
  EXPECT_EQ(judge(engine, stream.make({.id = "3", .time_us = 10 * minute + 1})), "0");
}

TEST(Engine, ALateTransactionDoesNotSeeTheFuture) {
  Engine engine(plan_of_rule("count(5m) >= 2", "{count(5m)}"), {});
  Stream stream;
  EXPECT_EQ(judge(engine, stream.make({.id = "1", .time_us = 10 * minute})), "0");
  EXPECT_EQ(judge(engine, stream.make({.id = "2", .time_us = 9 * minute})), "0");
  EXPECT_EQ(judge(engine, stream.make({.id = "3", .time_us = 10 * minute})), "10 0:3");
}

TEST(Engine, AResendIsIgnoredWhileTheHistoryHoldsItsId) {
  Engine engine(plan_of_rule("count(5m) >= 2"), {});
  Stream stream;
  EXPECT_EQ(judge(engine, stream.make({.id = "1", .time_us = 0})), "0");
  EXPECT_EQ(judge(engine, stream.make({.id = "1", .time_us = 0})), "resend");
  // The history keeps W + L = 65 minutes; an entry exactly that old stays, and what is asked comes before what is
  // forgotten.
  EXPECT_EQ(judge(engine, stream.make({.id = "2", .time_us = 65 * minute})), "0");
  EXPECT_EQ(judge(engine, stream.make({.id = "1", .time_us = 70 * minute})), "resend");
  EXPECT_EQ(judge(engine, stream.make({.id = "3", .time_us = 66 * minute})), "10 0:r");
  EXPECT_EQ(judge(engine, stream.make({.id = "1", .time_us = 75 * minute})), "0");
  EXPECT_EQ(engine.statistics().resends, 2U);
}

TEST(Engine, LastAndSinceLast) {
  Engine engine(plan_of_rule("since_last != null and since_last < 60 and location != last.location",
                             "{location} after {last.location}, {since_last} s"),
                {});
  Stream stream;
  EXPECT_EQ(judge(engine, stream.make({.id = "1", .time_us = 0, .location = "X"})), "0");
  EXPECT_EQ(judge(engine, stream.make({.id = "2", .time_us = 30 * second + 500'000, .location = "Y"})),
            "10 0:Y after X, 30.5 s");
  EXPECT_EQ(judge(engine, stream.make({.id = "3", .time_us = 31 * second})), "0");
}

TEST(Engine, PriorAverageIsExactMoney) {
  Engine engine(plan_of_rule("amount > 10 * prior.avg(amount, 24h)", "{amount} over {prior.avg(amount, 24h)}"), {});
  Stream stream;
  EXPECT_EQ(judge(engine, stream.make({.id = "1", .time_us = 0, .amount_units = 100'000})), "0");
  EXPECT_EQ(judge(engine, stream.make({.id = "2", .time_us = 1, .amount_units = 1'000'000})), "0");
  EXPECT_EQ(judge(engine, stream.make({.id = "3", .time_us = 2, .amount_units = 5'500'001})),
            "10 0:550.0001 over 55.00");
}

TEST(Engine, ConditionsOnThisScanTheWindow) {
  Engine engine(plan_of_rule("count(2m, merchant == this.merchant and amount == this.amount) >= 2"), {});
  Stream stream;
  EXPECT_EQ(judge(engine, stream.make({.id = "1", .time_us = 0, .merchant = "M"})), "0");
  EXPECT_EQ(judge(engine, stream.make({.id = "2", .time_us = 1, .merchant = std::nullopt})), "0");
  EXPECT_EQ(judge(engine, stream.make({.id = "3", .time_us = 2, .merchant = std::nullopt})), "0");
  EXPECT_EQ(judge(engine, stream.make({.id = "4", .time_us = 3, .amount_units = 1, .merchant = "M"})), "0");
  EXPECT_EQ(judge(engine, stream.make({.id = "5", .time_us = 4, .merchant = "M"})), "10 0:r");
}

// What is answered by a range or from the number of entries alone must be what the long way gives: `+ 0` and `in` take
// it.
TEST(Engine, ShortCutsSayWhatTheLongWaySays) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string op : {"==", "!=", "<", "<=", ">", ">="}) {
    for (const std::string k : {"0", "1", "2", "3"}) {
      for (const std::string number :
           {"count(5m)", "prior.count(5m)", "distinct(location, 5m)", "prior.distinct(merchant, 10m)",
            "count(10m, amount > 2)", "prior.count(10m, status == \"FAILED\")", "amount"}) {
        pairs.emplace_back(number + " " + op + " " + k, number + " + 0 " + op + " " + k);
      }
    }
    pairs.emplace_back("amount " + op + " 2 and amount > 1", "amount + 0 " + op + " 2 and amount + 0 > 1");
    pairs.emplace_back("amount " + op + " 99999999999999", "amount + 0 " + op + " 99999999999999");
  }
  for (const std::string word : {"PENDING", "FAILED", "COMPLETED", "ANY"}) {
    pairs.emplace_back("status == \"" + word + "\"", "status in [\"" + word + "\"]");
    pairs.emplace_back("status != \"" + word + "\"", "status != null and not status in [\"" + word + "\"]");
  }
  std::string yaml = "version: 1\nrules:\n";
  int number = 0;
  for (const auto& [quick, slow] : pairs) {
    for (const std::string& when : {quick, slow}) {
      yaml += "  - {id: R" + std::to_string(number++) + ", severity: LOW, score: 0, reason: r, when: '" + when + "'}\n";
    }
  }
  Engine engine(plan_of(yaml), {.lateness_us = 5 * minute});
  Stream stream;
  std::mt19937 random(11);
  const auto below = [&](std::uint32_t n) { return static_cast<std::int64_t>(random() % n); };
  std::int64_t time_us = 0;
  for (int i = 0; i < 3'000; ++i) {
    if (i % 500 < 400) time_us += below(200) * second;  // then more than a small history holds
    const auto text = [&]() -> std::optional<std::string> {
      return random() % 4 == 0 ? std::nullopt : std::optional("L" + std::to_string(random() % 3));
    };
    const model::Transaction transaction = stream.make({.id = std::to_string(i),
                                                        .time_us = time_us - below(7) * minute,
                                                        .amount_units = below(5) * 10'000,
                                                        .location = text(),
                                                        .merchant = text(),
                                                        .status = static_cast<model::Status>(random() % 4)});
    Judgements out;
    engine.judge({&transaction, 1}, out);
    std::vector<bool> fired(2 * pairs.size());
    for (const Firing& firing : out.firings) fired[firing.rule] = true;
    for (std::size_t pair = 0; pair < pairs.size(); ++pair) {
      ASSERT_EQ(fired[2 * pair], fired[2 * pair + 1]) << pairs[pair].first << " at " << i;
    }
  }
}

TEST(Engine, RiskIsCappedAndDecides) {
  Engine engine(plan_of("version: 1\nrules:\n"
                        "  - {id: A, severity: LOW, score: 60, when: amount > 1, reason: a}\n"
                        "  - {id: B, severity: LOW, score: 60, when: amount > 2, reason: b}\n"),
                {});
  Stream stream;
  const std::vector<model::Transaction> batch{stream.make({.id = "1", .amount_units = 10'000}),
                                              stream.make({.id = "2", .amount_units = 20'000}),
                                              stream.make({.id = "3", .amount_units = 30'000})};
  Judgements out;
  engine.judge(batch, out);
  EXPECT_EQ(out.verdicts[0].decision, model::Decision::approve);
  EXPECT_EQ(out.verdicts[1].decision, model::Decision::review);
  EXPECT_EQ(out.verdicts[2].decision, model::Decision::block);
  EXPECT_EQ(out.verdicts[2].risk, 100);
}

// Rules that use every function and every way of keeping and asking.
const char* const all_functions = R"(version: 1
rules:
  - {id: A, severity: LOW, score: 1, when: 'count(10m) >= 0', reason: '{count(10m)} {prior.count(3m)} {count(30m, amount < 5)}'}
  - {id: B, severity: LOW, score: 1, when: 'count(1s) >= 0', reason: '{sum(amount, 10m)} {prior.avg(amount, 7m)} {stddev(amount, 10m)} {min(amount, 3m, hour < 12)} {prior.max(hour + 2 * weekday, 10m)}'}
  - {id: C, severity: LOW, score: 1, when: 'count(1s) >= 0', reason: '{distinct(location, 10m)} {prior.distinct(merchant, 5m, amount > 3)} {distinct(amount, 2m)} {distinct(location, 4m, amount < this.amount)}'}
  - {id: D, severity: LOW, score: 1, when: 'count(1s) >= 0', reason: '{last.location} {since_last} {last.amount} {count(9m, location == this.location)} {avg(amount, 5m, merchant != this.merchant)}'}
)";

struct Disorder {
  std::int64_t step_us;      // between arrivals, on average
  std::int64_t lateness_us;  // at most this far behind
  int accounts;
};

std::vector<model::Transaction> random_stream(Stream& stream, std::uint64_t seed, int size, const Disorder& disorder) {
  std::mt19937_64 random(seed);
  std::vector<model::Transaction> all;
  std::int64_t now = 1'700'000'000 * second;
  for (int i = 0; i < size; ++i) {
    now += static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(2 * disorder.step_us + 1));
    Stream::Given given;
    given.id = "T" + std::to_string(random() % 20 == 0 ? random() % static_cast<std::uint64_t>(i + 1)
                                                       : static_cast<std::uint64_t>(i));
    given.account = "ACC-" + std::to_string(random() % static_cast<std::uint64_t>(disorder.accounts));
    given.time_us = now;
    if (random() % 3 == 0) {
      given.time_us -= static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(disorder.lateness_us + 1));
    }
    if (random() % 4 == 0) given.time_us -= given.time_us % second;  // ties
    given.amount_units = static_cast<std::int64_t>(random() % 100'000);
    if (random() % 5 != 0) given.location = "L" + std::to_string(random() % 12);
    if (random() % 3 != 0) given.merchant = "M" + std::to_string(random() % 9);
    all.push_back(stream.make(std::move(given)));
  }
  return all;
}

std::vector<std::string> judge_all(Engine& engine, std::span<const model::Transaction> batch) {
  Judgements out;
  engine.judge(batch, out);
  std::vector<std::string> all;
  for (std::size_t i = 0; i < batch.size(); ++i) all.push_back(told(out, i));
  return all;
}

// A window longer than the stream keeps nothing from being pruned in the small accounts, and the hot account is a tree
// throughout: the same stream through both must give the same. (tests/property compares with an independent
// implementation.)
TEST(Engine, BatchesDoNotMatter) {
  for (const int accounts : {1, 7, 500}) {
    Stream stream;
    const auto all = random_stream(stream, 11, 6000, {500'000, 2 * hour, accounts});
    Engine whole(plan_of(all_functions), {});
    Engine one_by_one(plan_of(all_functions), {});
    const auto expected = judge_all(whole, all);
    for (std::size_t i = 0; i < all.size(); ++i) ASSERT_EQ(judge(one_by_one, all[i]), expected[i]) << i;
  }
}

TEST(Engine, SavedAndRestoredItGoesOnAsIfNothingHadHappened) {
  for (const int accounts : {1, 40}) {
    Stream stream;
    const auto all = random_stream(stream, 12, 4000, {500'000, 2 * hour, accounts});
    Engine engine(plan_of(all_functions), {});
    auto moved = std::make_unique<Engine>(plan_of(all_functions), Options{});
    for (std::size_t at = 0; at < all.size(); at += 500) {
      const std::span<const model::Transaction> batch(all.data() + at, 500);
      ASSERT_EQ(judge_all(engine, batch), judge_all(*moved, batch));
      auto fresh = std::make_unique<Engine>(plan_of(all_functions), Options{});
      for (const auto& account : moved->accounts()) {
        std::string saved;
        ASSERT_TRUE(moved->save(account, saved));
        const auto result = fresh->restore(std::as_bytes(std::span(saved)));
        ASSERT_TRUE(result) << result.error().message;
        std::string again;
        ASSERT_TRUE(fresh->save(account, again));
        ASSERT_EQ(saved, again);
      }
      moved = std::move(fresh);
    }
  }
}

TEST(Engine, RefusesADamagedOrForeignState) {
  Stream stream;
  Engine engine(plan_of(all_functions), {});
  const auto all = random_stream(stream, 13, 50, {500'000, hour, 1});
  judge_all(engine, all);
  std::string saved;
  ASSERT_TRUE(engine.save("ACC-0", saved));
  EXPECT_FALSE(engine.save("ACC-1", saved));
  Engine other(plan_of(all_functions), {});
  for (std::size_t i = 0; i < saved.size(); ++i) {
    std::string damaged = saved;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_FALSE(other.restore(std::as_bytes(std::span(damaged)))) << i;
    EXPECT_FALSE(other.restore(std::as_bytes(std::span(saved).first(i)))) << i;
  }
  EXPECT_EQ(other.statistics().accounts, 0U);
  Engine foreign(plan_of_rule("count(5m) >= 2"), {});
  EXPECT_FALSE(foreign.restore(std::as_bytes(std::span(saved))));
  Engine other_lateness(plan_of(all_functions), {.lateness_us = minute});
  EXPECT_FALSE(other_lateness.restore(std::as_bytes(std::span(saved))));
  EXPECT_TRUE(other.restore(std::as_bytes(std::span(saved))));
}

// Well formed as far as its checksum goes; found by the fuzzer.
TEST(Engine, RefusesASavedTimeThatNoCalendarHas) {
  Stream stream;
  Engine engine(plan_of(all_functions), {});
  judge(engine, stream.make({.id = "1", .account = "A", .time_us = 0}));
  std::string saved;
  ASSERT_TRUE(engine.save("A", saved));
  const std::int64_t newest_us = INT64_MIN + 1;
  saved.replace(4 + 8 + 2, sizeof newest_us, reinterpret_cast<const char*>(&newest_us), sizeof newest_us);
  const std::uint64_t checksum = hash64(std::string_view(saved).substr(0, saved.size() - 8));
  saved.replace(saved.size() - 8, 8, reinterpret_cast<const char*>(&checksum), 8);
  EXPECT_FALSE(engine.restore(std::as_bytes(std::span(saved))));
}

TEST(Engine, ForgettingWhatNoTimelyTransactionNeedsChangesNothing) {
  Stream stream;
  const std::int64_t lateness = 20 * minute;
  const Options options{.lateness_us = lateness};
  const auto all = random_stream(stream, 14, 20'000, {500'000, lateness, 60});
  Engine keeps(plan_of(all_functions), options);
  Engine forgets(plan_of(all_functions), options);
  std::int64_t newest = all.front().time.us();
  for (std::size_t at = 0; at < all.size(); at += 100) {
    const std::span<const model::Transaction> batch(all.data() + at, 100);
    ASSERT_EQ(judge_all(keeps, batch), judge_all(forgets, batch)) << at;
    for (const auto& transaction : batch) newest = std::max(newest, transaction.time.us());
    forgets.forget_before(model::EventTime::from_us(newest - (30 * minute + 2 * lateness)));
  }
  EXPECT_LT(forgets.statistics().entries, all.size());
}

TEST(Engine, IdleAccountsLeaveNothingBehind) {
  Stream stream;
  Engine engine(plan_of(all_functions), {});
  judge_all(engine, random_stream(stream, 15, 20'000, {500'000, hour, 100}));
  EXPECT_EQ(engine.statistics().accounts, 100U);
  engine.forget_before(model::EventTime::from_us(INT64_MAX));
  EXPECT_EQ(engine.statistics().accounts, 0U);
  EXPECT_EQ(engine.statistics().entries, 0U);
}

TEST(Engine, GivesMemoryBackWhenMostAccountsHaveGone) {
  Stream stream;
  const Options options{.lateness_us = minute};
  Engine keeps(plan_of(all_functions), options);
  Engine forgets(plan_of(all_functions), options);
  const auto many = random_stream(stream, 16, 60'000, {20'000, minute, 20'000});
  auto few = random_stream(stream, 17, 8'000, {200'000, minute, 40});
  const std::int64_t later_us = many.back().time.us() - few.front().time.us() + hour;
  for (std::size_t i = 0; i < few.size(); ++i) {
    few[i].time = model::EventTime::from_us(few[i].time.us() + later_us);
    if (i % 3 == 0) few[i].account_hash = hash64(few[i].account_number = "ACC-0");  // a large history
  }
  ASSERT_EQ(judge_all(keeps, many), judge_all(forgets, many));
  const Statistics before = forgets.statistics();
  ASSERT_GT(before.accounts, 15'000U);
  for (std::size_t at = 0; at < few.size(); at += 500) {
    const std::span<const model::Transaction> batch(few.data() + at, 500);
    ASSERT_EQ(judge_all(keeps, batch), judge_all(forgets, batch)) << at;
    forgets.forget_before(model::EventTime::from_us(batch.back().time.us() - 33 * minute));
  }
  const Statistics after = forgets.statistics();
  EXPECT_EQ(after.accounts, 40U);
  EXPECT_LT(after.state_bytes, before.state_bytes / 3);
  EXPECT_EQ(after.judged + after.resends, many.size() + few.size()) << "what was counted stays counted";
}

TEST(Engine, ALongAccountNumberIsAKeyLikeAnyOther) {
  Stream stream;
  Engine engine(plan_of_rule("count(5m) >= 2"), {});
  const std::string number(64, 'x');
  EXPECT_EQ(judge(engine, stream.make({.id = "1", .account = number})), "0");
  EXPECT_EQ(judge(engine, stream.make({.id = "2", .account = number.substr(1)})), "0");
  EXPECT_EQ(judge(engine, stream.make({.id = "3", .account = number})), "10 0:r");
}

}  // namespace
}  // namespace bank::engine
