#include "generator/produce.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace bank::generator {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Options options_of(std::uint64_t count, std::uint64_t accounts) {
  Options options;
  options.count = count;
  options.accounts = accounts;
  options.start = model::EventTime::from_us(1'767'225'600'000'000);
  return options;
}

struct Written {
  std::string transactions;
  std::string labels;
  Totals totals;

  Sinks sinks() {
    return {
        .transactions = [this](std::string_view text) -> Result<void> { return transactions += text, Result<void>(); },
        .labels = [this](std::string_view text) -> Result<void> { return labels += text, Result<void>(); },
        .progress = {}};
  }
};

Written written(const Options& options, Format format, unsigned threads) {
  Generator generator = Generator::make(options).value();
  const std::atomic<bool> stop = false;
  Written result;
  result.totals = produce(generator, format, threads, stop, result.sinks()).value();
  return result;
}

// Accounts and times are compared with what the text says.
void append_checked(std::string& all, const KeyedText& some) {
  std::size_t at = 0;
  std::size_t account_at = 0;
  for (const KeyedText::Record& record : some.records) {
    const std::string line = some.text.substr(at, record.bytes);
    EXPECT_TRUE(line.ends_with("}\n")) << line;
    const std::string account = some.accounts.substr(account_at, record.account_bytes);
    EXPECT_THAT(line, HasSubstr("\"account_number\": \"" + account + "\""));
    std::string time;
    model::append_event_time(time, record.time);
    EXPECT_THAT(line, HasSubstr("\"timestamp\": \"" + time + "\""));
    at += record.bytes;
    account_at += record.account_bytes;
  }
  EXPECT_EQ(at, some.text.size());
  EXPECT_EQ(account_at, some.accounts.size());
  all += some.text;
}

std::uint64_t sum(const std::array<std::uint64_t, scenario_count>& counts) {
  std::uint64_t all = 0;
  for (const std::uint64_t count : counts) all += count;
  return all;
}

TEST(Produce, WritesTheSameBytesWithAnyNumberOfThreads) {
  for (const Format format : {Format::jsonl, Format::csv}) {
    const Written one = written(options_of(50'000, 10'000), format, 1);
    for (const unsigned threads : {2U, 3U, 8U}) {
      const Written many = written(options_of(50'000, 10'000), format, threads);
      EXPECT_TRUE(one.transactions == many.transactions) << threads;
      EXPECT_TRUE(one.labels == many.labels) << threads;
      EXPECT_EQ(one.totals.fraudulent, many.totals.fraudulent);
      EXPECT_EQ(one.totals.cases, many.totals.cases);
      EXPECT_EQ(one.totals.last, many.totals.last);
    }
  }
}

