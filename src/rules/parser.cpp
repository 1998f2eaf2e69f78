#include "rules/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "rules/check.h"
#include "yaml/values.h"

namespace bank::rules {
namespace {

constexpr std::array<std::string_view, 8> field_names{"amount",   "transaction_type", "account_number", "location",
                                                      "merchant", "status",           "hour",           "weekday"};
constexpr std::array<std::string_view, 7> function_names{"count", "sum", "avg", "min", "max", "stddev", "distinct"};
constexpr std::array<std::string_view, 13> keywords{
    "and", "or", "not", "in", "contains", "starts_with", "ends_with", "true", "false", "null", "this", "last", "prior"};

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

std::optional<Field> field_called(std::string_view name) {
  for (int i = 0; i < static_cast<int>(field_names.size()); ++i) {
    if (field_name(static_cast<Field>(i)) == name) return static_cast<Field>(i);
  }
  return std::nullopt;
}

std::optional<Function> function_called(std::string_view name) {
  for (int i = 0; i < static_cast<int>(function_names.size()); ++i) {
    if (function_name(static_cast<Function>(i)) == name) return static_cast<Function>(i);
  }
  return std::nullopt;
}

std::optional<Op> comparison_called(const Token& token) {
  struct Spelled {
    std::string_view text;
    Op op;
  };
  static constexpr std::array<Spelled, 10> operators{{{"==", Op::equal},
                                                      {"!=", Op::not_equal},
                                                      {"<", Op::less},
                                                      {"<=", Op::less_equal},
                                                      {">", Op::greater},
                                                      {">=", Op::greater_equal},
                                                      {"in", Op::in_list},
                                                      {"contains", Op::contains},
                                                      {"starts_with", Op::starts_with},
                                                      {"ends_with", Op::ends_with}}};
  if (token.kind != TokenKind::symbol && token.kind != TokenKind::name) return std::nullopt;
  const auto found = std::ranges::find(operators, token.text, &Spelled::text);
  return found == operators.end() ? std::nullopt : std::optional(found->op);
}

std::string describe(const Token& token) {
  switch (token.kind) {
    case TokenKind::end: return "the expression ends";
    case TokenKind::text: return fmt::format("the text \"{}\" stands", token.text);
    default: return fmt::format("'{}' stands", token.text);
  }
}

/// Recursive descent, lowest precedence first; every node is type-checked as it is made.
class Parser {
 public:
  Parser(std::vector<Token> tokens, const Locate& locate) : tokens_(std::move(tokens)), locate_(locate) {}

  Checked run() {
    Checked term = disjunction();
    if (!term) return term;
    if (token().kind != TokenKind::end) return refuse_rest();
    return term;
  }

 private:
  /// What names mean: outside of aggregates, in the first argument of one, in its condition.
  enum class Context : std::uint8_t { rule, operand, condition };

  const Token& token() const { return tokens_[next_]; }
  const Token& token_after() const { return tokens_[std::min(next_ + 1, tokens_.size() - 1)]; }
  bool at_symbol(std::string_view text) const { return token().kind == TokenKind::symbol && token().text == text; }
  bool at_name(std::string_view text) const { return token().kind == TokenKind::name && token().text == text; }
  Token take() { return tokens_[next_ + 1 < tokens_.size() ? next_++ : next_]; }
  Mark mark_of(const Token& at) const { return locate_(at.offset); }

  static std::unexpected<Mistake> refuse(const Token& at, std::string message) {
    return std::unexpected(Mistake{at.offset, std::move(message)});
  }
  /// The lexer's own message goes before what the parser would have wanted.
  std::unexpected<Mistake> refuse_here(std::string_view wanted) const {
    if (token().kind == TokenKind::error) return refuse(token(), token().text);
    return refuse(token(), fmt::format("expected {}, but here {}", wanted, describe(token())));
  }

  std::unexpected<Mistake> refuse_rest() const {
    if (token().kind == TokenKind::error) return refuse(token(), token().text);
    if (token().kind == TokenKind::name) {
      const std::string_view close = yaml::closest(token().text, keywords);
      if (!close.empty())
        return refuse(token(), fmt::format("'{}' is not an operator; did you mean '{}'? (keywords are in lower case)",
                                           token().text, close));
    }
    if (at_symbol(")")) return refuse(token(), "this ')' closes nothing");
    return refuse_here("an operator such as and, or, ==, < or +, or the end");
  }

