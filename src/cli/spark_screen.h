// The Spark job's events as lines for people.
#pragma once

#include <string>

#include "cli/spark_event.h"
#include "cli/terminal.h"
#include "pipeline/run.h"
#include "rules/ast.h"

namespace bank::cli {

/// `Spark 4.2.0 on local[2], page http://…`.
[[nodiscard]] std::string started_line(const SparkEvent& started);

/// One batch of a stream: number, rows, rate, alerts, duration, lag, state.
[[nodiscard]] std::string batch_line(const SparkEvent& batch);

/// The counts of an `ended` event, as the other modes have them.
[[nodiscard]] pipeline::Summary summary_of(const SparkEvent& ended, const rules::RuleSet& rules);

/// A `table` event of a batch run.
void print_spark_table(Stream& out, const SparkEvent& table);

}  // namespace bank::cli
