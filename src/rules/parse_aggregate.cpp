// The aggregates of an expression: sum(amount, 24h, status == "FAILED").
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "rules/expression_parser.h"
#include "yaml/values.h"

namespace bank::rules {
namespace {

std::string example(Function function) {
  switch (function) {
    case Function::count: return "count(5m)";
    case Function::distinct: return "distinct(location, 5m)";
    default: return fmt::format("{}(amount, 5m)", function_name(function));
  }
}

}  // namespace

Checked Parser::prior(const Token& first) {
  if (!at_symbol(".")) return refuse_here("'.' and an aggregate, as in prior.count(5m)");
  take();
  const std::optional<Function> function =
      token().kind == TokenKind::name ? function_called(token().text) : std::nullopt;
  if (!function) {
    if (token().kind == TokenKind::name && !field_called(token().text) && token_after().text == "(") {
      return refuse(token(), unknown_function(token().text));
    }
    if (token().kind == TokenKind::error) return refuse(token(), token().text);
    return refuse(token(),
                  "'prior.' stands before an aggregate only, as in prior.count(5m); the field of the transaction "
                  "before is last.FIELD");
  }
  take();
  return aggregate(*function, true, first);
}

Checked Parser::aggregate(Function function, bool prior, const Token& first) {
  const std::string_view named = function_name(function);
  if (context_ != Context::rule)
    return refuse(first, fmt::format("'{}' can't stand inside another aggregate; compare it outside", named));
  if (!at_symbol("(")) {
    return refuse(first, fmt::format("'{}' is an aggregate and needs its window, as in {}", named, example(function)));
  }
  take();
  Term term = make_leaf(Op::aggregate, {TypeKind::exact, 0, count_digits, false}, mark_of(first));
  term.expr->function = function;
  term.expr->prior = prior;
  if (function != Function::count) {
    Checked operand = parse_operand(function);
    if (!operand) return operand;
    term.depth = std::max(term.depth, operand->depth + 1);
    const std::size_t at = operand_offset_;
    if (function != Function::distinct) {
      const std::expected<Type, Mistake> type = aggregate_type(function, *operand->expr, at);
      if (!type) return std::unexpected(type.error());
      term.expr->type = *type;
    }
    term.expr->operand = std::move(operand->expr);
    if (!at_symbol(",")) return refuse_here(fmt::format("',' and the window, as in {}", example(function)));
    take();
  }
  const std::expected<std::int64_t, Mistake> window = parse_window(function);
  if (!window) return std::unexpected(window.error());
  term.expr->window_us = *window;
  if (at_symbol(",")) {
    Checked condition = parse_condition(function);
    if (!condition) return condition;
    term.depth = std::max(term.depth, condition->depth + 1);
    term.expr->condition = std::move(condition->expr);
  }
  if (!at_symbol(")")) return refuse_here(term.expr->condition ? "')'" : "')', or ',' and a condition");
  take();
  return term;
}

Checked Parser::parse_operand(Function function) {
  operand_offset_ = token().offset;
  if (token().kind == TokenKind::word) {
    return refuse(token(), fmt::format("what '{}' takes comes before the window, as in {}", function_name(function),
                                       example(function)));
  }
  context_ = Context::operand;
  if (function != Function::distinct) {
    Checked operand = sum();
    context_ = Context::rule;
    if (operand && comparison_called(token())) {
      return refuse(token(), fmt::format("a condition comes last, behind the window, as in {}",
                                         "sum(amount, 5m, status == \"FAILED\")"));
    }
    return operand;
  }
  if (token().kind != TokenKind::name || token_after().text != ",") {
    context_ = Context::rule;
    if (token().kind == TokenKind::error) return refuse(token(), token().text);
    return refuse(token(),
                  fmt::format("'distinct' takes the name of one field and a window, as in {}", example(function)));
  }
  Checked operand = name();
  context_ = Context::rule;
  if (operand && operand->expr->op != Op::field) {
    return std::unexpected(
        Mistake{operand_offset_, fmt::format("'distinct' takes the name of one field, as in {}", example(function))});
  }
  return operand;
}

std::expected<std::int64_t, Mistake> Parser::parse_window(Function function) {
  const Token at = token();
  if (at.kind == TokenKind::error) return refuse(at, at.text);
  if (at.kind == TokenKind::word || at.kind == TokenKind::number) {
    const std::expected<std::int64_t, std::string> window = yaml::parse_duration_us(at.text);
    if (!window) return refuse(at, window.error());
    if (*window == 0) return refuse(at, "a window must be longer than nothing, as in 5m");
    take();
    return *window;
  }
  return refuse(at,
                fmt::format("expected the window, a duration as in {}, but here {}", example(function), describe(at)));
}

Checked Parser::parse_condition(Function function) {
  take();
  const std::size_t at = token().offset;
  context_ = Context::condition;
  Checked condition = disjunction();
  context_ = Context::rule;
  if (condition && condition->expr->type.kind != TypeKind::boolean) {
    return std::unexpected(Mistake{
        at,
        fmt::format("the last argument of '{}' is a condition, and this is {}; compare it, as in status == \"FAILED\"",
                    function_name(function), kind_name(condition->expr->type))});
  }
  return condition;
}

}  // namespace bank::rules
