#include "adapters/spark/setup.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "base/json_writer.h"
#include "model/alert.h"
#include "model/rejection.h"
#include "pipeline/forgetting.h"
#include "pipeline/run.h"
#include "rules/load.h"

namespace bank::spark {
namespace {

std::unexpected<Fault> bad_option(const Option& option, std::string_view right) {
  return fault(Fault::Kind::rules, fmt::format("option {}={}: {}", option.key, option.value, right));
}

/// One of two words.
Try<bool> parse_choice(const Option& option, std::string_view no, std::string_view yes) {
  if (option.value == yes) return true;
  if (option.value == no) return false;
  return bad_option(option, fmt::format("must be {} or {}", no, yes));
}

template <typename From, typename To>
Try<> assign(const Try<From>& from, To& to) {
  if (!from) return std::unexpected(from.error());
  to = static_cast<To>(*from);
  return {};
}

Try<> apply(const Option& option, Setup& setup) {
  if (option.key == "lateness_us") {
    return assign(parse_number(option, 0, engine::lateness_max_us), setup.engine.lateness_us);
  }
  if (option.key == "review") return assign(parse_number(option, 0, 101), setup.engine.thresholds.review);
  if (option.key == "block") return assign(parse_number(option, 0, 101), setup.engine.thresholds.block);
  if (option.key == "processed") return assign(parse_choice(option, "no", "yes"), setup.processed);
  if (option.key == "analytics") return assign(parse_choice(option, "no", "yes"), setup.analytics);
  if (option.key == "histories") return assign(parse_choice(option, "partition", "shared"), setup.histories);
  if (option.key == "dead_letters") return assign(parse_choice(option, "records", "lines"), setup.dead_letters);
  if (option.key == "map") {
    if (option.value.empty()) return {};
    if (const Result<void> mapped = setup.names.map(option.value); !mapped) {
      return fault(Fault::Kind::rules, mapped.error().message);
    }
    return {};
  }
  return bad_option(option,
                    "there is no such option; there are lateness_us, review, block, map, processed, histories, "
                    "dead_letters and analytics");
}

}  // namespace

Try<std::vector<Option>> parse_options(std::string_view lines) {
  std::vector<Option> options;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    if (line.empty()) continue;
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) {
      return fault(Fault::Kind::rules, fmt::format("option '{}': must be key=value", line));
    }
    options.push_back({line.substr(0, equals), line.substr(equals + 1)});
  }
  return options;
}

Try<std::int64_t> parse_number(const Option& option, std::int64_t low, std::int64_t high) {
  std::int64_t number = 0;
  const char* const end = option.value.data() + option.value.size();
  const auto [parsed, error] = std::from_chars(option.value.data(), end, number);
  if (error != std::errc{} || parsed != end || number < low || number > high) {
    return bad_option(option, fmt::format("must be a whole number from {} to {}", low, high));
  }
  return number;
}

std::int64_t Setup::reach_us() const { return pipeline::reach_us_of(*plan, engine); }

std::uint64_t Setup::state_id() const {
  constexpr std::uint64_t odd = 0x9e3779b97f4a7c15U;
  const auto lateness = static_cast<std::uint64_t>(engine.lateness_us);
  return (plan->history_id() * odd ^ lateness) * odd + static_cast<std::uint64_t>(histories);
}

Try<std::shared_ptr<const Setup>> make_setup(std::string_view yaml, const std::string& name, std::string_view options) {
  auto setup = std::make_shared<Setup>();
  const Try<std::vector<Option>> parsed = parse_options(options);
  if (!parsed) return std::unexpected(parsed.error());
  for (const Option& option : *parsed) {
    if (const Try<> applied = apply(option, *setup); !applied) return std::unexpected(applied.error());
  }
  const Result<rules::RuleSet> rules = rules::parse_rules(yaml, name);
  if (!rules) return fault(Fault::Kind::rules, rules.error().message);
  setup->plan = engine::Plan::compile(*rules);
  return setup;
}

std::string describe(const Setup& setup) {
  std::string out;
  JsonWriter json(out, 0);
  json.begin_object()
      .member("rules_version", setup.plan->rules_version())
      .member("history_id", fmt::format("{:016x}", setup.plan->history_id()));
  json.key("rules").begin_array();
  for (const engine::CompiledRule& rule : setup.plan->rules()) {
    json.begin_object()
        .member("id", rule.id)
        .member("severity", to_string(rule.severity))
        .member("score", rule.score)
        .end_object();
  }
  json.end_array()
      .member("window_us", setup.plan->longest_window_us())
      .member("lateness_us", setup.engine.lateness_us)
      .member("reach_us", setup.reach_us())
      .member("state_version", state_version);
  json.key("reasons").begin_array();
  for (std::size_t reason = 0; reason < pipeline::reason_count; ++reason) {
    json.value(to_string(static_cast<model::Reason>(reason)));
  }
  json.end_array().end_object();
  return out;
}

}  // namespace bank::spark