TEST(Produce, AnotherSeedGivesOtherData) {
  Options options = options_of(1'000, 100);
  const Written one = written(options, Format::jsonl, 1);
  options.seed = 2;
  EXPECT_NE(one.transactions, written(options, Format::jsonl, 1).transactions);
}

TEST(Produce, TheFraudRateLeavesNoTraceInTheFields) {
  const Written data = written(options_of(20'000, 1'000), Format::jsonl, 1);
  EXPECT_EQ(data.transactions.find("card_testing"), std::string::npos);
  EXPECT_EQ(data.transactions.find("scenario"), std::string::npos);
}

TEST(Produce, LabelsNameTransactionsThatExist) {
  const Written data = written(options_of(20'000, 1'000), Format::csv, 2);
  EXPECT_EQ(static_cast<std::uint64_t>(std::ranges::count(data.transactions, '\n')), 20'001U);
  EXPECT_THAT(data.transactions, StartsWith("transaction_id,account_number,"));
  EXPECT_THAT(data.labels, StartsWith("transaction_id,scenario,case\n"));
  const auto lines = static_cast<std::uint64_t>(std::ranges::count(data.labels, '\n'));
  EXPECT_EQ(lines, 1 + sum(data.totals.fraudulent));
  std::size_t searched = 0;  // Both are in order.
  std::size_t begin = data.labels.find('\n') + 1;
  for (; begin < data.labels.size(); begin = data.labels.find('\n', begin) + 1) {
    const std::string id = data.labels.substr(begin, data.labels.find(',', begin) - begin);
    searched = data.transactions.find("\n" + id + ",", searched);
    ASSERT_NE(searched, std::string::npos) << id;
  }
}

TEST(Produce, WritesLabelsAsJsonLines) {
  const Written data = written(options_of(10'000, 500), Format::jsonl, 1);
  EXPECT_THAT(data.labels,
              ::testing::ContainsRegex(
                  "\\{\"transaction_id\": \"TXN-2026[0-9]{4}-[0-9]{8}\", \"scenario\": \"[a-z_]+\", \"case\": 1\\}\n"));
}

TEST(Produce, NothingIsNothing) {
  const Written none = written(options_of(0, 10), Format::jsonl, 2);
  EXPECT_EQ(none.transactions, "");
  EXPECT_FALSE(none.totals.first);
  EXPECT_THAT(written(options_of(0, 10), Format::csv, 1).transactions, StartsWith("transaction_id"));
}

TEST(Produce, StopsWithWholeRecords) {
  Generator generator = Generator::make(options_of(1'000'000, 1'000)).value();
  std::atomic<bool> stop = false;
  Written result;
  Sinks sinks = result.sinks();
  sinks.progress = [&](const Totals& so_far) { stop = so_far.transactions >= 5'000; };
  result.totals = produce(generator, Format::jsonl, 2, stop, sinks).value();
  EXPECT_TRUE(result.totals.stopped);
  EXPECT_GE(result.totals.transactions, 5'000U);
  EXPECT_LT(result.totals.transactions, 100'000U);
  EXPECT_EQ(static_cast<std::uint64_t>(std::ranges::count(result.transactions, '\n')), result.totals.transactions);
  EXPECT_EQ(result.transactions.back(), '\n');
}

TEST(Produce, ReportsAFullDisk) {
  Generator generator = Generator::make(options_of(1'000'000, 1'000)).value();
  const std::atomic<bool> stop = false;
  int calls = 0;
  const Sinks sinks{.transactions = [&](std::string_view) -> Result<void> {
                      if (++calls < 3) return {};
                      return fail("out.json: no space left");
                    },
                    .labels = {},
                    .progress = {}};
  const auto result = produce(generator, Format::jsonl, 2, stop, sinks);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("no space left"));
  EXPECT_EQ(calls, 3);
}

/// Notes when what arrives.
struct Arrivals {
  struct Arrival {
    std::int64_t at_ns;
    std::uint64_t records;
    std::string text;
  };
  explicit Arrivals(const Clock& clock) : clock_(clock) {}
  Sinks sinks() {
    return {.transactions = [this](std::string_view text) -> Result<void> {
              arrivals.push_back({clock_.monotonic_ns(), static_cast<std::uint64_t>(std::ranges::count(text, '\n')),
                                  std::string(text)});
              return {};
            },
            .labels = {},
            .progress = {}};
  }
  std::vector<Arrival> arrivals;

 private:
  const Clock& clock_;
};

TEST(ProducePaced, StaysExactOverMinutes) {
  for (const double per_second : {2.0, 3.0, 100.0, 999.0}) {
    Options options = options_of(static_cast<std::uint64_t>(per_second * 300) + 1, 1'000);
    options.per_second = per_second;
    Generator generator = Generator::make(options).value();
    ManualClock clock(options.start.us());
    const std::atomic<bool> stop = false;
    Arrivals seen(clock);
    const Totals totals = produce_paced(generator, Format::jsonl, clock, stop, seen.sinks()).value();
    EXPECT_EQ(totals.transactions, options.count);
    std::uint64_t n = 0;
    for (const Arrivals::Arrival& arrival : seen.arrivals) {
      ASSERT_EQ(arrival.records, 1U);  // One by one, below a thousand a second.
      const double due_ns = static_cast<double>(n) * 1e9 / per_second;
      ASSERT_GE(static_cast<double>(arrival.at_ns), due_ns - 1);
      ASSERT_LE(static_cast<double>(arrival.at_ns), due_ns + 1'000'000);
      ++n;
    }
    EXPECT_NEAR(static_cast<double>(clock.monotonic_ns()), 300e9, 2e6);
  }
}

TEST(ProducePaced, CarriesTheTimeOfDay) {
  Options options = options_of(600, 1'000);
  options.per_second = 2;
  Generator generator = Generator::make(options).value();
  ManualClock clock(options.start.us());
  const std::atomic<bool> stop = false;
  Arrivals seen(clock);
  ASSERT_TRUE(produce_paced(generator, Format::jsonl, clock, stop, seen.sinks()));
  for (const Arrivals::Arrival& arrival : seen.arrivals) {
    std::string now;
    const std::int64_t now_us = options.start.us() + arrival.at_ns / 1000;
    model::append_event_time(now, model::EventTime::from_us(now_us - now_us % 1'000'000));
    EXPECT_THAT(arrival.text, HasSubstr(now));
  }
}

TEST(Produce, KeyedTextHoldsTheSameBytesWithAccountsAndTimes) {
  const Options options = options_of(20'000, 300);
  const Written plain = written(options, Format::jsonl, 1);
  Generator generator = Generator::make(options).value();
  const std::atomic<bool> stop = false;
  Written keyed;
  Sinks sinks = keyed.sinks();
  sinks.transactions = nullptr;
  sinks.keyed_transactions = [&](const KeyedText& some) -> Result<void> {
    return append_checked(keyed.transactions, some), Result<void>();
  };
  ASSERT_TRUE(produce(generator, Format::jsonl, 2, stop, sinks));
  EXPECT_EQ(keyed.transactions, plain.transactions);
  EXPECT_EQ(keyed.labels, plain.labels);
}

TEST(ProducePaced, CatchesUpAfterADelay) {
  Options options = options_of(1'000, 1'000);
  options.per_second = 100;
  Generator generator = Generator::make(options).value();
  ManualClock clock;
  const std::atomic<bool> stop = false;
  Arrivals seen(clock);
  Sinks sinks = seen.sinks();
  std::uint64_t n = 0;
  const auto note = sinks.transactions;
  sinks.transactions = [&](std::string_view text) {
    if (++n == 50) clock.advance_us(3'000'000);  // The reader falls asleep for three seconds.
    return note(text);
  };
  ASSERT_TRUE(produce_paced(generator, Format::jsonl, clock, stop, sinks));
  EXPECT_NEAR(static_cast<double>(clock.monotonic_ns()), 9.99e9, 2e6);
}

TEST(ProducePaced, MakesAtOnceWhatWasDueBefore) {
  Options options = options_of(500, 1'000);
  options.per_second = 100;
  Generator generator = Generator::make(options).value();
  ManualClock clock;
  const std::atomic<bool> stop = false;
  Arrivals seen(clock);
  ASSERT_TRUE(produce_paced(generator, Format::jsonl, clock, stop, seen.sinks(), 3'000'000'000));
  EXPECT_EQ(seen.arrivals.front().records, 301U);
  EXPECT_EQ(seen.arrivals.front().at_ns, 0);
  EXPECT_NEAR(static_cast<double>(clock.monotonic_ns()), 1.99e9, 2e6);
}

TEST(ProducePaced, KeepsUpAtHighRates) {
  Options options = options_of(500'000, 1'000'000);
  options.per_second = 1'000'000;
  Generator generator = Generator::make(options).value();
  ManualClock clock;
  const std::atomic<bool> stop = false;
  Arrivals seen(clock);
  ASSERT_TRUE(produce_paced(generator, Format::jsonl, clock, stop, seen.sinks()));
  EXPECT_NEAR(static_cast<double>(clock.monotonic_ns()), 0.5e9, 3e6);
  EXPECT_LT(seen.arrivals.size(), 1'000U);
}

TEST(ProducePaced, HearsAStopWhileItWaits) {
  Options options = options_of(Options::endless, 1'000);
  options.per_second = 0.01;
  Generator generator = Generator::make(options).value();
  std::atomic<bool> stop = false;
  class StoppingClock final : public Clock {
   public:
    explicit StoppingClock(std::atomic<bool>& stop) : stop_(stop) {}
    [[nodiscard]] std::int64_t wall_us() const override { return clock_.wall_us(); }
    [[nodiscard]] std::int64_t monotonic_ns() const override { return clock_.monotonic_ns(); }
    void sleep_until_ns(std::int64_t deadline_ns) override {
      clock_.sleep_until_ns(deadline_ns);
      if (clock_.monotonic_ns() > 5'000'000'000) stop_ = true;
    }

   private:
    ManualClock clock_;
    std::atomic<bool>& stop_;
  } clock(stop);
  Arrivals seen(clock);
  const Totals totals = produce_paced(generator, Format::jsonl, clock, stop, seen.sinks()).value();
  EXPECT_TRUE(totals.stopped);
  EXPECT_EQ(totals.transactions, 1U);
  EXPECT_LT(clock.monotonic_ns(), 5'200'000'000);
}

// The same seed and start give the same stream, however it is paced.
TEST(ProducePaced, WritesTheBytesOfTheUnpaced) {
  Options options = options_of(5'000, 1'000);
  options.per_second = 50;
  const Written whole = written(options, Format::jsonl, 2);
  Generator generator = Generator::make(options).value();
  ManualClock clock;
  const std::atomic<bool> stop = false;
  Written paced;
  ASSERT_TRUE(produce_paced(generator, Format::jsonl, clock, stop, paced.sinks()));
  EXPECT_TRUE(whole.transactions == paced.transactions);
  EXPECT_TRUE(whole.labels == paced.labels);
}

}  // namespace
}  // namespace bank::generator
