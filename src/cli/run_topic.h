// `bank run` through topics: what its modes with Kafka share.
#pragma once

#include "adapters/kafka/connection.h"
#include "base/result.h"
#include "cli/context.h"
#include "cli/exit_code.h"
#include "cli/run_judge.h"
#include "rules/ast.h"

namespace bank::cli {

/// Health check → judge up → generate into the topic → wait until all is judged → read the alerts back and report.
/// The judge works beside the generator, as it would in earnest. `judge_name`: of its step, `detector`.
[[nodiscard]] Result<ExitCode> run_through_topics(Context& context, const kafka::Connection& connection,
                                                  const rules::RuleSet& rules, std::string_view judge_name,
                                                  RunJudge& judge);

}  // namespace bank::cli
