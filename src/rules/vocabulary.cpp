#include "rules/vocabulary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "base/closest.h"
#include "rules/check.h"

namespace bank::rules {
namespace {

constexpr std::array<std::string_view, 8> field_names{"amount",   "transaction_type", "account_number", "location",
                                                      "merchant", "status",           "hour",           "weekday"};
constexpr std::array<std::string_view, 7> function_names{"count", "sum", "avg", "min", "max", "stddev", "distinct"};
constexpr std::array<std::string_view, 13> keywords{
    "and", "or", "not", "in", "contains", "starts_with", "ends_with", "true", "false", "null", "this", "last", "prior"};

}  // namespace

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

std::string unknown_function(std::string_view name) {
  return fmt::format("unknown function '{}'{}", name, suggestion(name, function_names));
}

std::string_view closest_keyword(std::string_view word) { return closest(word, keywords); }

std::string unknown_name(std::string_view name) {
  if (std::ranges::find(keywords, name) != keywords.end()) {
    return fmt::format(
        "'{}' stands where a value is wanted (a field, a number, a text, an aggregate, or a parenthesis)", name);
  }
  if (name == "timestamp" || name == "time") {
    return fmt::format("unknown field '{}'; time is seen through windows, since_last, hour and weekday", name);
  }
  std::vector<std::string_view> known(field_names.begin(), field_names.end());
  known.emplace_back("since_last");
  if (const std::string_view close = closest(name, known); !close.empty()) {
    return fmt::format("unknown field '{}'; did you mean '{}'?", name, close);
  }
  for (const std::span<const std::string_view> words :
       {std::span<const std::string_view>(keywords), std::span<const std::string_view>(function_names)}) {
    if (const std::string_view close = closest(name, words); !close.empty()) {
      return fmt::format("unknown field '{}'; did you mean '{}'?", name, close);
    }
  }
  return fmt::format("unknown field '{}'{}; a text stands in quotes", name, suggestion(name, known));
}

}  // namespace bank::rules
