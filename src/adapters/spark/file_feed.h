// Files, or parts of them, given block by block: into records, and those into a packer.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/spark/fault.h"
#include "adapters/spark/packer.h"
#include "codec/decode.h"
#include "pipeline/framer.h"
#include "pipeline/ports.h"

namespace bank::spark {

/// `jsonl`, `json` or `csv`; nullopt for another word.
[[nodiscard]] std::optional<pipeline::Layout> layout_named(std::string_view word);

/// As Native.inspectFile() says. Faults (rules): the CSV header is wrong.
[[nodiscard]] Try<std::string> inspect_file(const Setup& setup, std::string_view name, std::string_view layout,
                                            std::string_view head, bool whole);

/// One file or part; Native.openFile() says what the parameters are.
struct FilePart {
  std::int32_t file = 0;
  std::string origin{};
  pipeline::Layout layout = pipeline::Layout::json_lines;
  std::string csv_header{};
  std::int64_t line = 1;
  bool skip = false;
  std::uint64_t length = std::numeric_limits<std::uint64_t>::max();
};

class FileFeed {
 public:
  /// Faults (rules): the CSV header is wrong; (border): a part of what can't be cut.
  [[nodiscard]] static Try<std::unique_ptr<FileFeed>> open(FilePart part, const Setup& setup);

  /// Takes the next bytes, and packs the records that are whole. Whether more bytes are wanted. Faults (machine): the
  /// file is not what its layout says; what could be read of it is packed.
  [[nodiscard]] Try<bool> take(std::string_view bytes, bool last, Packer& packer);
  [[nodiscard]] bool over() const { return over_; }

 private:
  FileFeed(FilePart part, std::optional<codec::CsvDecoder> decoder);
  bool skip_line(std::string_view& bytes);
  [[nodiscard]] Try<> frame(bool at_end, Packer& packer);
  void pack(const pipeline::Frame& frame, Packer& packer);
  [[nodiscard]] bool reaches_end(std::string_view& bytes) const;

  FilePart part_;
  pipeline::Stream stream_;
  std::unique_ptr<pipeline::Framer> framer_;
  std::optional<codec::CsvDecoder> decoder_;
  std::string rest_;          // what was taken, but is not packed yet; then room for the decoder to read ahead
  std::size_t framed_ = 0;    // so much of it has the framer seen
  std::uint64_t offset_ = 0;  // of rest_ in the part
  std::int64_t line_ = 1;     // of rest_
  std::int32_t pieces_ = 0;   // of the record that rest_ begins with, how many were packed
  bool skipping_ = false;
  bool over_ = false;
  std::vector<pipeline::RawRecord> records_;  // reused
};

}  // namespace bank::spark
