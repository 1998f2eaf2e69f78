// Files as a source of records.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/file/reader.h"
#include "base/result.h"
#include "codec/decode.h"
#include "pipeline/ports.h"

namespace bank::file {

enum class Order : std::uint8_t {
  arrival,     ///< Line after line, files in the order given.
  event_time,  ///< By event time, what is equal in arrival order. See event_time_order.h for what it takes.
};

struct SourceOptions {
  /// Unset: `.csv` is CSV and `.jsonl` or `.ndjson` is lines; of other names `[` begins an array and `{` a line of
  /// JSON; of what begins otherwise, `.json` is lines, and the rest CSV if its first line is a header with all that is
  /// required.
  std::optional<Layout> layout{};
  bool never_csv = false;   ///< What is not told by `layout` is JSON, lines or an array.
  codec::FieldNames names;  ///< To check CSV headers, and to find event times.
  Order order = Order::arrival;
  const std::atomic<bool>* stop = nullptr;  ///< When raised, waiting for a producer ends.
};

/// How far the reading is, in bytes of the files as they lie on disk. Readable from any thread.
struct ReadProgress {
  std::atomic<std::uint64_t> bytes = 0;
  std::uint64_t bytes_total = 0;  ///< 0: not known, for one of the inputs is no regular file.
};

/// The names with each pattern replaced by the files that match it, sorted. Errors (runtime): none does.
[[nodiscard]] Result<std::vector<std::string>> expand_globs(const std::vector<std::string>& inputs);

/// Several inputs, one after another: paths, globs (sorted), `-` for standard input. Plain, gzip or zstd.
class FileSource final : public pipeline::Source {
 public:
  /// Looks at every file: what is missing, unreadable or a folder, and a CSV without a column that is required, is an
  /// error here, before anything is processed. Pipes are looked at when it is their turn. `progress`, if any, outlives
  /// the source.
  [[nodiscard]] static Result<std::unique_ptr<FileSource>> open(const std::vector<std::string>& inputs,
                                                                SourceOptions options,
                                                                ReadProgress* progress = nullptr);
  [[nodiscard]] Result<std::unique_ptr<pipeline::RawBatch>> next() override;

  /// The streams, in order.
  [[nodiscard]] const std::deque<pipeline::Stream>& streams() const { return streams_; }

 private:
  FileSource(SourceOptions options, ReadProgress* progress);
  [[nodiscard]] Result<void> add(const std::string& name);
  [[nodiscard]] Result<OpenInput> open_input(std::size_t index);

  SourceOptions options_;
  ReadProgress* progress_;
  std::shared_ptr<BufferPool> pool_;
  std::vector<std::string> names_;
  std::deque<pipeline::Stream> streams_;
  std::size_t next_ = 0;
  std::unique_ptr<RecordReader> reader_;
  std::optional<Error> error_;  // of the inputs that were read so far; told behind the last
};

/// A FileSource, in the order that the options ask for.
[[nodiscard]] Result<std::unique_ptr<pipeline::Source>> make_file_source(const std::vector<std::string>& inputs,
                                                                         const SourceOptions& options,
                                                                         ReadProgress* progress = nullptr);

}  // namespace bank::file
