// Who does what when: batches go through four stages on any number of threads, without a barrier between batches.
//
//   read (one at a time, in order) → decode (any order) → judge (each shard in order) → write (one at a time, in order)
//
// It knows nothing of what the stages do. A batch occupies one of a fixed number of slots from read to write, which
// bounds what is in flight: when one shard falls behind (one account holds most of the records), reading waits for it.
#pragma once

#include <cstddef>
#include <optional>

#include "base/result.h"

namespace bank::pipeline {

/// The work. Slots and shards are numbers from 0; `worker` is the number of the thread that calls.
class Stages {
 public:
  virtual ~Stages() = default;
  /// Takes the next batch into a free slot. Its size in bytes, or nullopt at the end; never called again then.
  [[nodiscard]] virtual std::optional<std::size_t> read(std::size_t slot) = 0;
  [[nodiscard]] virtual Result<void> decode(std::size_t slot, std::size_t worker) = 0;
  virtual void judge(std::size_t slot, std::size_t shard) = 0;
  [[nodiscard]] virtual Result<void> write(std::size_t slot) = 0;
};

struct Shape {
  std::size_t threads = 1;  ///< 1: everything happens in the calling thread.
  std::size_t shards = 1;
  std::size_t slots = 2;
  /// Reading waits while the batches in flight are larger than this, however few.
  std::size_t bytes_in_flight_max = 32 << 20;
};

/// Runs the stages until the input has ended and everything read is written, or a stage failed: then its error, with
/// the other threads at rest. An exception out of a stage (memory) comes as an error too.
[[nodiscard]] Result<void> run_stages(Stages& stages, const Shape& shape);

}  // namespace bank::pipeline
