// From the text of an expression or a reason to its checked tree. Private to this room.
#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <string_view>
#include <vector>

#include "rules/ast.h"
#include "rules/lexer.h"

namespace bank::rules {

/// The file's place of a byte of the scalar.
using Locate = std::function<Mark(std::size_t offset)>;

/// `text` begins at byte `base` of its scalar; the mistake's offset counts from the scalar's start.
[[nodiscard]] std::expected<ExprPtr, Mistake> parse_expression(std::string_view text, std::size_t base,
                                                               const Locate& locate);

struct Reason {
  std::vector<ReasonPart> parts;
  std::vector<Mistake> mistakes;  ///< At most one of each expression; if there are any, `parts` is of no use.
};
/// `text` is the whole scalar.
[[nodiscard]] Reason parse_reason(std::string_view text, const Locate& locate);

}  // namespace bank::rules
