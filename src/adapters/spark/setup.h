// What a session of Spark mode was started with: rules and options, shared by all that is made of them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/spark/fault.h"
#include "codec/decode.h"
#include "engine/engine.h"
#include "engine/plan.h"

namespace bank::spark {

/// Of messages, chunks and snapshots.
inline constexpr int border_version = 1;
inline constexpr int state_version = 1;

/// Whose histories a shard keeps apart.
enum class Histories : std::uint8_t {
  by_partition,  ///< Each partition has its own, and forgets by its own time, as in Kafka mode.
  shared,        ///< All have the same, in which nothing is forgotten, as in file mode.
};

enum class DeadLetters : std::uint8_t {
  records,  ///< The records' own bytes.
  lines,    ///< JSON lines, as file mode writes them.
};

struct Setup {
  std::shared_ptr<const engine::Plan> plan;
  engine::Options engine{};
  codec::FieldNames names{};
  Histories histories = Histories::by_partition;
  DeadLetters dead_letters = DeadLetters::records;
  bool processed = false;
  bool analytics = false;

  /// W + 2L: how far behind the newest event time a live history may reach.
  [[nodiscard]] std::int64_t reach_us() const;
  /// Equal where a shard's state means the same.
  [[nodiscard]] std::uint64_t state_id() const;
};

/// `options`: lines of `key=value`, as Native.java lists them. Faults (rules): a mistake in the rules, in the form
/// `file:line:column: …`, or in an option.
[[nodiscard]] Try<std::shared_ptr<const Setup>> make_setup(std::string_view yaml, const std::string& name,
                                                           std::string_view options);

/// One line of JSON, as Native.describeRules() says.
[[nodiscard]] std::string describe(const Setup& setup);

struct Option {
  std::string_view key;
  std::string_view value;
};
/// The lines of `key=value`, without blank ones. Faults (rules): a line without `=`.
[[nodiscard]] Try<std::vector<Option>> parse_options(std::string_view lines);
/// Faults (rules): no whole number from `low` to `high`.
[[nodiscard]] Try<std::int64_t> parse_number(const Option& option, std::int64_t low, std::int64_t high);

}  // namespace bank::spark
