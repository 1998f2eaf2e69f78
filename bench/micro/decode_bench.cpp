// What it costs to read one record, for each spelling that records come in.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "codec/decode.h"
#include "codec/encode.h"

namespace bank::codec {
namespace {

constexpr std::size_t record_count = 20'000;  // 5 MB: more than the second level cache holds, as in real life

struct Spelling {
  bool compact = false;
  bool shuffled = false;
};

// Records with the values of the original's generator, one behind the other, padded.
class Records {
 public:
  explicit Records(Spelling spelling) {
    std::mt19937_64 random(42);
    const auto pick = [&random](const auto& list) { return list[random() % std::size(list)]; };
    constexpr std::string_view types[] = {"DEPOSIT", "WITHDRAWAL", "TRANSFER", "PAYMENT"};
    constexpr std::string_view locations[] = {
        "ATM-Downtown-01", "ATM-Uptown-02", "ATM-Westside-03",  "Branch-Main-Street", "Branch-5th-Avenue",
        "Online-Portal",   "Mobile-App",    "POS-Retail-Store", "POS-Restaurant",     "POS-Gas-Station"};
    constexpr std::string_view merchants[] = {"Amazon", "Walmart",   "Starbucks",   "Shell Gas",  "Best Buy",
                                              "Target", "McDonalds", "Apple Store", "Whole Foods"};
    const std::string_view colon = spelling.compact ? ":" : ": ";
    const std::string_view comma = spelling.compact ? "," : ", ";

    std::vector<std::size_t> sizes;
    for (std::size_t i = 0; i < record_count; ++i) {
      const std::string_view type = pick(types);
      const auto chance = random() % 100;
      const auto text = [](std::string_view value) { return fmt::format("\"{}\"", value); };
      std::array<std::array<std::string, 2>, 8> members = {{
          {"transaction_id", fmt::format("\"TXN-20260101-{:08}\"", i + 1)},
          {"account_number", fmt::format("\"ACC-{:010}\"", random() % 100'000)},
          {"transaction_type", text(type)},
          {"amount", fmt::format("{}.{:02}", 5 + random() % 5000, random() % 100)},
          {"timestamp", fmt::format("\"2026-01-{:02} {:02}:{:02}:{:02}\"", 1 + i * 28 / record_count, random() % 24,
                                    random() % 60, random() % 60)},
          {"location", text(pick(locations))},
          {"merchant", type == "PAYMENT" ? text(pick(merchants)) : "null"},
          {"status", chance < 10   ? "\"PENDING\""
                     : chance < 95 ? "\"COMPLETED\""
                                   : "\"FAILED\""},
      }};
      if (spelling.shuffled) std::ranges::shuffle(members, random);
      const std::size_t begin = bytes_.size();
      bytes_ += '{';
      for (const auto& [key, value] : members) {
        if (bytes_.back() != '{') bytes_ += comma;
        bytes_ += fmt::format("\"{}\"{}{}", key, colon, value);
      }
      bytes_ += '}';
      sizes.push_back(bytes_.size() - begin);
      bytes_ += '\n';
    }
    size_ = bytes_.size();
    bytes_.append(64, '\0');
    std::size_t at = 0;
    for (const std::size_t size : sizes) {
      records_.push_back(std::string_view(bytes_).substr(at, size));
      at += size + 1;
    }
  }

  [[nodiscard]] const std::vector<std::string_view>& all() const { return records_; }
  [[nodiscard]] std::size_t bytes() const { return size_; }

 private:
  std::string bytes_;
  std::size_t size_ = 0;
  std::vector<std::string_view> records_;
};

void report(benchmark::State& state, std::size_t records, std::size_t bytes) {
  const auto rounds = static_cast<std::int64_t>(state.iterations());
  state.SetItemsProcessed(rounds * static_cast<std::int64_t>(records));
  state.SetBytesProcessed(rounds * static_cast<std::int64_t>(bytes));
  state.counters["ns_per_record"] =
      benchmark::Counter(static_cast<double>(rounds) * static_cast<double>(records) * 1e-9,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void decode_json(benchmark::State& state, Spelling spelling, bool plain) {
  const Records records(spelling);
  JsonDecoder decoder{FieldNames()};
  TextArena arena;
  std::int64_t total = 0;
  for ([[maybe_unused]] auto round : state) {
    for (const std::string_view record : records.all()) {
      const auto result = plain ? decoder.decode_plain(record, arena) : decoder.decode(record, arena);
      if (!result) return state.SkipWithError("a record was refused");
      total += result->amount.units() + result->time.us();
    }
    arena.clear();
  }
  benchmark::DoNotOptimize(total);
  report(state, records.all().size(), records.bytes());
}
BENCHMARK_CAPTURE(decode_json, original, Spelling{}, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(decode_json, compact, Spelling{.compact = true}, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(decode_json, shuffled, Spelling{.shuffled = true}, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(decode_json, shuffled_compact, Spelling{.compact = true, .shuffled = true}, false)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(decode_json, plain_parser, Spelling{}, true)->Unit(benchmark::kMillisecond);

// The transactions of the records, and as CSV rows.
struct Decoded {
  Records records{Spelling{}};
  TextArena arena;
  std::vector<model::Transaction> transactions;
  Decoded() {
    JsonDecoder decoder{FieldNames()};
    for (const std::string_view record : records.all()) transactions.push_back(*decoder.decode(record, arena));
  }
};

void decode_csv(benchmark::State& state) {
  const Decoded decoded;
  std::vector<std::string> rows;
  std::size_t bytes = 0;
  for (const model::Transaction& transaction : decoded.transactions) {
    append_transaction_csv(rows.emplace_back(), transaction);
    rows.back().pop_back();
    bytes += rows.back().size() + 1;
  }
  std::string header(csv_header());
  header.pop_back();
  CsvDecoder decoder = std::move(CsvDecoder::make(header, FieldNames()).value());
  TextArena arena;
  std::int64_t total = 0;
  for ([[maybe_unused]] auto round : state) {
    for (const std::string& row : rows) {
      const auto result = decoder.decode(row, arena);
      if (!result) return state.SkipWithError("a row was refused");
      total += result->amount.units();
    }
  }
  benchmark::DoNotOptimize(total);
  report(state, rows.size(), bytes);
}
BENCHMARK(decode_csv)->Unit(benchmark::kMillisecond);

void encode_transactions(benchmark::State& state, void (*append)(std::string&, const model::Transaction&)) {
  const Decoded decoded;
  std::string out;
  for ([[maybe_unused]] auto round : state) {
    out.clear();
    for (const model::Transaction& transaction : decoded.transactions) append(out, transaction);
    benchmark::DoNotOptimize(out.data());
  }
  report(state, decoded.transactions.size(), out.size());
}
BENCHMARK_CAPTURE(encode_transactions, json, append_transaction_json)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(encode_transactions, csv, append_transaction_csv)->Unit(benchmark::kMillisecond);

void encode_alerts(benchmark::State& state) {
  const Decoded decoded;
  std::string out;
  for ([[maybe_unused]] auto round : state) {
    out.clear();
    for (const model::Transaction& transaction : decoded.transactions) {
      const model::Alert alert{.transaction = transaction,
                               .rule_id = "HIGH_AMOUNT",
                               .reason = "Amount $6543.21 exceeds $5000",
                               .rules_version = "0123456789ab",
                               .score = 40,
                               .severity = model::Severity::high};
      append_alert(out, alert, 1'767'254'400'123'456, {"data/sample.json:", 12'345});
    }
    benchmark::DoNotOptimize(out.data());
  }
  report(state, decoded.transactions.size(), out.size());
}
BENCHMARK(encode_alerts)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bank::codec
