// Judges transactions as they are asked about, by the same engine as every other runtime.
//
// Thread-safe. Accounts are spread over shards, each an engine behind a lock, so that threads meet only where they ask
// about neighbours. What was said of a transaction is said again when it is asked about again.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "engine/engine.h"
#include "engine/plan.h"
#include "model/transaction.h"

namespace bank::server {

/// What was said of one transaction.
struct Said {
  model::Decision decision = model::Decision::approve;
  int risk = 0;
  std::string fired = "[]";  ///< Members of the interface's Fired, as a JSON array.
};

struct Judged {
  Said said;
  bool resend = false;
  /// The engine knows that it was judged before, but not any more what was said.
  bool forgotten = false;
};

class Decisions {
 public:
  /// `clock` outlives it. `remembered`: answers that are kept for repeats.
  Decisions(std::shared_ptr<const engine::Plan> plan, const engine::Options& options, const Clock& clock,
            std::size_t remembered = 200'000);

  /// Judges one, and appends its lines, as the detectors write them, to `processed` and `alerts`, unless it is a
  /// resend. `origin` and `number`: what stands as the source of its alerts.
  [[nodiscard]] Judged judge(const model::Transaction& transaction, std::string_view origin, std::int64_t number,
                             std::string& processed, std::string& alerts);

  /// For the history's sake alone: somebody else has judged it.
  void follow(const model::Transaction& transaction);

  /// How long judging took, since the start: seconds and how often, and how often within each bound.
  struct Durations {
    static constexpr std::array bounds_us = {1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500};
    std::array<std::uint64_t, bounds_us.size()> within{};  ///< Cumulative.
    std::uint64_t count = 0;
    double seconds = 0;
  };
  [[nodiscard]] Durations durations() const;
  [[nodiscard]] const engine::Plan& plan() const { return *plan_; }

 private:
  static constexpr std::size_t shard_count = 16;
  struct Shard {
    mutable std::mutex mutex;
    std::optional<engine::Engine> engine;
    engine::Judgements judgements;
    std::vector<std::string_view> fired;
    Durations durations;
  };
  /// The answers by transaction, the oldest of which go.
  struct Memory {
    struct Hash {
      std::size_t operator()(const Fingerprint& id) const noexcept { return id.low; }
    };
    std::mutex mutex;
    std::unordered_map<Fingerprint, Said, Hash> said;
    std::deque<Fingerprint> order;
  };

  const std::shared_ptr<const engine::Plan> plan_;
  const Clock& clock_;
  const std::size_t remembered_each_;
  std::array<Shard, shard_count> shards_;
  std::array<Memory, shard_count> memories_;
};

}  // namespace bank::server
