// Cases for a rules file: small histories, each transaction with the rules that must fire on it; docs/rules.md shows
// the file. They run through the engine that judges everything else.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "model/alert.h"
#include "model/transaction.h"
#include "rules/ast.h"
#include "yaml/yaml.h"

namespace bank::cli {

/// One transaction of a case and what is expected of it. Owns its texts.
struct GivenTransaction {
  yaml::Mark mark;
  std::string transaction_id;
  std::string account_number;
  std::string transaction_type;
  std::string timestamp;
  std::optional<std::string> location;
  std::optional<std::string> merchant;
  model::Amount amount;
  model::EventTime time;
  model::Status status = model::Status::none;

  std::vector<std::string> fires;  ///< Ids of rules, in any order. None: no rule may fire.
  std::optional<int> risk;
  std::optional<model::Decision> decision;
  std::map<std::string, std::string> reasons;  ///< By rule id.
  bool resend = false;

  [[nodiscard]] model::Transaction view() const;
};

struct RuleCase {
  std::string name;
  yaml::Mark mark;
  std::vector<GivenTransaction> given;
};

struct RuleCases {
  std::string file;
  std::vector<RuleCase> cases;
};

/// Errors: ErrorKind::config, each line `file:line:column: …`. Rules that are named must be in `rules`.
[[nodiscard]] Result<RuleCases> load_rule_cases(const std::string& path, const rules::RuleSet& rules);
/// The same from text; `file` only names it in messages.
[[nodiscard]] Result<RuleCases> parse_rule_cases(std::string_view text, const std::string& file,
                                                 const rules::RuleSet& rules);

struct CaseResult {
  const RuleCase* rule_case = nullptr;
  std::vector<std::string> failures;  ///< `file:line:column: transaction 5 (at 300s): expected …, got …`; none: passed.
};

struct CasesReport {
  std::vector<CaseResult> results;       ///< In the order of the file.
  std::vector<std::string> never_fired;  ///< Ids of rules that fired in no case.
  [[nodiscard]] std::size_t failed() const;
};

/// Each case on an engine of its own. `plan` is of the rules that the cases were loaded for; `cases` must outlive the
/// report.
[[nodiscard]] CasesReport run_rule_cases(const std::shared_ptr<const engine::Plan>& plan, const rules::RuleSet& rules,
                                         const RuleCases& cases, const engine::Options& options);

}  // namespace bank::cli
