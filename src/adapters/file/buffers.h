// Blocks of text, used again and again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace bank::file {

/// Room for `capacity()` bytes of text and pipeline::padding more behind it, which are zero or stale but readable. The
/// room begins `headroom` bytes into a page-aligned block, so that what is left over from the block before can be put
/// right in front of a read that lands on a page boundary.
class Buffer {
 public:
  static constexpr std::size_t headroom = 4096;
  Buffer() = default;
  explicit Buffer(std::size_t capacity);

  [[nodiscard]] char* data() { return block_.get() + headroom; }
  [[nodiscard]] const char* data() const { return block_.get() + headroom; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }

 private:
  struct Free {
    void operator()(char* block) const;
  };
  std::unique_ptr<char, Free> block_;
  std::size_t capacity_ = 0;
};

/// Keeps buffers of the standard size for the next taker. Thread-safe.
class BufferPool {
 public:
  explicit BufferPool(std::size_t standard) : standard_(standard) {}
  /// A buffer of the standard size, or of `capacity` where that is larger.
  [[nodiscard]] Buffer take(std::size_t capacity = 0);
  void give(Buffer buffer);
  [[nodiscard]] std::size_t standard() const { return standard_; }

 private:
  const std::size_t standard_;
  std::mutex mutex_;
  std::vector<Buffer> free_;
};

}  // namespace bank::file
