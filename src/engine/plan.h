// A rule set, compiled: what histories keep, which windows and aggregates there are, and the rules as trees that refer
// to them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/block.h"
#include "engine/totals.h"
#include "engine/wide.h"
#include "model/transaction.h"
#include "rules/ast.h"

namespace bank::engine {

/// What a compiled node does. One code is one operation on operands of known type, so that nothing is decided at run
/// time.
enum class Code : std::uint8_t {
  // boolean
  constant,
  logical_not,
  logical_and,
  logical_or,
  amount_range,   // of the transaction: within low and high, or outside
  count_range,    // a count or distinct aggregate (index), in the same way
  exact_compare,  // a, b aligned to one scale; comparison
  real_compare,
  text_compare,    // equal or not_equal
  status_compare,  // of the transaction, with a literal (index: model::Status, or no_status); equal or not_equal
  symbol_compare,  // the same by symbols, both sides fields of entries; equal or not_equal
  exact_is_null,
  real_is_null,
  text_is_null,
  contains,
  starts_with,
  ends_with,
  exact_in,
  real_in,
  text_in,
  // exact
  exact_literal,
  amount,   // of the transaction
  hour,     //
  weekday,  //
  entry_time_hour,
  entry_time_weekday,
  entry_value,  // column index
  since_last,
  exact_aggregate,  // aggregate index
  exact_negate,
  exact_add,
  exact_subtract,
  exact_multiply,
  rescale,  // a times 10^k (number)
  // real
  real_literal,
  real_of_exact,  // index: scale
  real_aggregate,
  real_negate,
  real_add,
  real_subtract,
  real_multiply,
  real_divide,
  // text
  text_literal,
  transaction_text,    // index: rules::Field
  transaction_symbol,  // index: word column; in symbol_compare only
  entry_symbol,        // index: word column
};

enum class Comparison : std::uint8_t { equal, not_equal, less, less_equal, greater, greater_equal };

/// Which stored entry an entry_… node reads.
enum class EntrySource : std::uint8_t { scanned, last };

inline constexpr std::uint32_t no_status = 0xff;  ///< A word that is no model::Status.

struct Node {
  Code code = Code::constant;
  Comparison comparison = Comparison::equal;
  EntrySource source = EntrySource::scanned;
  std::uint32_t index = 0;
  const Node* a = nullptr;
  const Node* b = nullptr;
  Int128 number = 0;
  std::int64_t low = 0;   // of a range, both ends included; empty where low > high; of counts 0 or more
  std::int64_t high = 0;  //
  bool outside = false;   // not the range is meant, but all else
  double real = 0;
  std::string text;
  std::vector<Int128> numbers;
  std::vector<double> reals;
  std::vector<std::string> texts;
};

/// What is counted and added up over entries: those that meet `flag`'s condition (all of them for no_flag), by the
/// value in `column` (no_column where only their number counts).
struct Measure {
  static constexpr std::uint32_t no_flag = 0xffff'ffff;
  static constexpr std::uint32_t no_column = 0xffff'ffff;
  std::uint32_t flag = no_flag;
  std::uint32_t column = no_column;
  unsigned needs = 0;  ///< Union of Needs, over all aggregates that ask.
};

/// A condition that looks at the transaction being judged, and so must be asked of each entry in the window anew.
struct Scan {
  const Node* of_entry = nullptr;        ///< Asked of a stored entry.
  const Node* of_transaction = nullptr;  ///< Asked of the transaction itself as an entry.
  /// Where the condition holds only for entries with a text of the transaction's (`merchant == this.merchant and …`):
  /// the word column of the entry's, and of the transaction's. Looked at first, since most entries have another.
  static constexpr std::uint32_t no_column = 0xffff'ffff;
  std::uint32_t entry_symbol = no_column;
  std::uint32_t own_symbol = no_column;
};

/// One distinct question to the history. Several rules, functions and `prior` share one.
struct Query {
  std::int64_t window_us = 0;
  bool distinct = false;
  bool counts_all = false;  ///< It is the number of entries, whatever they are.
  bool by_symbol = false;   ///< distinct: `column` is a word column, else a value column.
  std::uint32_t distinct_column = 0;
  std::uint32_t distinct_index = 0;  ///< Among the distinct queries that a large history keeps counts for.
  std::uint32_t measure = 0;         ///< Index of the measure; also tells a scan which column it adds up.
  std::int32_t scan = -1;            ///< Index of the scan that takes the place of the measure's flag, or -1.
};

struct Aggregate {
  rules::Function function = rules::Function::count;
  bool prior = false;
  std::uint32_t query = 0;
  int scale = 0;  ///< Of the operand.
};

struct ReasonPart {
  std::string text;            ///< Stands before the value.
  const Node* node = nullptr;  ///< Its value, or none.
  rules::Type type;
};

/// Something without which a rule does not fire, and that is much quicker to see than the rule is judged.
struct Precondition {
  bool of_amount = false;
  /// of_amount: the transaction's amount, in units, is from `low` to `high`.
  std::int64_t low = 0;
  std::int64_t high = 0;
  /// Else: of the entries before the transaction at least so many are in the window.
  std::int64_t entries = 0;
  std::int64_t window_us = 0;
};

struct CompiledRule {
  std::string id;
  model::Severity severity = model::Severity::low;
  int score = 0;
  const Node* when = nullptr;
  std::vector<Precondition> preconditions;
  std::vector<ReasonPart> reason;
};

/// Immutable, and shared by any number of engines.
class Plan {
 public:
  [[nodiscard]] static std::shared_ptr<const Plan> compile(const rules::RuleSet& rules);

