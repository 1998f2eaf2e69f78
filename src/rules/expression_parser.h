// The parser of expressions. Private to this room.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/ast.h"
#include "rules/check.h"
#include "rules/lexer.h"
#include "rules/parser.h"
#include "rules/vocabulary.h"

namespace bank::rules {

/// Recursive descent, lowest precedence first; every node is type-checked as it is made.
class Parser {
 public:
  Parser(std::vector<Token> tokens, const Locate& locate) : tokens_(std::move(tokens)), locate_(locate) {}

  Checked run();

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
  std::unexpected<Mistake> refuse_here(std::string_view wanted) const;
  std::unexpected<Mistake> refuse_rest() const;

  bool enter() { return ++level_ <= max_expression_depth; }
  void leave() { --level_; }
  std::unexpected<Mistake> too_deep() const;

  // Operators, the loosest first (parser.cpp).
  Checked disjunction();
  Checked conjunction();
  Checked negation();
  Checked comparison();
  Checked compare_with(Op op, Term left, const Token& at);
  Checked membership(Term left, const Token& at);
  Checked list_literal();
  Checked sum();
  Checked product();
  Checked unary();

  // What stands between them (parser.cpp).
  Checked primary();
  Checked parenthesis();
  Checked name();
  /// this.name and last.name
  Checked scoped(const Token& first);
  static Term make_field(Field field, Scope scope, Mark mark);
  static std::unexpected<Mistake> refuse_name(const Token& at) { return refuse(at, unknown_name(at.text)); }

  // Aggregates (parse_aggregate.cpp).
  Checked prior(const Token& first);
  Checked aggregate(Function function, bool prior, const Token& first);
  Checked parse_operand(Function function);
  std::expected<std::int64_t, Mistake> parse_window(Function function);
  Checked parse_condition(Function function);

  std::vector<Token> tokens_;
  const Locate& locate_;
  std::size_t next_ = 0;
  int level_ = 0;
  Context context_ = Context::rule;
  std::size_t operand_offset_ = 0;
};

}  // namespace bank::rules
