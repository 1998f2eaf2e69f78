// One input, cut into batches of whole records.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "adapters/file/buffers.h"
#include "adapters/file/bytes.h"
#include "pipeline/framer.h"
#include "pipeline/ports.h"

namespace bank::file {

using pipeline::Layout;

/// About how much text a batch holds.
inline constexpr std::size_t batch_bytes = 256 << 10;
using pipeline::piece_bytes;

/// An input that was opened, with what was read of it to find out what it is.
struct OpenInput {
  std::unique_ptr<ByteStream> bytes;
  std::string head;       ///< Text that was read already, without byte order mark and CSV header.
  std::int64_t line = 1;  ///< Of the head's first byte.
  Layout layout = Layout::json_lines;
};

/// Reads an input to its end, batch after batch. Not thread-safe; the batches may be dropped by any thread, and outlive
/// it.
class RecordReader {
 public:
  /// `stream` outlives the reader and its batches.
  RecordReader(OpenInput input, const pipeline::Stream& stream, std::shared_ptr<BufferPool> pool);

  /// As Source::next(). Everything whole before an error, or a stop, comes first.
  [[nodiscard]] Result<std::unique_ptr<pipeline::RawBatch>> next();

 private:
  struct Text {
    Buffer buffer;
    char* begin = nullptr;
    std::size_t size = 0;
    [[nodiscard]] std::size_t room() const;
    [[nodiscard]] std::string_view view() const { return {begin, size}; }
  };
  [[nodiscard]] Text start_text();
  void grow(Text& text) const;
  void fill(Text& text);
  std::unique_ptr<pipeline::RawBatch> deliver(Text text, pipeline::Frame frame);

  std::unique_ptr<ByteStream> bytes_;
  std::unique_ptr<pipeline::Framer> framer_;
  const pipeline::Stream& stream_;
  std::shared_ptr<BufferPool> pool_;

  std::string rest_;          // what was read, but not delivered yet
  std::size_t framed_ = 0;    // so much of it has the framer seen
  std::uint64_t offset_ = 0;  // of rest_ in the input
  std::int64_t line_ = 1;     // of rest_
  std::int32_t pieces_ = 0;   // of the record that rest_ begins with, how many were delivered
  bool at_end_ = false;
  bool stopped_ = false;  // by the stop flag: what is not whole yet is not delivered
  bool over_ = false;     // nothing more is to be delivered
  std::optional<Error> error_;
};

}  // namespace bank::file
