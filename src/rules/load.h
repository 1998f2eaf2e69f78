// From a rules file to a checked tree.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "rules/ast.h"

namespace bank::rules {

inline constexpr std::size_t max_rules = 1000;
inline constexpr std::size_t max_rules_file_bytes = 1 << 20;

/// Reads and checks a rules file. Any mistake is an ErrorKind::config whose message opens with `file:line:column: `,
/// says what is wrong and what would be right; several mistakes come as several lines.
[[nodiscard]] Result<RuleSet> load_rules(const std::string& path);

/// The same from text; `file` only names it in messages.
[[nodiscard]] Result<RuleSet> parse_rules(std::string_view yaml, const std::string& file);

}  // namespace bank::rules