  bool enter() { return ++level_ <= max_expression_depth; }
  void leave() { --level_; }
  std::unexpected<Mistake> too_deep() const {
    return refuse(token(), fmt::format("parentheses and operators are nested more than {} deep here; split the rule",
                                       max_expression_depth));
  }

  Checked disjunction() {
    Checked left = conjunction();
    while (left && at_name("or")) {
      const Token at = take();
      Checked right = conjunction();
      if (!right) return right;
      left = make_logical(Op::logical_or, std::move(*left), std::move(*right), at.offset, mark_of(at));
    }
    return left;
  }

  Checked conjunction() {
    Checked left = negation();
    while (left && at_name("and")) {
      const Token at = take();
      Checked right = negation();
      if (!right) return right;
      left = make_logical(Op::logical_and, std::move(*left), std::move(*right), at.offset, mark_of(at));
    }
    return left;
  }

  Checked negation() {
    if (!at_name("not")) return comparison();
    const Token at = take();
    if (!enter()) return too_deep();
    Checked term = negation();
    leave();
    if (!term) return term;
    return make_not(std::move(*term), at.offset, mark_of(at));
  }

  Checked comparison() {
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

  Checked compare_with(Op op, Term left, const Token& at) {
    Checked right = sum();
    if (!right) return right;
    if (op == Op::contains || op == Op::starts_with || op == Op::ends_with) {
      return make_text_match(op, std::move(left), std::move(*right), at.offset, mark_of(at));
    }
    return make_comparison(op, std::move(left), std::move(*right), at.offset, mark_of(at));
  }

  Checked membership(Term left, const Token& at) {
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

  Checked list_literal() {
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

  Checked sum() {
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

  Checked product() {
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

  Checked unary() {
    if (!at_symbol("-")) return primary();
    const Token at = take();
    if (!enter()) return too_deep();
    Checked term = unary();
    leave();
    if (!term) return term;
    return make_negate(std::move(*term), at.offset, mark_of(at));
  }

  Checked primary() {
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
        return refuse(first,
                      fmt::format("'{}' is not a number; write digits only, with a point if need be", first.text));
      case TokenKind::name: return name();
      case TokenKind::symbol:
        if (first.text == "(") return parenthesis();
        [[fallthrough]];
      case TokenKind::end:
      case TokenKind::error: break;
    }
    return refuse_here("a value (a field, a number, a text, an aggregate such as count(5m), or a parenthesis)");
  }

  Checked parenthesis() {
    take();
    if (!enter()) return too_deep();
    Checked inner = disjunction();
    leave();
    if (!inner) return inner;
    if (!at_symbol(")")) return refuse_here("')'");
    take();
    return inner;
  }

  Checked name() {
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
    if (at_symbol("("))
      return refuse(first,
                    fmt::format("unknown function '{}'{}", first.text, yaml::suggestion(first.text, function_names)));
    const std::optional<Field> field = field_called(first.text);
    if (!field) return refuse_name(first);
    return make_field(*field, context_ == Context::rule ? Scope::current : Scope::entry, mark);
  }

  static Term make_field(Field field, Scope scope, Mark mark) {
    Term term = make_leaf(Op::field, field_type(field), mark);
    term.expr->field = field;
    term.expr->scope = scope;
    return term;
  }

  std::unexpected<Mistake> refuse_name(const Token& at) const {
    if (is_one_of(at.text, keywords)) {
      return refuse(
          at,
          fmt::format("'{}' stands where a value is wanted (a field, a number, a text, an aggregate, or a parenthesis)",
                      at.text));
    }
    if (at.text == "timestamp" || at.text == "time") {
      return refuse(
          at, fmt::format("unknown field '{}'; time is seen through windows, since_last, hour and weekday", at.text));
    }
    std::vector<std::string_view> known(field_names.begin(), field_names.end());
    known.emplace_back("since_last");
    if (const std::string_view close = yaml::closest(at.text, known); !close.empty()) {
      return refuse(at, fmt::format("unknown field '{}'; did you mean '{}'?", at.text, close));
    }
    for (const std::span<const std::string_view> words :
         {std::span<const std::string_view>(keywords), std::span<const std::string_view>(function_names)}) {
      if (const std::string_view close = yaml::closest(at.text, words); !close.empty()) {
        return refuse(at, fmt::format("unknown field '{}'; did you mean '{}'?", at.text, close));
      }
    }
    return refuse(
        at, fmt::format("unknown field '{}'{}; a text stands in quotes", at.text, yaml::suggestion(at.text, known)));
  }

  /// this.name and last.name
  Checked scoped(const Token& first) {
    if (!at_symbol(".")) return refuse_here(fmt::format("'.' and a field, as in {}.merchant", first.text));
    take();
    if (token().kind != TokenKind::name) return refuse_here(fmt::format("a field, as in {}.merchant", first.text));
    const Token named = take();
    const std::optional<Field> field = field_called(named.text);
    if (!field) return refuse_name(named);
    if (first.text == "last") {
      if (context_ != Context::rule)
        return refuse(first, "'last.' can't stand inside an aggregate; compare it outside");
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

  Checked prior(const Token& first) {
    if (!at_symbol(".")) return refuse_here("'.' and an aggregate, as in prior.count(5m)");
    take();
    const std::optional<Function> function =
        token().kind == TokenKind::name ? function_called(token().text) : std::nullopt;
    if (!function) {
      if (token().kind == TokenKind::name && !field_called(token().text) && token_after().text == "(") {
        return refuse(token(), fmt::format("unknown function '{}'{}", token().text,
                                           yaml::suggestion(token().text, function_names)));
      }
      if (token().kind == TokenKind::error) return refuse(token(), token().text);
      return refuse(token(),
                    "'prior.' stands before an aggregate only, as in prior.count(5m); the field of the transaction "
                    "before is last.FIELD");
    }
    take();
    return aggregate(*function, true, first);
  }

  Checked aggregate(Function function, bool prior, const Token& first) {
    const std::string_view named = function_name(function);
    if (context_ != Context::rule)
      return refuse(first, fmt::format("'{}' can't stand inside another aggregate; compare it outside", named));
    if (!at_symbol("(")) {
      return refuse(first,
                    fmt::format("'{}' is an aggregate and needs its window, as in {}", named, example(function)));
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

  static std::string example(Function function) {
    switch (function) {
      case Function::count: return "count(5m)";
      case Function::distinct: return "distinct(location, 5m)";
      default: return fmt::format("{}(amount, 5m)", function_name(function));
    }
  }

  Checked parse_operand(Function function) {
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

  std::expected<std::int64_t, Mistake> parse_window(Function function) {
    const Token at = token();
    if (at.kind == TokenKind::error) return refuse(at, at.text);
    if (at.kind == TokenKind::word || at.kind == TokenKind::number) {
      const std::expected<std::int64_t, std::string> window = yaml::parse_duration_us(at.text);
      if (!window) return refuse(at, window.error());
      if (*window == 0) return refuse(at, "a window must be longer than nothing, as in 5m");
      take();
      return *window;
    }
    return refuse(
        at, fmt::format("expected the window, a duration as in {}, but here {}", example(function), describe(at)));
  }

  Checked parse_condition(Function function) {
    take();
    const std::size_t at = token().offset;
    context_ = Context::condition;
    Checked condition = disjunction();
    context_ = Context::rule;
    if (condition && condition->expr->type.kind != TypeKind::boolean) {
      return std::unexpected(Mistake{
          at, fmt::format(
                  "the last argument of '{}' is a condition, and this is {}; compare it, as in status == \"FAILED\"",
                  function_name(function), kind_name(condition->expr->type))});
    }
    return condition;
  }

  std::vector<Token> tokens_;
  const Locate& locate_;
  std::size_t next_ = 0;
  int level_ = 0;
  Context context_ = Context::rule;
  std::size_t operand_offset_ = 0;
};

}  // namespace

std::expected<ExprPtr, Mistake> parse_expression(std::string_view text, std::size_t base, const Locate& locate) {
  Checked term = Parser(tokenize(text, base), locate).run();
  if (!term) return std::unexpected(std::move(term.error()));
  return std::move(term->expr);
}

}  // namespace bank::rules
