// The type checker: makes nodes of the tree from checked parts, or says why they don't fit. Private to this room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "rules/ast.h"
#include "rules/lexer.h"

namespace bank::rules {

/// A tree may be this deep, so that whoever walks it may recurse.
inline constexpr int max_expression_depth = 200;
inline constexpr int max_exact_digits = 38;
/// What an aggregate takes, so that its sums fit.
inline constexpr int max_operand_digits = 18;
/// A history holds fewer than 10^10 entries of an account.
inline constexpr int count_digits = 10;

struct Term {
  ExprPtr expr;
  int depth = 1;
};
using Checked = std::expected<Term, Mistake>;

[[nodiscard]] Term make_leaf(Op op, Type type, Mark mark);

/// `a number`, `a text`, `a condition (true or false)`, `null`.
[[nodiscard]] std::string_view kind_name(const Type& type);

[[nodiscard]] Type field_type(Field field);

// `at` is where the operator stands.
[[nodiscard]] Checked make_logical(Op op, Term left, Term right, std::size_t at, Mark mark);
[[nodiscard]] Checked make_not(Term term, std::size_t at, Mark mark);
[[nodiscard]] Checked make_negate(Term term, std::size_t at, Mark mark);
[[nodiscard]] Checked make_arithmetic(Op op, Term left, Term right, std::size_t at, Mark mark);
/// equal … greater_equal; with the null literal on a side, is_null and is_not_null.
[[nodiscard]] Checked make_comparison(Op op, Term left, Term right, std::size_t at, Mark mark);
/// contains, starts_with, ends_with.
[[nodiscard]] Checked make_text_match(Op op, Term left, Term right, std::size_t at, Mark mark);
/// `literals` are number or text literals, at least one.
[[nodiscard]] Checked make_in(Term left, std::vector<Term> literals, std::size_t at, Mark mark);
/// The number that a token spells.
[[nodiscard]] Checked make_number(const Token& token, Mark mark);
/// sum … stddev of `operand`: gives the aggregate's type, or says why it can't be taken.
[[nodiscard]] std::expected<Type, Mistake> aggregate_type(Function function, const Expr& operand, std::size_t at);

[[nodiscard]] std::string_view spelling(Op op);                   ///< `==`, `and` …
[[nodiscard]] std::string_view function_name(Function function);  ///< `count` …
[[nodiscard]] std::string_view field_name(Field field);           ///< `amount` …

}  // namespace bank::rules
