// A rule in words, for the people who answer for it; from the tree alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rules/ast.h"

namespace bank::rules {

/// An expression as a file would spell it, in one line, with as few parentheses as possible; parses to the same tree.
[[nodiscard]] std::string spell(const Expr& expr);

/// An expression in words: "the amount is over 5000".
[[nodiscard]] std::string in_words(const Expr& expr);

/// What an aggregate costs a transaction.
struct Cost {
  std::string aggregate;  ///< As spell() spells it.
  bool scans = false;     ///< Looks at every entry of the window; else its cost does not grow with the window.
  std::string words;      ///< "constant: kept as a running count".
};

struct Explanation {
  std::string sentence;                  ///< "Fires when the amount is over 5000."
  std::vector<std::int64_t> windows_us;  ///< Of `when` and the reason; each once, shortest first.
  std::vector<Cost> costs;               ///< Each aggregate of `when` and the reason once, in the order of the file.
  std::vector<std::string> hints;        ///< What is easily overlooked.
};

/// `rules` is the set that the rule stands in.
[[nodiscard]] Explanation explain(const Rule& rule, const RuleSet& rules);

}  // namespace bank::rules
