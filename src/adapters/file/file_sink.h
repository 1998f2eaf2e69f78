// Results into files that are whole or not there.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/file/bytes.h"
#include "base/result.h"
#include "pipeline/ports.h"

namespace bank::file {

/// A file in the making. It is written under a temporary name in the folder where it will stand (`.<name>.tmp-<pid>`),
/// and takes its name, and the place of a file that had it, at publish(). Dropped before, it leaves nothing behind.
///
/// `-` is standard output, and what is no regular file (a device, a named pipe) is written to directly: both show at
/// once.
class OutputFile {
 public:
  /// Makes the folder too, if it is missing. Errors (runtime): the folder cannot be made or written to, the path is a
  /// folder.
  [[nodiscard]] static Result<OutputFile> create(const std::string& path);
  /// For a file that is followed while it grows: an old one of that name is emptied now, and each write shows at once.
  [[nodiscard]] static Result<OutputFile> create_live(const std::string& path);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  [[nodiscard]] Result<void> write(std::string_view bytes);
  /// Brings everything to the disk; after it only publish() can fail.
  [[nodiscard]] Result<void> sync();
  [[nodiscard]] Result<void> publish();

  [[nodiscard]] const std::string& path() const { return path_; }
  /// Whether there is nothing to publish (any more): what is written shows at once.
  [[nodiscard]] bool direct() const { return temporary_.empty(); }
  /// Whether whoever read it went away (EPIPE).
  [[nodiscard]] bool reader_gone() const { return reader_gone_; }

 private:
  OutputFile(std::string path, Descriptor descriptor, std::string temporary, std::string target);
  [[nodiscard]] Result<void> write_out(std::string_view bytes);

  std::string path_;  // as it was given
  Descriptor descriptor_;
  std::string temporary_;  // empty: written to directly
  std::string target_;
  std::string buffer_;
  bool reader_gone_ = false;
};

/// Where each output goes; an empty path: nowhere.
struct SinkPaths {
  std::string alerts;
  std::string processed;
  std::string rejected;
};

class FileSink final : public pipeline::Sink {
 public:
  /// Errors: as OutputFile::create; (config) two outputs of one path.
  [[nodiscard]] static Result<std::unique_ptr<FileSink>> open(const SinkPaths& paths);
  [[nodiscard]] Result<void> write(const pipeline::Outputs& outputs) override;
  /// Each output's file is put in place whole, one after another; an error names those that already are.
  [[nodiscard]] Result<void> commit() override;
  [[nodiscard]] bool reader_gone() const;

 private:
  struct Output {
    OutputFile file;
    std::string pipeline::Outputs::* lines;
  };
  std::vector<Output> outputs_;
};

}  // namespace bank::file
