// What a rules file may say by mistake although it is right.
#pragma once

#include <string>
#include <vector>

#include "rules/ast.h"

namespace bank::rules {

/// Each opens with `file:line:column: `: a comparison of a status with a word that is none. No
/// transaction that is not rejected has another.
[[nodiscard]] std::vector<std::string> doubts(const RuleSet& rules);

}  // namespace bank::rules
