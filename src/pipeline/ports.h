// The way in and the way out: what a runtime (file, Kafka, Spark) must offer. Everything between is the same for all.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/position.h"

namespace bank::pipeline {

/// One record as it came, undecoded. At least `padding` readable bytes follow the last one.
struct RawRecord {
  std::string_view bytes;
  std::int64_t number = 0;  ///< Its place in the batch's stream: line, from 1, or offset.
};
inline constexpr std::size_t padding = 64;

enum class Format : std::uint8_t { json, csv };

/// A run of records that arrived one after another from one ordered stream. Owns their bytes. Immutable once made, so that any thread
/// may split and decode it.
class RawBatch {
 public:
  virtual ~RawBatch() = default;
  /// Appends the records in arrival order; the views live as long as the batch.
  virtual void split(std::vector<RawRecord>& out) const = 0;
  /// What stands before a record's number in `source`: `data/sample.json:`.
  [[nodiscard]] virtual std::string_view origin() const = 0;
  [[nodiscard]] virtual Format format() const = 0;
};

/// Where records come from. Called from one thread at a time.
class Source {
 public:
  virtual ~Source() = default;
  /// The next batch in arrival order; null at the end of the input.
  [[nodiscard]] virtual Result<std::unique_ptr<RawBatch>> next() = 0;
};

/// What a batch came to, encoded, in arrival order.
struct Outputs {
  std::string alerts;     ///< JSON lines.
  std::string processed;  ///< JSON lines; empty unless asked for.
  std::string rejected;   ///< JSON lines.
};

/// Where results go. Called from one thread at a time, batch after batch in arrival order.
class Sink {
 public:
  virtual ~Sink() = default;
  /// Takes a batch's outputs. They become visible together with everything before them at finish(), or not at all.
  [[nodiscard]] virtual Result<void> write(const Outputs& outputs) = 0;
  /// Makes everything visible, at once for each output.
  [[nodiscard]] virtual Result<void> finish() = 0;
};

}  // namespace bank::pipeline
