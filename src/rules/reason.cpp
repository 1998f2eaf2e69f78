#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "rules/parser.h"

namespace bank::rules {
namespace {

/// The '}' that ends the expression which begins at `from`, past text literals.
std::size_t closing_brace(std::string_view text, std::size_t from) {
  char quote = '\0';
  for (std::size_t i = from; i < text.size(); ++i) {
    if (quote != '\0') {
      if (text[i] == '\\') {
        ++i;
      } else if (text[i] == quote) {
        quote = '\0';
      }
    } else if (text[i] == '"' || text[i] == '\'') {
      quote = text[i];
    } else if (text[i] == '}') {
      return i;
    }
  }
  return std::string_view::npos;
}

}  // namespace

Reason parse_reason(std::string_view text, const Locate& locate) {
  Reason reason;
  std::string literal;
  const auto end_literal = [&] {
    if (!literal.empty()) reason.parts.push_back({std::move(literal), nullptr});
    literal.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool doubled = i + 1 < text.size() && text[i + 1] == c;
    if ((c == '{' || c == '}') && doubled) {
      literal += c;
      ++i;
    } else if (c == '}') {
      reason.mistakes.push_back({i, "a '}' without its '{'; write }} for a brace"});
    } else if (c == '{') {
      const std::size_t end = closing_brace(text, i + 1);
      if (end == std::string_view::npos) {
        reason.mistakes.push_back({i, "a '{' without its '}'; close the expression, or write {{ for a brace"});
        break;
      }
      const std::string_view spelled = text.substr(i + 1, end - i - 1);
      std::expected<ExprPtr, Mistake> expr = parse_expression(spelled, i + 1, locate);
      if (expr && (*expr)->type.kind == TypeKind::null)
        expr = std::unexpected(Mistake{i + 1, "null is no value to print"});
      if (expr) {
        end_literal();
        reason.parts.push_back({std::string(spelled), std::move(*expr)});
      } else {
        reason.mistakes.push_back(std::move(expr.error()));
      }
      i = end;
    } else {
      literal += c;
    }
  }
  end_literal();
  return reason;
}

}  // namespace bank::rules
