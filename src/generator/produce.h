// A generator's transactions as text: as fast as it goes, or paced by a clock.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "generator/generator.h"

namespace bank::generator {

enum class Format : std::uint8_t { jsonl, csv };

/// What was written.
struct Totals {
  std::uint64_t transactions = 0;
  std::array<std::uint64_t, scenario_count> fraudulent{};  ///< Transactions of fraud cases, by Scenario.
  std::array<std::uint64_t, scenario_count> cases{};       ///< Fraud cases, by Scenario.
  std::optional<model::EventTime> first;                   ///< Event time of the first transaction …
  std::optional<model::EventTime> last;                    ///< … and of the last.
  bool stopped = false;                                    ///< Before the end, because it was asked to.

  void add(const model::Transaction& transaction, const Label* label);
  void add(const Totals& other);
};

/// Transactions as text, with what a log that is keyed wants to know of each.
struct KeyedText {
  struct Record {
    std::size_t bytes = 0;          ///< Of its line, the newline included.
    std::size_t account_bytes = 0;  ///< Of its account number.
    model::EventTime time;
  };
  std::string text;
  std::string accounts;         ///< Their account numbers, one behind another.
  std::vector<Record> records;  ///< In the order of the text.
};

/// Takes text: whole records, in order, from one thread at a time. CSV begins with a header line.
struct Sinks {
  std::function<Result<void>(std::string_view text)> transactions;
  /// Takes the transactions instead, where it is set, without a header.
  std::function<Result<void>(const KeyedText& transactions)> keyed_transactions{};
  std::function<Result<void>(std::string_view text)> labels;  ///< May be empty: nobody asks for the labels.
  /// Told, in the same order, how far it is; may be empty.
  std::function<void(const Totals& so_far)> progress;
};

/// Writes everything that the generator has. Ends early at an error of a sink, or when `stop` becomes true. `threads`
/// ≥ 1.
[[nodiscard]] Result<Totals> produce(Generator& generator, Format format, unsigned threads,
                                     const std::atomic<bool>& stop, const Sinks& sinks);

/// The same in real time: the n-th transaction (from 0) goes to the sinks n / Options::per_second (which must be set)
/// seconds after the first, never earlier. The times to wait for are counted from the start, so that neither the work
/// nor a late wake-up adds up to a drift; after a delay (a sink that blocks) it catches up. Several that are due go out
/// together, at most once a millisecond. `begun_ago_ns`: the first one was due so long ago, and what was due since goes
/// at once.
[[nodiscard]] Result<Totals> produce_paced(Generator& generator, Format format, Clock& clock,
                                           const std::atomic<bool>& stop, const Sinks& sinks,
                                           std::int64_t begun_ago_ns = 0);

}  // namespace bank::generator
