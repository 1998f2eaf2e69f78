// The typed tree of a rules file: what the parser makes, what the plan is compiled from and what `explain` puts into
// words.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/alert.h"

namespace bank::rules {

__extension__ using Int128 = __int128;

/// A place in the rules file, both from 1.
struct Mark {
  int line = 0;
  int column = 0;
};

enum class TypeKind : std::uint8_t {
  boolean,
  exact,  ///< A decimal number: a 128-bit whole number of 10^-scale. Sums, differences and products stay exact.
  real,   ///< A double: averages, deviations, quotients, and what is computed from them.
  text,
  null,  ///< The literal `null` only.
};

/// The static type of an expression. Every expression but boolean ones may be null at run time.
struct Type {
  TypeKind kind = TypeKind::null;
  int scale = 0;       ///< exact: decimals of the whole number. An amount has 4, a count 0, since_last 6.
  int digits = 0;      ///< exact: its absolute value is below 10^digits. The checker refuses what could pass 10^38.
  bool money = false;  ///< An amount of money, or computed from one so that it is still one; prints with two decimals.
};

enum class Field : std::uint8_t {
  transaction_type,
  account_number,
  amount,
  location,
  merchant,
  status,
  hour,
  weekday,
};

/// Whose field it is.
enum class Scope : std::uint8_t {
  current,  ///< The transaction being judged: a plain name outside a condition, `this.name` inside one.
  entry,    ///< The entry of the history that an aggregate looks at: a plain name inside an operand or a condition.
  last,     ///< `last.name`: the latest entry before the transaction being judged.
};

enum class Function : std::uint8_t { count, sum, avg, min, max, stddev, distinct };

enum class Op : std::uint8_t {
  // leaves
  boolean_literal,  // number: 0 or 1
  number_literal,   // number, scaled by type.scale
  text_literal,     // text
  null_literal,
  field,       // field, scope
  since_last,  // exact, scale 6, seconds since the latest entry before; null without one
  aggregate,   // function, window_us, prior, operand?, condition?
  // one argument
  logical_not,
  negate,
  // two arguments
  logical_and,
  logical_or,
  equal,      // exact/real with exact/real, text with text
  not_equal,  //
  less,       // exact/real with exact/real
  less_equal,
  greater,
  greater_equal,
  is_null,      // one argument: `x == null`
  is_not_null,  // one argument: `x != null`
  add,          // exact with exact: exact; else real
  subtract,
  multiply,
  divide,  // always real; null where the divisor is 0
  contains,
  starts_with,
  ends_with,
  // first argument against the others, which are literals of one type
  in_list,
};

/// A node, already checked: a plan can be made of it without any further question. What a comparison does with a null
/// is settled: it is false (`is_null` and `is_not_null` are nodes of their own).
struct Expr {
  Op op = Op::null_literal;
  Type type;
  Mark mark;
  std::vector<std::unique_ptr<Expr>> args;

  Int128 number = 0;
  std::string text;
  Field field = Field::amount;
  Scope scope = Scope::current;

  // aggregate
  Function function = Function::count;
  bool prior = false;          ///< Leaves the transaction being judged out.
  std::int64_t window_us = 0;  ///< Above 0.
  std::unique_ptr<Expr>
      operand;  ///< In Scope::entry only. sum … stddev: exact, digits ≤ 18. distinct: a field. count: none.
  std::unique_ptr<Expr> condition;  ///< Boolean, in Scope::entry and Scope::current; no aggregate, no last. Or none.
};
using ExprPtr = std::unique_ptr<Expr>;

/// A piece of a reason: a literal text, or the value of an expression.
struct ReasonPart {
  std::string text;
  ExprPtr expr;  ///< If set, its value stands here, and `text` is how the file spells the expression.
};

struct Rule {
  std::string id;
  model::Severity severity = model::Severity::low;
  int score = 0;
  ExprPtr when;  ///< Boolean.
  std::vector<ReasonPart> reason;
  std::string when_text;    ///< As the file spells it.
  std::string reason_text;  ///< As the file spells it.
  Mark mark;                ///< Of the id.
};

struct RuleSet {
  std::string file;                    ///< As it was named to the loader.
  std::string version;                 ///< First 12 hex digits of the SHA-256 of the file's bytes.
  std::int64_t history_us = 0;         ///< The file's `history:`; 0 where it has none.
  std::int64_t longest_window_us = 0;  ///< W: of every rule's windows and history_us the longest.
  std::vector<Rule> rules;             ///< At least one.
};

}  // namespace bank::rules
