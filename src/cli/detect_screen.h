// What a detection came to, for people: of `bank detect` on files and on Kafka.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/table.h"
#include "cli/terminal.h"
#include "model/alert.h"
#include "pipeline/run.h"
#include "rules/ast.h"

namespace bank::cli {

[[nodiscard]] std::string count_text(std::uint64_t number);
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);
/// `3: not_json 2, bad_amount 1`.
[[nodiscard]] std::string rejected_text(const pipeline::Summary& summary);

/// `HIGH` → high; nullopt for any other word.
[[nodiscard]] std::optional<model::Severity> severity_named(std::string_view name);

/// Judged, resends, late, rejected, decisions, alerts: a line each, where there is something to tell.
[[nodiscard]] Table facts_of(const pipeline::Summary& summary);
void print_alerts_by_rule(Stream& out, const rules::RuleSet& rules, const pipeline::Summary& summary);

[[nodiscard]] bool alert_at_or_above(const rules::RuleSet& rules, const pipeline::Summary& summary,
                                     model::Severity severity);

}  // namespace bank::cli
