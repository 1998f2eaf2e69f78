// The loop of what ends: records from a source, through decoder, engine and encoder, into a sink. Kafka's detector,
// which doesn't end, has its own (adapters/kafka/worker.h) around the same lane.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "codec/decode.h"
#include "engine/engine.h"
#include "engine/plan.h"
#include "pipeline/lane.h"
#include "pipeline/ports.h"

namespace bank::pipeline {

inline constexpr std::size_t reason_count = 15;  ///< Of model::Reason.

/// What was done.
struct Summary {
  std::uint64_t records = 0;  ///< Read: judged + resends + rejected. One in pieces counts once.
  std::uint64_t bytes = 0;    ///< Of text, as decoded from the source.
  std::uint64_t judged = 0;
  std::uint64_t resends = 0;
  std::uint64_t late = 0;  ///< Of the judged.
  std::uint64_t rejected = 0;
  std::uint64_t alerts = 0;
  std::array<std::uint64_t, reason_count> rejected_by_reason{};  ///< By model::Reason.
  std::array<std::uint64_t, decision_count> decisions{};         ///< By model::Decision.
  std::vector<std::uint64_t> alerts_by_rule;                     ///< In the order of the rules file.
  std::uint64_t accounts = 0;                                    ///< Held at the end.
  std::uint64_t state_bytes = 0;                                 ///< Held at the end, by the engines.
  std::int64_t elapsed_ns = 0;
};

/// How far it is, of what has been handed to the sink.
struct Progress {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  std::uint64_t alerts = 0;
  std::int64_t elapsed_ns = 0;
};

struct Options {
  std::size_t threads = 1;  ///< At least 1; with 1 everything happens in the calling thread.
  std::size_t shards =
      0;  ///< How many engines share the accounts; 0: chosen by the number of threads. Never changes the outputs.
  /// A record that comes in pieces counts once, and is taken whole.
  std::uint64_t records_max = std::numeric_limits<std::uint64_t>::max();
  bool processed = false;  ///< Whether Outputs::processed is wanted.
  codec::FieldNames names{};
  engine::Options engine{};
  /// When raised, reading ends; what was read is finished and written. A source that is finishing() is read to its end.
  const std::atomic<bool>* stop = nullptr;
  /// Called, by one thread at a time, after a batch was written, at most every 50 ms.
  std::function<void(const Progress&)> on_progress{};
};

struct Outcome {
  Summary summary;
  /// The source's error: what came before it is counted, but not committed, since a part of the results looks like
  /// all of them. Or the sink's: then nothing was committed either, except where it was the commit that failed
  /// half-way: see Sink::commit().
  std::optional<Error> error;
  bool stopped = false;    ///< The stop flag ended it before the input did.
  bool committed = false;  ///< The sink has made the results visible. Not where the input ends in an error.
};

/// Reads the source to its end (or to records_max, to an error, until it is stopped), judges every record, writes the
/// outputs in arrival order, and commits them. They are the same for any number of threads and shards, but for
/// `detected_at`.
[[nodiscard]] Outcome run(Source& source, Sink& sink, const std::shared_ptr<const engine::Plan>& plan,
                          const Options& options, const Clock& clock);

}  // namespace bank::pipeline
