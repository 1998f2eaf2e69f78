// The way in and the way out: what a runtime (file, Kafka, Spark) must offer. Everything between is the same for all.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bank::pipeline {

enum class Format : std::uint8_t { json, csv };

/// The ordered stream that records come from: a file, a partition. Lives as long as the source.
struct Stream {
  std::string origin;  ///< What stands before a record's number in `source`: `data/sample.json:`.
  Format format = Format::json;
  std::string csv_header{};  ///< The header row, where the format is csv.
};

/// One record as it came, undecoded. At least `padding` readable bytes follow the last one.
struct RawRecord {
  std::string_view bytes;
  std::int64_t number = 0;  ///< Its place in its stream: line, from 1, or offset.
  const Stream* stream = nullptr;
  /// 0: the record is whole. Else, from 1, the piece of a record too long to be held at once; every piece is rejected.
  std::int32_t piece = 0;
};
inline constexpr std::size_t padding = 64;

/// Records that arrived one after another. Owns their bytes. Immutable once made, so that any thread may split and
/// decode it.
class RawBatch {
 public:
  virtual ~RawBatch() = default;
  /// Appends the records in arrival order; the views live as long as the batch.
  virtual void split(std::vector<RawRecord>& out) const = 0;
  /// What it takes in memory and counts in throughput.
  [[nodiscard]] virtual std::size_t bytes() const = 0;
};

/// Where records come from. Called from one thread at a time.
class Source {
 public:
  virtual ~Source() = default;
  /// The next batch in arrival order; null at the end of the input. Not called again after either that or an error.
  [[nodiscard]] virtual Result<std::unique_ptr<RawBatch>> next() = 0;
  /// Whether the source has obeyed the stop flag itself, and now gives only what it had taken in before: then the run
  /// reads it to its end.
  [[nodiscard]] virtual bool finishing() const { return false; }
};

/// What a batch came to, encoded, in arrival order.
struct Outputs {
  std::string alerts;     ///< JSON lines.
  std::string processed;  ///< JSON lines; empty unless asked for.
  std::string rejected;   ///< JSON lines.
};

/// Where results go. Called from one thread at a time, batch after batch in arrival order. Dropped without commit(), it
/// leaves nothing behind.
class Sink {
 public:
  virtual ~Sink() = default;
  /// Takes a batch's outputs. They become visible at commit(); a sink that streams (standard output) may show them
  /// sooner.
  [[nodiscard]] virtual Result<void> write(const Outputs& outputs) = 0;
  /// Makes everything written so far visible, each output at once. Where there are several, some may be visible when an
  /// error comes, which then names them.
  [[nodiscard]] virtual Result<void> commit() = 0;
};

}  // namespace bank::pipeline
