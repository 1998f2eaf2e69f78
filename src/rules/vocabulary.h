// The words of the language: what a name stands for, and what to say of one that stands for nothing. Private to this
// room.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rules/ast.h"
#include "rules/lexer.h"

namespace bank::rules {

[[nodiscard]] std::optional<Field> field_called(std::string_view name);
[[nodiscard]] std::optional<Function> function_called(std::string_view name);
/// The operator that compares two values; nullopt where the token is none.
[[nodiscard]] std::optional<Op> comparison_called(const Token& token);

/// What stands there, for a message: `'x' stands`, `the expression ends`.
[[nodiscard]] std::string describe(const Token& token);
/// The keyword that `word` is most likely a slip for; empty if none is close.
[[nodiscard]] std::string_view closest_keyword(std::string_view word);
/// What to say of a name where a value is wanted, and of one before a parenthesis.
[[nodiscard]] std::string unknown_name(std::string_view name);
[[nodiscard]] std::string unknown_function(std::string_view name);

}  // namespace bank::rules
