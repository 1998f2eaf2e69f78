#include "rules/parser.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rules/expression_parser.h"
#include "yaml/values.h"

namespace bank::rules {

Checked Parser::run() {
  Checked term = disjunction();
  if (!term) return term;
  if (token().kind != TokenKind::end) return refuse_rest();
  return term;
}

std::unexpected<Mistake> Parser::refuse_here(std::string_view wanted) const {
  if (token().kind == TokenKind::error) return refuse(token(), token().text);
  return refuse(token(), fmt::format("expected {}, but here {}", wanted, describe(token())));
}

std::unexpected<Mistake> Parser::refuse_rest() const {
  if (token().kind == TokenKind::error) return refuse(token(), token().text);
  if (token().kind == TokenKind::name) {
    const std::string_view close = closest_keyword(token().text);
    if (!close.empty())
      return refuse(token(), fmt::format("'{}' is not an operator; did you mean '{}'? (keywords are in lower case)",
                                         token().text, close));
  }
  if (at_symbol(")")) return refuse(token(), "this ')' closes nothing");
  return refuse_here("an operator such as and, or, ==, < or +, or the end");
}

std::unexpected<Mistake> Parser::too_deep() const {
  return refuse(token(), fmt::format("parentheses and operators are nested more than {} deep here; split the rule",
                                     max_expression_depth));
}

Checked Parser::disjunction() {
  Checked left = conjunction();
  while (left && at_name("or")) {
    const Token at = take();
    Checked right = conjunction();
    if (!right) return right;
    left = make_logical(Op::logical_or, std::move(*left), std::move(*right), at.offset, mark_of(at));
  }
  return left;
}

Checked Parser::conjunction() {
  Checked left = negation();
  while (left && at_name("and")) {
    const Token at = take();
    Checked right = negation();
    if (!right) return right;
    left = make_logical(Op::logical_and, std::move(*left), std::move(*right), at.offset, mark_of(at));
  }
  return left;
}

Checked Parser::negation() {
  if (!at_name("not")) return comparison();
  const Token at = take();
  if (!enter()) return too_deep();
  Checked term = negation();
  leave();
  if (!term) return term;
  return make_not(std::move(*term), at.offset, mark_of(at));
}

Checked Parser::comparison() {
  Checked left = sum();
  if (!left) return left;
  const bool inverted = at_name("not") && token_after().kind == TokenKind::name && token_after().text == "in";
  const Token inversion = inverted ? take() : token();
  const std::optional<Op> op = comparison_called(token());
  if (!op) return left;
  const Token at = take();
  Checked result = *op == Op::in_list ? membership(std::move(*left), at) : compare_with(*op, std::move(*left), at);
  if (!result) return result;
  if (inverted) result = make_not(std::move(*result), inversion.offset, mark_of(inversion));
  if (result && comparison_called(token())) {
    return refuse(token(), "comparisons do not chain; join two with and, as in 1 < amount and amount < 5");
  }
  return result;
}

Checked Parser::compare_with(Op op, Term left, const Token& at) {
  Checked right = sum();
  if (!right) return right;
  if (op == Op::contains || op == Op::starts_with || op == Op::ends_with) {
    return make_text_match(op, std::move(left), std::move(*right), at.offset, mark_of(at));
  }
  return make_comparison(op, std::move(left), std::move(*right), at.offset, mark_of(at));
}

Checked Parser::membership(Term left, const Token& at) {
  if (!at_symbol("[")) return refuse_here("a list of literals in brackets, as in [\"A\", \"B\"]");
  take();
  std::vector<Term> literals;
  while (true) {
    const Token first = token();
    Checked literal = list_literal();
    if (!literal) return literal;
    if (!literals.empty() && literals.front().expr->type.kind != literal->expr->type.kind) {
      return refuse(first, fmt::format("a list holds literals of one kind; the first is {}, this is {}",
                                       kind_name(literals.front().expr->type), kind_name(literal->expr->type)));
    }
    literals.push_back(std::move(*literal));
    if (at_symbol("]")) break;
    if (!at_symbol(",")) return refuse_here("',' or ']'");
    take();
  }
  take();
  return make_in(std::move(left), std::move(literals), at.offset, mark_of(at));
}

Checked Parser::list_literal() {
  const Token first = token();
  if (at_symbol("-")) {
    take();
    if (token().kind != TokenKind::number) return refuse_here("a number");
    Checked number = make_number(token(), mark_of(first));
    if (!number) return number;
    take();
    return make_negate(std::move(*number), first.offset, mark_of(first));
  }
  if (token().kind == TokenKind::text || token().kind == TokenKind::number) return primary();
  return refuse_here("a text or number literal");
}

Checked Parser::sum() {
  Checked left = product();
  while (left && (at_symbol("+") || at_symbol("-"))) {
    const Token at = take();
    Checked right = product();
    if (!right) return right;
    left = make_arithmetic(at.text == "+" ? Op::add : Op::subtract, std::move(*left), std::move(*right), at.offset,
                           mark_of(at));
  }
  return left;
}

Checked Parser::product() {
  Checked left = unary();
  while (left && (at_symbol("*") || at_symbol("/"))) {
    const Token at = take();
    if (at.text == "/" && context_ == Context::operand) {
      return refuse(at,
                    "'/' gives a real number, which an aggregate can't take exactly; divide outside, as in "
                    "sum(amount, 5m) / 2");
    }
    Checked right = unary();
    if (!right) return right;
    left = make_arithmetic(at.text == "*" ? Op::multiply : Op::divide, std::move(*left), std::move(*right), at.offset,
                           mark_of(at));
  }
  return left;
}

Checked Parser::unary() {
  if (!at_symbol("-")) return primary();
  const Token at = take();
  if (!enter()) return too_deep();
  Checked term = unary();
  leave();
  if (!term) return term;
  return make_negate(std::move(*term), at.offset, mark_of(at));
}

Checked Parser::primary() {
  const Token first = token();
  switch (first.kind) {
    case TokenKind::number: {
      Checked number = make_number(first, mark_of(first));
      if (number) take();
      return number;
    }
    case TokenKind::text: {
      Term term = make_leaf(Op::text_literal, {TypeKind::text, 0, 0, false}, mark_of(first));
      term.expr->text = take().text;
      return term;
    }
    case TokenKind::word:
      if (yaml::parse_duration_us(first.text)) {
        return refuse(first, fmt::format("the duration {} stands where a value is wanted; a duration is an "
                                         "aggregate's window, as in count({}) or "
                                         "sum(amount, {}); since_last counts seconds",
                                         first.text, first.text, first.text));
      }
      return refuse(first, fmt::format("'{}' is not a number; write digits only, with a point if need be", first.text));
    case TokenKind::name: return name();
    case TokenKind::symbol:
      if (first.text == "(") return parenthesis();
      [[fallthrough]];
    case TokenKind::end:
    case TokenKind::error: break;
  }
  return refuse_here("a value (a field, a number, a text, an aggregate such as count(5m), or a parenthesis)");
}

Checked Parser::parenthesis() {
  take();
  if (!enter()) return too_deep();
  Checked inner = disjunction();
  leave();
  if (!inner) return inner;
  if (!at_symbol(")")) return refuse_here("')'");
  take();
  return inner;
}

Checked Parser::name() {
  const Token first = take();
  const Mark mark = mark_of(first);
  if (first.text == "true" || first.text == "false") {
    Term term = make_leaf(Op::boolean_literal, {TypeKind::boolean, 0, 0, false}, mark);
    term.expr->number = first.text == "true" ? 1 : 0;
    return term;
  }
  if (first.text == "null") return make_leaf(Op::null_literal, {TypeKind::null, 0, 0, false}, mark);
  if (first.text == "this" || first.text == "last") return scoped(first);
  if (first.text == "prior") return prior(first);
  if (first.text == "since_last") {
    if (context_ != Context::rule)
      return refuse(first, "since_last can't stand inside an aggregate; compare it outside");
    return make_leaf(Op::since_last, {TypeKind::exact, 6, 18, false}, mark);
  }
  if (const std::optional<Function> function = function_called(first.text)) return aggregate(*function, false, first);
  if (at_symbol("(")) return refuse(first, unknown_function(first.text));
  const std::optional<Field> field = field_called(first.text);
  if (!field) return refuse_name(first);
  return make_field(*field, context_ == Context::rule ? Scope::current : Scope::entry, mark);
}

Term Parser::make_field(Field field, Scope scope, Mark mark) {
  Term term = make_leaf(Op::field, field_type(field), mark);
  term.expr->field = field;
  term.expr->scope = scope;
  return term;
}

Checked Parser::scoped(const Token& first) {
  if (!at_symbol(".")) return refuse_here(fmt::format("'.' and a field, as in {}.merchant", first.text));
  take();
  if (token().kind != TokenKind::name) return refuse_here(fmt::format("a field, as in {}.merchant", first.text));
  const Token named = take();
  const std::optional<Field> field = field_called(named.text);
  if (!field) return refuse_name(named);
  if (first.text == "last") {
    if (context_ != Context::rule) return refuse(first, "'last.' can't stand inside an aggregate; compare it outside");
    return make_field(*field, Scope::last, mark_of(first));
  }
  if (context_ == Context::rule) {
    return refuse(
        first,
        fmt::format(
            "'this.' is for conditions of aggregates; here plain names mean the transaction being judged: write {}",
            named.text));
  }
  if (context_ == Context::operand) {
    return refuse(first, "'this.' can stand only in an aggregate's condition, behind its window");
  }
  return make_field(*field, Scope::current, mark_of(first));
}
std::expected<ExprPtr, Mistake> parse_expression(std::string_view text, std::size_t base, const Locate& locate) {
  Checked term = Parser(tokenize(text, base), locate).run();
  if (!term) return std::unexpected(std::move(term.error()));
  return std::move(term->expr);
}

}  // namespace bank::rules
