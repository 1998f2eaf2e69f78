// The report of a batch: what the shards have added up, merged in any order, as analytics_report.json.
#pragma once

#include <string>
#include <string_view>

#include "adapters/spark/fault.h"
#include "adapters/spark/shard.h"

namespace bank::spark {

/// What a shard has added up so far. Faults (border): its setup does not ask for that.
[[nodiscard]] Try<std::string> save_analytics(Shard& shard);

/// Faults (state), here and below: damaged or foreign bytes.
[[nodiscard]] Try<std::string> merge_analytics(std::string_view a, std::string_view b);

/// `options`: as Native.report() says. Faults (rules): a wrong option.
[[nodiscard]] Try<std::string> report(std::string_view saved, std::string_view options);

}  // namespace bank::spark
