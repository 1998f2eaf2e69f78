// The bytes of an input, decompressed where they are compressed.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"

namespace bank::file {

/// A file descriptor that closes itself.
class Descriptor {
 public:
  Descriptor() = default;
  /// Takes the descriptor over; one that is not `owned` (standard input) stays open.
  explicit Descriptor(int fd, bool owned = true) : fd_(fd), owned_(owned) {}
  ~Descriptor() { close(); }
  Descriptor(Descriptor&& other) noexcept : fd_(other.fd_), owned_(other.owned_) { other.fd_ = -1; }
  Descriptor& operator=(Descriptor&& other) noexcept;
  [[nodiscard]] int get() const { return fd_; }
  void close();

 private:
  int fd_ = -1;
  bool owned_ = true;
};

/// `name: problem: what the system says of error_number`.
[[nodiscard]] std::unexpected<Error> fail_system(const std::string& name, std::string_view problem, int error_number);

/// Where text comes from. One thread.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  /// Reads at most room.size() bytes, at least one unless the input has ended (0). What was good before an error comes
  /// first; the error names the input and the byte.
  [[nodiscard]] virtual Result<std::size_t> read(std::span<char> room) = 0;
  /// Whether the next read would have to wait for a producer.
  [[nodiscard]] virtual bool idle() const = 0;
  /// Whether a read returned 0 because the stop flag was raised.
  [[nodiscard]] virtual bool stopped() const = 0;
};

/// `stop`, if any: looked at while waiting for a producer. `consumed`, if any: grows by the bytes taken from the
/// descriptor. Which of plain, gzip and zstd it is, is told by the first bytes. `name` is for messages.
[[nodiscard]] Result<std::unique_ptr<ByteStream>> open_bytes(Descriptor descriptor, std::string name,
                                                             const std::atomic<bool>* stop,
                                                             std::atomic<std::uint64_t>* consumed);

}  // namespace bank::file
