// What a rules file may say by mistake although it is right.
#pragma once

#include <string>
#include <vector>

#include "rules/ast.h"

namespace bank::rules {

/// Each opens with `file:line:column: ` and is about a comparison of a status with a word that is none: a transaction
/// with such a status is rejected.
[[nodiscard]] std::vector<std::string> doubts(const RuleSet& rules);

}  // namespace bank::rules
