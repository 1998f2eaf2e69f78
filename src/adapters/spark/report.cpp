#include "adapters/spark/report.h"

#include <fmt/format.h>

#include <limits>
#include <vector>

#include "adapters/spark/setup.h"
#include "analytics/report.h"
#include "analytics/saved.h"

namespace bank::spark {
namespace {

Try<> apply(const Option& option, analytics::ReportContext& context) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const auto number = [&option](std::int64_t low, std::int64_t high, auto&& use) -> Try<> {
    const Try<std::int64_t> parsed = parse_number(option, low, high);
    if (!parsed) return std::unexpected(parsed.error());
    use(*parsed);
    return {};
  };
  if (option.key == "input") {
    context.inputs.emplace_back(option.value);
  } else if (option.key == "alerts_input") {
    context.alerts_input = option.value;
  } else if (option.key == "top") {
    return number(1, static_cast<std::int64_t>(analytics::max_top),
                  [&](std::int64_t value) { context.top = static_cast<std::size_t>(value); });
  } else if (option.key == "generated_at_us") {
    return number(0, model::EventTime::latest_us, [&](std::int64_t value) { context.generated_at_us = value; });
  } else if (option.key == "resends") {
    return number(0, most, [&](std::int64_t value) { context.resends = static_cast<std::uint64_t>(value); });
  } else {
    return fault(Fault::Kind::rules,
                 fmt::format("option {}={}: there is no such option; there are input, alerts_input, top, "
                             "generated_at_us and resends",
                             option.key, option.value));
  }
  return {};
}

Try<analytics::Accumulators> restored(std::string_view saved) {
  Result<analytics::Accumulators> accumulators = analytics::restore(saved);
  if (!accumulators) return bad_state(accumulators.error().message);
  return std::move(*accumulators);
}

}  // namespace

Try<std::string> save_analytics(Shard& shard) {
  if (shard.transactions() == nullptr) return bad_border("the rules were opened without analytics=yes");
  return analytics::save(*shard.transactions(), *shard.alerts());
}

Try<std::string> merge_analytics(std::string_view a, std::string_view b) {
  Try<analytics::Accumulators> into = restored(a);
  if (!into) return std::unexpected(into.error());
  const Try<analytics::Accumulators> from = restored(b);
  if (!from) return std::unexpected(from.error());
  into->transactions.merge(from->transactions);
  into->alerts.merge(from->alerts);
  return analytics::save(into->transactions, into->alerts);
}

Try<std::string> report(std::string_view saved, std::string_view options) {
  analytics::ReportContext context;
  context.generator = "bank";
  const Try<std::vector<Option>> parsed = parse_options(options);
  if (!parsed) return std::unexpected(parsed.error());
  for (const Option& option : *parsed) {
    if (const Try<> applied = apply(option, context); !applied) return std::unexpected(applied.error());
  }
  const Try<analytics::Accumulators> accumulators = restored(saved);
  if (!accumulators) return std::unexpected(accumulators.error());
  return analytics::to_json(
      analytics::make_report(accumulators->transactions, &accumulators->alerts, std::move(context)));
}

}  // namespace bank::spark
