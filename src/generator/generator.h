// Bank transactions as a bank sees them, with fraud hidden in them and the truth about it.
//
// The output is a pure function of the Options: the same on every machine, with every compiler, in whatever number of
// threads the slices are filled.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "generator/event.h"
#include "generator/scenario.h"
#include "model/transaction.h"

namespace bank::generator {

struct Options {
  static constexpr std::uint64_t endless = std::numeric_limits<std::uint64_t>::max();

  std::uint64_t count = 10'000;    ///< Transactions, exactly; or endless.
  std::uint64_t accounts = 1'000;  ///< 1 – 9,999,999,999.
  std::uint64_t seed = 1;
  model::EventTime start;    ///< No transaction is earlier. Cut to the second.
  double fraud_rate = 0.01;  ///< Share of the transactions that belong to fraud cases, 0 – 0.5.
  double per_day = 2.5;      ///< Transactions a day of the average account, above 0: how dense the data is in time.
  /// If set, event times follow one another evenly at this many a second, as in a live stream, and per_day means
  /// nothing; else they follow the hours of the day and the days of the week.
  std::optional<double> per_second;
};

/// What is wrong with them, as ErrorKind::config; or nothing.
[[nodiscard]] Result<void> check(const Options& options);

/// How many accounts make `per_second` transactions a second if each makes `per_day` a day; at least 1,000.
[[nodiscard]] std::uint64_t accounts_for(double per_second, double per_day);

/// The truth about one transaction of a fraud case.
struct Label {
  std::size_t index = 0;  ///< Of the transaction in its block.
  Scenario scenario = Scenario::none;
  std::uint64_t case_number = 0;  ///< From 1; the transactions of one case have one number.
  bool opens_case = false;        ///< The first of its case.
};

/// What happens in a short span of time; made in order by the Generator, and then independent of everything else.
struct Slice {
  std::uint64_t index = 0;
  std::int64_t begin_us = 0;
  std::int64_t length_us = 0;
  std::uint64_t first_number = 0;  ///< The running number of its first transaction, from 1.
  std::uint64_t events = 0;        ///< How many transactions it has.
  std::uint64_t ordinary = 0;      ///< Those not in `scripted`; salaries included.
  std::uint64_t salaries = 0;
  std::uint64_t first_payee = 0;
  std::uint32_t pay_mask = 0;   ///< calendar.h
  std::vector<Event> scripted;  ///< Of fraud cases and look-alikes, ascending in time.
};

/// The transactions of one slice, in order, with their texts. Reuse it: it keeps its memory.
class Block {
 public:
  /// Views of the block, valid until it is filled again.
  [[nodiscard]] std::span<const model::Transaction> transactions() const { return transactions_; }
  [[nodiscard]] std::span<const Label> labels() const { return labels_; }  ///< Of the fraudulent ones, ascending.

 private:
  friend class Generator;
  friend class BlockWriter;
  std::vector<model::Transaction> transactions_;
  std::vector<Label> labels_;
  std::vector<char> text_;
};

struct World;   // planner.h
class Planner;  // planner.h

class Generator {
 public:
  /// Errors: those of check().
  [[nodiscard]] static Result<Generator> make(const Options& options);
  ~Generator();
  Generator(Generator&&) noexcept;
  Generator& operator=(Generator&&) noexcept;

  /// Plans the next slice, of at least one transaction; false at the end. Cheap; in one thread at a time.
  [[nodiscard]] bool plan(Slice& slice);
  /// Makes a slice's transactions. Any number of threads may do so at the same time, also beside plan().
  void fill(const Slice& slice, Block& block) const;
  /// Both: the next transactions; false at the end.
  [[nodiscard]] bool next(Block& block);

  [[nodiscard]] const Options& options() const;

 private:
  Generator(std::unique_ptr<const World> world, std::unique_ptr<Planner> planner);
  std::unique_ptr<const World> world_;
  std::unique_ptr<Planner> planner_;
  Slice slice_;
};

}  // namespace bank::generator
