// What chunks came to, as the message BKO1 (Native.java has its layout).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/spark/chunk.h"
#include "model/event_time.h"
#include "pipeline/lane.h"
#include "pipeline/run.h"
#include "pipeline/trusted_time.h"

namespace bank::spark {

/// Of what was judged or refused since clear().
struct OutcomeCounts {
  std::uint64_t judged = 0;  ///< Without resends.
  std::uint64_t resends = 0;
  std::uint64_t late = 0;
  std::uint64_t rejected = 0;  ///< A record in pieces once.
  std::uint64_t alerts = 0;
  std::array<std::uint64_t, pipeline::decision_count> decisions{};  ///< By model::Decision.
  std::int64_t newest_us = pipeline::no_time;
  std::vector<std::uint64_t> alerts_by_rule;  ///< In the order of the rules file.
  std::array<std::uint64_t, pipeline::reason_count> rejected_by_reason{};
};

/// Where a record stood, and when it happened.
struct Place {
  std::int32_t partition = 0;
  std::int64_t number = 0;
  std::int64_t time_us = pipeline::no_time;
};

/// Builds the message. Reuse it.
class Outcome {
 public:
  explicit Outcome(std::size_t rules) { counts_.alerts_by_rule.resize(rules); }

  void clear();
  [[nodiscard]] OutcomeCounts& counts() { return counts_; }
  [[nodiscard]] const OutcomeCounts& counts() const { return counts_; }

  /// Each line of `lines` (newline included) is an output.
  void add_alerts(const Place& place, std::string_view account, std::string_view lines);
  void add_processed(const Place& place, std::string_view account, std::string_view line);
  /// `value`: what is written for it.
  void add_dead_letter(const Place& place, const Refused& refused, std::string_view value);

  /// The message; a view that holds until clear().
  [[nodiscard]] std::string_view finish();

 private:
  enum class Kind : std::uint8_t { alert, processed, dead_letter };
  struct Fields {
    std::string_view key;
    std::string_view value;
    std::string_view exception;
    std::string_view message;
    bool has_key = true;
    bool has_value = true;
    std::uint8_t reason = 0;
  };
  void add(Kind kind, const Place& place, const Fields& fields);

  OutcomeCounts counts_;
  std::uint32_t outputs_ = 0;
  std::string bytes_;  // room for the head, then the outputs
};

}  // namespace bank::spark