  [[nodiscard]] const std::vector<CompiledRule>& rules() const { return rules_; }
  [[nodiscard]] const std::string& rules_version() const { return rules_version_; }
  [[nodiscard]] std::int64_t longest_window_us() const { return longest_window_us_; }

  [[nodiscard]] const Layout& layout() const { return layout_; }
  /// What each value column is of the transaction.
  [[nodiscard]] const std::vector<const Node*>& value_nodes() const { return value_nodes_; }
  /// What each flag is of the transaction. Flag i is bit i % 32 of word i / 32.
  [[nodiscard]] const std::vector<const Node*>& flag_nodes() const { return flag_nodes_; }
  [[nodiscard]] std::size_t flag_words() const { return (flag_nodes_.size() + 31) / 32; }
  /// The fields whose symbols follow the flag words.
  [[nodiscard]] const std::vector<rules::Field>& symbol_fields() const { return symbol_fields_; }

  [[nodiscard]] const std::vector<Measure>& measures() const { return measures_; }
  [[nodiscard]] const std::vector<Scan>& scans() const { return scans_; }
  [[nodiscard]] const std::vector<Query>& queries() const { return queries_; }
  [[nodiscard]] const std::vector<std::uint32_t>& distinct_queries() const { return distinct_queries_; }
  [[nodiscard]] const std::vector<Aggregate>& aggregates() const { return aggregates_; }

  /// Equal for plans whose histories hold the same things for the same time; a saved history is good for those only.
  [[nodiscard]] std::uint64_t history_id() const { return history_id_; }

 private:
  friend class PlanCompiler;
  Plan() = default;

  std::string rules_version_;
  std::int64_t longest_window_us_ = 0;
  std::vector<CompiledRule> rules_;
  Layout layout_;
  std::vector<const Node*> value_nodes_;
  std::vector<const Node*> flag_nodes_;
  std::vector<rules::Field> symbol_fields_;
  std::vector<Measure> measures_;
  std::vector<Scan> scans_;
  std::vector<Query> queries_;
  std::vector<std::uint32_t> distinct_queries_;
  std::vector<Aggregate> aggregates_;
  std::uint64_t history_id_ = 0;
  std::vector<std::unique_ptr<Node>> nodes_;
};

}  // namespace bank::engine
