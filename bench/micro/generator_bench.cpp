// What making a transaction costs: alone, and with its text.
#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdint>
#include <string_view>
#include <utility>

#include "generator/generator.h"
#include "generator/produce.h"

namespace bank::generator {
namespace {

constexpr std::int64_t transaction_count = 200'000;

Generator make_generator(std::int64_t accounts) {
  Options options;
  options.count = static_cast<std::uint64_t>(transaction_count);
  options.accounts = static_cast<std::uint64_t>(accounts);
  options.start = model::EventTime::from_us(1'767'225'600'000'000);
  return std::move(Generator::make(options).value());
}

void report(benchmark::State& state) {
  const std::int64_t made = static_cast<std::int64_t>(state.iterations()) * transaction_count;
  state.SetItemsProcessed(made);
  state.counters["ns_per_transaction"] =
      benchmark::Counter(static_cast<double>(made) * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// Making the accounts is part of it, once for the 200,000 transactions.
void make_transactions(benchmark::State& state) {
  std::int64_t units = 0;
  for ([[maybe_unused]] auto round : state) {
    Generator generator = make_generator(state.range(0));
    Block block;
    while (generator.next(block))
      for (const model::Transaction& transaction : block.transactions()) units += transaction.amount.units();
  }
  benchmark::DoNotOptimize(units);
  report(state);
}
BENCHMARK(make_transactions)->ArgName("accounts")->Arg(500)->Arg(100'000)->Unit(benchmark::kMillisecond);

void write_transactions(benchmark::State& state, Format format, unsigned threads) {
  const std::atomic<bool> never{false};
  std::size_t bytes = 0;
  Sinks sinks;
  sinks.transactions = [&bytes](std::string_view text) -> Result<void> {
    bytes += text.size();
    return {};
  };
  for ([[maybe_unused]] auto round : state) {
    Generator generator = make_generator(state.range(0));
    const Result<Totals> totals = produce(generator, format, threads, never, sinks);
    if (!totals) return state.SkipWithError("the generator failed");
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
  report(state);
}
BENCHMARK_CAPTURE(write_transactions, jsonl, Format::jsonl, 1)
    ->ArgName("accounts")
    ->Arg(500)
    ->Arg(100'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(write_transactions, csv, Format::csv, 1)
    ->ArgName("accounts")
    ->Arg(500)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(write_transactions, jsonl_two_threads, Format::jsonl, 2)
    ->ArgName("accounts")
    ->Arg(500)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bank::generator
