// What a look at the health of something comes to, and who may look.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bank::monitor {

enum class Status : std::uint8_t { ok, unknown, warning, critical };  ///< From good to bad.
[[nodiscard]] std::string_view to_string(Status status);              ///< `OK`, `UNKNOWN`, `WARNING`, `CRITICAL`.

/// From which value on a check warns, and is critical. Infinity: never.
struct Thresholds {
  double warning;
  double critical;
};

/// One thing looked at.
struct Check {
  std::string name;  ///< Stable: `cpu`, `memory`, `file:data/fraud_alerts.json`.
  Status status = Status::unknown;
  std::optional<double> value;  ///< In `unit`; none where it is unknown, or not a number.
  std::string unit;             ///< `percent`, `seconds`, `bytes`, `per_core`, `records`; empty where there is none.
  std::optional<Thresholds> thresholds;  ///< Of the value; none where it is not judged.
  std::string text;                      ///< The finding in words: `34.2 % of 4 cores`.
};

/// Judges a value. Thresholds that are met count as passed.
[[nodiscard]] Status judge(double value, const Thresholds& thresholds);

/// Something that has checks to make: the host, the data files, and in time a broker. Keeps what it needs from one look
/// to the next (rates). Problems of looking are checks with Status::unknown: it never fails.
class CheckProvider {
 public:
  virtual ~CheckProvider() = default;
  /// Looks, and appends its checks, the same ones in the same order each time.
  virtual void look(std::vector<Check>& out) = 0;
};

/// All checks at one time.
struct Health {
  std::int64_t at_us = 0;  ///< Wall clock.
  std::vector<Check> checks;
  /// The worst of all: critical, warning, unknown, ok.
  [[nodiscard]] Status overall() const;
};

/// Asks each provider in turn.
[[nodiscard]] Health look(const std::vector<std::unique_ptr<CheckProvider>>& providers, std::int64_t at_us);

/// One JSON object: `schema_version`, `at`, `status`, `checks`. `indent`: spaces a level, 0 for one line.
[[nodiscard]] std::string to_json(const Health& health, int indent);

}  // namespace bank::monitor
