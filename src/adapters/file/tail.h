// A text file that grows, line by line, over rotation, truncation, and restarts of whoever reads it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bank::file {

/// Longer lines are left out, and counted.
inline constexpr std::size_t tail_line_bytes_max = 1 << 20;

/// Follows one path. What it has read of a file that is then replaced it reads to the end; a file that was truncated,
/// or is another one, it reads from its beginning. A line without its newline is not there yet.
class Tail {
 public:
  /// `position`: as position() gave it, in an earlier life perhaps; empty: from the beginning.
  Tail(std::string path, std::string_view position);
  ~Tail();
  Tail(const Tail&) = delete;
  Tail& operator=(const Tail&) = delete;

  /// The next whole lines, about `bytes_max` at most; none where there is nothing new, or no file. They are views of
  /// this object, with 64 readable bytes behind, until the next call. Errors: the file can't be read.
  [[nodiscard]] Result<std::vector<std::string_view>> next(std::size_t bytes_max = 256 << 10);

  /// Behind the lines of the last next().
  [[nodiscard]] std::string position() const;
  /// Bytes that wait; what is no whole line yet is among them.
  [[nodiscard]] std::int64_t bytes_left() const;
  [[nodiscard]] bool exists() const { return descriptor_ >= 0; }
  [[nodiscard]] std::uint64_t left_out() const { return left_out_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  Result<bool> open();
  void close();
  [[nodiscard]] std::string head(std::int64_t bytes) const;
  [[nodiscard]] bool is_replaced() const;

  const std::string path_;
  int descriptor_ = -1;
  std::uint64_t device_ = 0;
  std::uint64_t inode_ = 0;
  std::int64_t offset_ = 0;  ///< Behind the lines that were given.
  std::string head_;         ///< A fingerprint of how the file begins, up to `head_bytes_`.
  std::int64_t head_bytes_ = 0;
  bool resuming_ = false;  ///< offset_ and head_ are of an earlier life.
  bool skipping_ = false;  ///< In a line that is too long.
  std::uint64_t left_out_ = 0;
  std::string buffer_;
};

}  // namespace bank::file
