// What judging costs, without decoding or encoding.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "engine/engine.h"
#include "engine/plan.h"
#include "rules/load.h"

namespace bank::engine {
namespace {

std::shared_ptr<const Plan> plan_of(const char* file) {
  auto rules = rules::load_rules(std::string(BANK_SOURCE_DIR) + "/config/rules/" + file);
  if (!rules) {
    fmt::print(stderr, "{}\n", rules.error().message);
    std::exit(1);
  }
  return Plan::compile(*rules);
}

/// Transactions of `accounts` accounts, each with about `per_account_day` a day, in ascending time; every tenth late by
/// up to `late_us`.
class Stream {
 public:
  Stream(std::size_t size, std::size_t accounts, double per_account_day, std::int64_t late_us = 0,
         std::int64_t one_ahead_us = 0) {
    std::mt19937_64 random(1);
    const auto step_us = static_cast<std::int64_t>(86'400e6 / (static_cast<double>(accounts) * per_account_day));
    std::int64_t now = 1'767'225'600'000'000;
    for (std::size_t i = 0; i < size; ++i) {
      model::Transaction transaction;
      // As in a block of input: the texts of one transaction stand together, those of the next behind them.
      const auto& [id, number] =
          texts_.emplace_back(fmt::format("TXN-20260101-{:08}", i), fmt::format("ACC-{:010}", random() % accounts));
      transaction.transaction_id = id;
      transaction.account_number = number;
      transaction.transaction_type = "PAYMENT";
      transaction.timestamp = "2026-01-01 00:00:00";
      transaction.location = places[random() % std::size(places)];
      if (random() % 2 == 0) transaction.merchant = places[random() % std::size(places)];
      transaction.amount = model::Amount::from_units(static_cast<std::int64_t>(random() % 20'000'000));
      now += static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(2 * step_us + 1));
      const auto late = late_us > 0 && random() % 10 == 0
                            ? static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(late_us))
                            : 0;
      transaction.time = model::EventTime::from_us(now - late + (i == size / 10 ? one_ahead_us : 0));
      transaction.account_hash = hash64(transaction.account_number);
      transaction.status = random() % 20 == 0 ? model::Status::failed : model::Status::completed;
      all_.push_back(transaction);
    }
  }
  [[nodiscard]] std::span<const model::Transaction> all() const { return all_; }

 private:
  static constexpr std::string_view places[] = {"ATM-Downtown-01", "Branch-Main-Street", "Online-Portal",
                                                "Mobile-App",      "POS-Retail-Store",   "POS-Restaurant",
                                                "POS-Gas-Station"};
  std::deque<std::pair<std::string, std::string>> texts_;
  std::vector<model::Transaction> all_;
};

void judge(benchmark::State& state, const char* rules, const Stream& stream) {
  const auto plan = plan_of(rules);
  Judgements out;
  Statistics statistics;
  for (auto _ : state) {
    Engine engine(plan, {});
    for (std::size_t at = 0; at < stream.all().size(); at += 1000) {
      out.clear();
      engine.judge(stream.all().subspan(at, std::min<std::size_t>(1000, stream.all().size() - at)), out);
      benchmark::DoNotOptimize(out.firings.data());
    }
    state.PauseTiming();
    statistics = engine.statistics();
    state.ResumeTiming();
  }
  const auto size = static_cast<double>(stream.all().size());
  state.counters["ns/txn"] =
      benchmark::Counter(size * 1e-9, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  state.counters["B/account"] = static_cast<double>(statistics.state_bytes) / static_cast<double>(statistics.accounts);
  state.counters["entries/account"] =
      static_cast<double>(statistics.entries) / static_cast<double>(statistics.accounts);
}

const Stream& ordinary() {
  static const Stream stream(1'000'000, 100'000, 3);
  return stream;
}
const Stream& busy() {
  static const Stream stream(1'000'000, 10'000, 200);
  return stream;
}
const Stream& hot() {
  static const Stream stream(1'000'000, 1, 1'000'000);
  return stream;
}
const Stream& hot_and_late() {
  static const Stream stream(1'000'000, 1, 1'000'000, 600'000'000);
  return stream;
}

// After the first tenth, one transaction runs an hour ahead of all others.
const Stream& one_ahead() {
  static const Stream stream(200'000, 1, 1'000'000, 0, 3'540'000'000);
  return stream;
}

BENCHMARK_CAPTURE(judge, seed_ordinary, "seed.yaml", ordinary())->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(judge, default_ordinary, "default.yaml", ordinary())->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(judge, seed_busy, "seed.yaml", busy())->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(judge, default_busy, "default.yaml", busy())->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(judge, seed_hot_account, "seed.yaml", hot())->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(judge, default_hot_account, "default.yaml", hot())->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(judge, default_one_ahead, "default.yaml", one_ahead())->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(judge, default_hot_account_late, "default.yaml", hot_and_late())->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bank::engine
