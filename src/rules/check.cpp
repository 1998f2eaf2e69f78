#include "rules/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/assert.h"
#include "model/transaction.h"

namespace bank::rules {
namespace {

bool is_number(const Type& type) { return type.kind == TypeKind::exact || type.kind == TypeKind::real; }

constexpr Type boolean_type{TypeKind::boolean, 0, 0, false};

Checked finish(Op op, Type type, std::vector<Term> args, std::size_t at, Mark mark) {
  Term term{std::make_unique<Expr>(), 1};
  for (Term& arg : args) {
    term.depth = std::max(term.depth, arg.depth + 1);
    term.expr->args.push_back(std::move(arg.expr));
  }
  term.expr->op = op;
  term.expr->type = type;
  term.expr->mark = mark;
  if (term.depth > max_expression_depth) {
    return std::unexpected(
        Mistake{at, fmt::format("the expression is nested more than {} deep here; split it into several rules, or list "
                                "alternatives with in [\"A\", \"B\"]",
                                max_expression_depth)});
  }
  return term;
}

template <typename... Terms>
std::vector<Term> pack(Terms&&... terms) {
  std::vector<Term> packed;
  packed.reserve(sizeof...(terms));
  (packed.push_back(std::forward<Terms>(terms)), ...);
  return packed;
}

/// What a person would call the side of an operator.
std::string name_of(const Expr& expr) {
  switch (expr.op) {
    case Op::field: return std::string(expr.scope == Scope::last ? "last." : "") + std::string(field_name(expr.field));
    case Op::text_literal: return fmt::format("\"{}\"", expr.text);
    case Op::null_literal: return "null";
    case Op::boolean_literal: return expr.number != 0 ? "true" : "false";
    case Op::since_last: return "since_last";
    case Op::aggregate: return std::string(function_name(expr.function)) + "(…)";
    case Op::number_literal: return "the number";
    default: return fmt::format("the result of {}", spelling(expr.op));
  }
}

Mistake different_kinds(const Expr& left, const Expr& right, std::string_view what, std::size_t at) {
  const bool quoted_number = (is_number(left.type) && right.op == Op::text_literal && !right.text.empty() &&
                              right.text.find_first_not_of("0123456789.") == std::string::npos) ||
                             (is_number(right.type) && left.op == Op::text_literal && !left.text.empty() &&
                              left.text.find_first_not_of("0123456789.") == std::string::npos);
  return Mistake{at, fmt::format("{}: {} is {}, {} is {}; {}", what, name_of(left), kind_name(left.type),
                                 name_of(right), kind_name(right.type),
                                 quoted_number ? "write the number without quotes" : "both sides must be of one kind")};
}

Mistake null_operand(std::size_t at) { return Mistake{at, "null compares with == and != only"}; }

std::string too_many_digits(std::string_view what, int digits) {
  return fmt::format(
      "{} could have {} digits, more than the {} that stay exact; divide one side by 1 to go on in real numbers", what,
      digits, max_exact_digits);
}

bool is_literal(const Expr& expr) { return expr.op == Op::number_literal || expr.op == Op::text_literal; }

/// Digits that both sides have at one scale.
int aligned_digits(const Type& a, const Type& b) {
  const int scale = std::max(a.scale, b.scale);
  return std::max(a.digits + scale - a.scale, b.digits + scale - b.scale);
}

Checked make_null_comparison(Op op, Term left, Term right, std::size_t at, Mark mark) {
  if (op != Op::equal && op != Op::not_equal) return std::unexpected(null_operand(at));
  Term& other = left.expr->type.kind == TypeKind::null ? right : left;
  if (other.expr->type.kind == TypeKind::null)
    return std::unexpected(Mistake{at, "null is compared with null; compare a field or a value with it"});
  if (other.expr->type.kind == TypeKind::boolean)
    return std::unexpected(Mistake{at, "a condition is true or false, never null"});
  return finish(op == Op::equal ? Op::is_null : Op::is_not_null, boolean_type, pack(std::move(other)), at, mark);
}

}  // namespace

std::string_view kind_name(const Type& type) {
  switch (type.kind) {
    case TypeKind::boolean: return "a condition (true or false)";
    case TypeKind::exact:
    case TypeKind::real: return "a number";
    case TypeKind::text: return "a text";
    case TypeKind::null: return "null";
  }
  return "";
}

std::string_view spelling(Op op) {
  switch (op) {
    case Op::logical_not: return "not";
    case Op::logical_and: return "and";
    case Op::logical_or: return "or";
    case Op::equal:
    case Op::is_null: return "==";
    case Op::not_equal:
    case Op::is_not_null: return "!=";
    case Op::less: return "<";
    case Op::less_equal: return "<=";
    case Op::greater: return ">";
    case Op::greater_equal: return ">=";
    case Op::add: return "+";
    case Op::negate:
    case Op::subtract: return "-";
    case Op::multiply: return "*";
    case Op::divide: return "/";
    case Op::contains: return "contains";
    case Op::starts_with: return "starts_with";
    case Op::ends_with: return "ends_with";
    case Op::in_list: return "in";
    case Op::boolean_literal:
    case Op::number_literal:
    case Op::text_literal:
    case Op::null_literal:
    case Op::field:
    case Op::since_last:
    case Op::aggregate: break;
  }
  return "";
}

std::string_view function_name(Function function) {
  static constexpr std::array<std::string_view, 7> names{"count", "sum", "avg", "min", "max", "stddev", "distinct"};
  return names[static_cast<std::size_t>(function)];
}

std::string_view field_name(Field field) {
  static constexpr std::array<std::string_view, 8> names{model::field::transaction_type,
                                                         model::field::account_number,
                                                         model::field::amount,
                                                         model::field::location,
                                                         model::field::merchant,
                                                         model::field::status,
                                                         "hour",
                                                         "weekday"};
  return names[static_cast<std::size_t>(field)];
}

Type field_type(Field field) {
  switch (field) {
    case Field::amount: return {TypeKind::exact, model::Amount::decimals, 18, true};
    case Field::hour: return {TypeKind::exact, 0, 2, false};
    case Field::weekday: return {TypeKind::exact, 0, 1, false};
    case Field::transaction_type:
    case Field::account_number:
    case Field::location:
    case Field::merchant:
    case Field::status: break;
  }
  return {TypeKind::text, 0, 0, false};
}

Term make_leaf(Op op, Type type, Mark mark) {
  Term term{std::make_unique<Expr>(), 1};
  term.expr->op = op;
  term.expr->type = type;
  term.expr->mark = mark;
  return term;
}

Checked make_logical(Op op, Term left, Term right, std::size_t at, Mark mark) {
  for (const Term* side : {&left, &right}) {
    if (side->expr->type.kind != TypeKind::boolean) {
      return std::unexpected(Mistake{at, fmt::format("'{}' joins conditions, and {} is {}; compare it with something",
                                                     spelling(op), name_of(*side->expr), kind_name(side->expr->type))});
    }
  }
  return finish(op, boolean_type, pack(std::move(left), std::move(right)), at, mark);
}

Checked make_not(Term term, std::size_t at, Mark mark) {
  if (term.expr->type.kind != TypeKind::boolean) {
    return std::unexpected(
        Mistake{at, fmt::format("'not' turns a condition round, and {} is {}; compare it with something",
                                name_of(*term.expr), kind_name(term.expr->type))});
  }
  return finish(Op::logical_not, boolean_type, pack(std::move(term)), at, mark);
}

Checked make_negate(Term term, std::size_t at, Mark mark) {
  if (!is_number(term.expr->type)) {
    return std::unexpected(
        Mistake{at, fmt::format("'-' needs a number, and {} is {}", name_of(*term.expr), kind_name(term.expr->type))});
  }
  if (term.expr->op == Op::number_literal) {
    term.expr->number = -term.expr->number;
    term.expr->mark = mark;
    return term;
  }
  const Type type = term.expr->type;
  return finish(Op::negate, type, pack(std::move(term)), at, mark);
}

Checked make_arithmetic(Op op, Term left, Term right, std::size_t at, Mark mark) {
  for (const Term* side : {&left, &right}) {
    if (side->expr->type.kind == TypeKind::null) return std::unexpected(null_operand(at));
    if (!is_number(side->expr->type)) {
      return std::unexpected(Mistake{at, fmt::format("'{}' needs numbers, and {} is {}", spelling(op),
                                                     name_of(*side->expr), kind_name(side->expr->type))});
    }
  }
  const Type& a = left.expr->type;
  const Type& b = right.expr->type;
  Type type;
  type.kind =
      a.kind == TypeKind::exact && b.kind == TypeKind::exact && op != Op::divide ? TypeKind::exact : TypeKind::real;
  type.money = op == Op::divide ? a.money && !b.money : op == Op::multiply ? a.money != b.money : a.money && b.money;
  if (type.kind == TypeKind::exact) {
    type.scale = op == Op::multiply ? a.scale + b.scale : std::max(a.scale, b.scale);
    type.digits = op == Op::multiply ? a.digits + b.digits : aligned_digits(a, b) + 1;
    if (type.digits > max_exact_digits) {
      return std::unexpected(
          Mistake{at, too_many_digits(fmt::format("the result of '{}'", spelling(op)), type.digits)});
    }
  }
  return finish(op, type, pack(std::move(left), std::move(right)), at, mark);
}

Checked make_comparison(Op op, Term left, Term right, std::size_t at, Mark mark) {
  const Type a = left.expr->type;
  const Type b = right.expr->type;
  if (a.kind == TypeKind::null || b.kind == TypeKind::null)
    return make_null_comparison(op, std::move(left), std::move(right), at, mark);
  if (is_number(a) && is_number(b)) {
    if (a.kind == TypeKind::exact && b.kind == TypeKind::exact && aligned_digits(a, b) > max_exact_digits) {
      return std::unexpected(
          Mistake{at, too_many_digits(fmt::format("a side of '{}'", spelling(op)), aligned_digits(a, b))});
    }
    return finish(op, boolean_type, pack(std::move(left), std::move(right)), at, mark);
  }
  if (a.kind == TypeKind::boolean && b.kind == TypeKind::boolean) {
    return std::unexpected(Mistake{at, "conditions are not compared; write the condition itself, or not (…)"});
  }
  if (a.kind != TypeKind::text || b.kind != TypeKind::text) {
    return std::unexpected(
        different_kinds(*left.expr, *right.expr, fmt::format("'{}' can't compare", spelling(op)), at));
  }
  if (op != Op::equal && op != Op::not_equal) {
    return std::unexpected(Mistake{
        at, fmt::format("texts compare with == and != only, not with {}; see also starts_with, ends_with, contains "
                        "and in",
                        spelling(op))});
  }
  return finish(op, boolean_type, pack(std::move(left), std::move(right)), at, mark);
}

Checked make_text_match(Op op, Term left, Term right, std::size_t at, Mark mark) {
  for (const Term* side : {&left, &right}) {
    if (side->expr->type.kind == TypeKind::null) return std::unexpected(null_operand(at));
    if (side->expr->type.kind != TypeKind::text) {
      return std::unexpected(Mistake{at, fmt::format("'{}' needs a text on both sides, and {} is {}", spelling(op),
                                                     name_of(*side->expr), kind_name(side->expr->type))});
    }
  }
  return finish(op, boolean_type, pack(std::move(left), std::move(right)), at, mark);
}

Checked make_in(Term left, std::vector<Term> literals, std::size_t at, Mark mark) {
  BANK_ASSERT(!literals.empty());
  const Type left_type = left.expr->type;
  const Type list_type = literals.front().expr->type;
  if (left_type.kind == TypeKind::null) return std::unexpected(null_operand(at));
  const bool fits = is_number(left_type) ? list_type.kind == TypeKind::exact : left_type.kind == list_type.kind;
  if (!fits) {
    return std::unexpected(
        Mistake{at, fmt::format("'in' looks {} up among literals that are each {}; {} is {}", name_of(*left.expr),
                                kind_name(list_type), name_of(*left.expr), kind_name(left_type))});
  }
  std::vector<Term> args = pack(std::move(left));
  for (Term& literal : literals) {
    BANK_ASSERT(is_literal(*literal.expr));
    const Type& type = literal.expr->type;
    if (left_type.kind == TypeKind::exact && aligned_digits(left_type, type) > max_exact_digits) {
      return std::unexpected(Mistake{at, too_many_digits("a side of 'in'", aligned_digits(left_type, type))});
    }
    args.push_back(std::move(literal));
  }
  return finish(Op::in_list, boolean_type, std::move(args), at, mark);
}

Checked make_number(const Token& token, Mark mark) {
  constexpr std::size_t most_digits = 18;
  const std::size_t point = token.text.find('.');
  const bool whole = point == std::string::npos;
  if (token.text.size() - (whole ? 0U : 1U) > most_digits) {
    return std::unexpected(Mistake{
        token.offset, fmt::format("'{}' has more than {} digits; no amount needs as many", token.text, most_digits)});
  }
  if (token.text.size() > 1 && token.text[0] == '0' && point != 1) {
    return std::unexpected(Mistake{token.offset, fmt::format("'{}' begins with a 0; write it without", token.text)});
  }
  Int128 number = 0;
  for (const char c : token.text) {
    if (c != '.') number = number * 10 + (c - '0');
  }
  int digits = 0;
  for (Int128 rest = number; rest != 0; rest /= 10) ++digits;
  const int scale = whole ? 0 : static_cast<int>(token.text.size() - point - 1);
  Term term = make_leaf(Op::number_literal, {TypeKind::exact, scale, std::max(digits, 1), false}, mark);
  term.expr->number = number;
  return term;
}

std::expected<Type, Mistake> aggregate_type(Function function, const Expr& operand, std::size_t at) {
  const std::string_view name = function_name(function);
  const Type& type = operand.type;
  if (type.kind == TypeKind::text) {
    return std::unexpected(
        Mistake{at, fmt::format("'{}' takes numbers, and {} is a text; distinct({}, 5m) counts different ones", name,
                                name_of(operand), operand.op == Op::field ? field_name(operand.field) : "merchant")});
  }
  if (type.kind != TypeKind::exact) {
    return std::unexpected(
        Mistake{at, fmt::format("'{}' takes numbers, and {} is {}; a condition comes last, behind the window", name,
                                name_of(operand), kind_name(type))});
  }
  if (type.digits > max_operand_digits) {
    return std::unexpected(
        Mistake{at, fmt::format("what '{}' takes could have {} digits, more than {}; take {} of the field alone and "
                                "multiply or add outside, as in 2 * {}(amount, 5m)",
                                name, type.digits, max_operand_digits, name, name)});
  }
  switch (function) {
    case Function::sum: return Type{TypeKind::exact, type.scale, type.digits + count_digits, type.money};
    case Function::min:
    case Function::max: return type;
    case Function::avg:
    case Function::stddev: return Type{TypeKind::real, 0, 0, type.money};
    case Function::count:
    case Function::distinct: break;
  }
  return Type{TypeKind::exact, 0, count_digits, false};
}

}  // namespace bank::rules
