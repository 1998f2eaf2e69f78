#include "adapters/file/bytes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

namespace bank::file {

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  close();
  fd_ = std::exchange(other.fd_, -1);
  owned_ = other.owned_;
  return *this;
}

void Descriptor::close() {
  if (fd_ >= 0 && owned_) ::close(fd_);
  fd_ = -1;
}

std::unexpected<Error> fail_system(const std::string& name, std::string_view problem, int error_number) {
  return fail(fmt::format("{}: {}: {}", name, problem, std::generic_category().message(error_number)));
}

namespace {

constexpr int stop_poll_ms = 200;
constexpr std::size_t compressed_block_bytes = 128 << 10;
constexpr int pipe_bytes = 1 << 20;

/// The descriptor's bytes as they are; those that were looked at to tell the compression come first.
class PlainBytes final : public ByteStream {
 public:
  PlainBytes(Descriptor descriptor, std::string name, const std::atomic<bool>* stop,
             std::atomic<std::uint64_t>* consumed)
      : descriptor_(std::move(descriptor)), name_(std::move(name)), stop_(stop), consumed_(consumed) {
    struct stat status{};
    waits_ = ::fstat(descriptor_.get(), &status) != 0 || !S_ISREG(status.st_mode);
    if (!waits_) ::posix_fadvise(descriptor_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
    if (S_ISFIFO(status.st_mode))
      ::fcntl(descriptor_.get(), F_SETPIPE_SZ, pipe_bytes);  // fewer, larger reads; may fail
  }

  Result<std::size_t> read(std::span<char> room) override {
    if (head_begin_ < head_.size()) {
      const std::size_t n = std::min(room.size(), head_.size() - head_begin_);
      std::memcpy(room.data(), head_.data() + head_begin_, n);
      head_begin_ += n;
      return n;
    }
    return read_descriptor(room);
  }

  [[nodiscard]] bool idle() const override { return head_begin_ == head_.size() && waits_ && !ready(0); }
  [[nodiscard]] bool stopped() const override { return stopped_; }
  [[nodiscard]] const std::string& name() const { return name_; }

  /// The first bytes, as many as there are up to `n`; they will be read again.
  Result<std::string_view> peek(std::size_t n) {
    while (head_.size() < n) {
      const std::size_t had = head_.size();
      head_.resize(n);
      const Result<std::size_t> got = read_descriptor(std::span(head_).subspan(had));
      head_.resize(had + got.value_or(0));
      if (!got) return std::unexpected(got.error());
      if (*got == 0) break;
    }
    return std::string_view(head_);
  }

 private:
  [[nodiscard]] bool ready(int timeout_ms) const {
    pollfd waited{.fd = descriptor_.get(), .events = POLLIN, .revents = 0};
    return ::poll(&waited, 1, timeout_ms) > 0;
  }

  Result<std::size_t> read_descriptor(std::span<char> room) {
    for (;;) {
      if (waits_) {
        do {
          stopped_ = stop_ != nullptr && stop_->load(std::memory_order_relaxed);
          if (stopped_) return 0;
        } while (!ready(stop_poll_ms));
      }
      const ssize_t got = ::read(descriptor_.get(), room.data(), room.size());
      if (got >= 0) {
        offset_ += static_cast<std::uint64_t>(got);
        if (consumed_ != nullptr) consumed_->fetch_add(static_cast<std::uint64_t>(got), std::memory_order_relaxed);
        return static_cast<std::size_t>(got);
      }
      if (errno != EINTR) return fail_system(name_, fmt::format("reading failed at byte {}", offset_), errno);
    }
  }

  Descriptor descriptor_;
  std::string name_;
  const std::atomic<bool>* stop_;
  std::atomic<std::uint64_t>* consumed_;
  std::uint64_t offset_ = 0;
  std::string head_;
  std::size_t head_begin_ = 0;
  bool waits_ = false;
  bool stopped_ = false;
};

/// What gzip and zstd have in common: compressed bytes in, text out, errors after the text that was good.
class DecompressedBytes : public ByteStream {
 public:
  Result<std::size_t> read(std::span<char> room) final {
    std::size_t produced = 0;
    while (produced == 0 && !ended_) {
      if (failed_) return std::unexpected(*failed_);
      if (begin_ == end_ && !held_back_ && !input_ended_) {
        if (const Result<void> filled = refill(); !filled) return std::unexpected(filled.error());
        if (plain_->stopped()) return 0;
      }
      if (begin_ == end_ && !held_back_ && input_ended_) {
        ended_ = at_boundary();
        if (!ended_)
          return fail(fmt::format("{}: the {} data is cut short at byte {}", plain_->name(), format_, place()));
        break;
      }
      produced = step(room);
      held_back_ = produced == room.size();
    }
    return produced;
  }
  [[nodiscard]] bool idle() const final { return begin_ == end_ && !held_back_ && plain_->idle(); }
  [[nodiscard]] bool stopped() const final { return plain_->stopped(); }

 protected:
  DecompressedBytes(std::unique_ptr<PlainBytes> plain, std::string_view format)
      : plain_(std::move(plain)), format_(format), compressed_(compressed_block_bytes) {}

  /// Turns some of input() into text; returns how much text. May produce nothing while it takes input.
  virtual std::size_t step(std::span<char> room) = 0;
  /// Whether the input may end here.
  [[nodiscard]] virtual bool at_boundary() const = 0;

  [[nodiscard]] std::span<const char> input() const { return std::span(compressed_).subspan(begin_, end_ - begin_); }
  void take(std::size_t n) { begin_ += n; }
  void fail_here(std::string_view problem) {
    failed_ = Error{ErrorKind::runtime,
                    fmt::format("{}: damaged {} data at byte {}: {}", plain_->name(), format_, place(), problem)};
  }

 private:
  [[nodiscard]] std::uint64_t place() const { return block_offset_ + begin_; }

  Result<void> refill() {
    block_offset_ += end_;
    begin_ = end_ = 0;
    const Result<std::size_t> got = plain_->read(compressed_);
    if (!got) return std::unexpected(got.error());
    end_ = *got;
    input_ended_ = *got == 0;
    return {};
  }

  std::unique_ptr<PlainBytes> plain_;
  std::string_view format_;
  std::vector<char> compressed_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t block_offset_ = 0;
  bool held_back_ = false;  // the room was full: more text may come without more input
  bool input_ended_ = false;
  bool ended_ = false;
  std::optional<Error> failed_;
};

class GzipBytes final : public DecompressedBytes {
 public:
  explicit GzipBytes(std::unique_ptr<PlainBytes> plain) : DecompressedBytes(std::move(plain), "gzip") {
    usable_ = ::inflateInit2(&inflate_, 16 + MAX_WBITS) == Z_OK;
  }
  ~GzipBytes() override { ::inflateEnd(&inflate_); }
  GzipBytes(const GzipBytes&) = delete;
  GzipBytes& operator=(const GzipBytes&) = delete;

 protected:
  std::size_t step(std::span<char> room) override {
    if (!usable_) {
      fail_here("out of memory");
      return 0;
    }
    if (between_members_) return begin_member();
    const std::span<const char> in = input();
    // zlib's interface is older than const; it does not write there.
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast)
    inflate_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    inflate_.avail_in = static_cast<uInt>(in.size());
    inflate_.next_out = reinterpret_cast<Bytef*>(room.data());
    inflate_.avail_out = static_cast<uInt>(std::min<std::size_t>(room.size(), 1U << 30));
    const std::size_t room_before = inflate_.avail_out;
    const int status = ::inflate(&inflate_, Z_NO_FLUSH);
    take(in.size() - inflate_.avail_in);
    if (status == Z_STREAM_END) {
      between_members_ = true;
      ::inflateReset(&inflate_);
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      fail_here(inflate_.msg != nullptr ? inflate_.msg : "not gzip");
    }
    return room_before - inflate_.avail_out;
  }
  [[nodiscard]] bool at_boundary() const override { return between_members_; }

 private:
  // Members follow one another; tape and block devices pad the last one with zeros.
  std::size_t begin_member() {
    const std::span<const char> in = input();
    const auto first = std::ranges::find_if(in, [](char c) { return c != '\0'; });
    take(static_cast<std::size_t>(first - in.begin()));
    if (first == in.end()) return 0;
    if (*first == '\x1f') {
      between_members_ = false;
    } else {
      fail_here("something else follows");
    }
    return 0;
  }

  z_stream inflate_{};
  bool usable_ = false;
  bool between_members_ = false;
};

class ZstdBytes final : public DecompressedBytes {
 public:
  explicit ZstdBytes(std::unique_ptr<PlainBytes> plain)
      : DecompressedBytes(std::move(plain), "zstd"), stream_(ZSTD_createDStream()) {}
  ~ZstdBytes() override { ZSTD_freeDStream(stream_); }
  ZstdBytes(const ZstdBytes&) = delete;
  ZstdBytes& operator=(const ZstdBytes&) = delete;

 protected:
  std::size_t step(std::span<char> room) override {
    if (stream_ == nullptr) {
      fail_here("out of memory");
      return 0;
    }
    ZSTD_inBuffer in{input().data(), input().size(), 0};
    ZSTD_outBuffer out{room.data(), room.size(), 0};
    const std::size_t status = ZSTD_decompressStream(stream_, &out, &in);
    take(in.pos);
    if (ZSTD_isError(status) != 0) fail_here(ZSTD_getErrorName(status));
    // Between frames, a call without input is told how long a header is, which is no frame begun.
    if (in.pos > 0 || out.pos > 0) frame_over_ = status == 0;
    return out.pos;
  }
  [[nodiscard]] bool at_boundary() const override { return frame_over_; }

 private:
  ZSTD_DStream* stream_;
  bool frame_over_ = false;
};

}  // namespace

Result<std::unique_ptr<ByteStream>> open_bytes(Descriptor descriptor, std::string name, const std::atomic<bool>* stop,
                                               std::atomic<std::uint64_t>* consumed) {
  auto plain = std::make_unique<PlainBytes>(std::move(descriptor), std::move(name), stop, consumed);
  const Result<std::string_view> head = plain->peek(4);
  if (!head) return std::unexpected(head.error());
  if (head->starts_with("\x1f\x8b")) return std::make_unique<GzipBytes>(std::move(plain));
  const bool skippable = head->size() == 4 && (head->at(0) & '\xf0') == '\x50' && head->substr(1) == "\x2a\x4d\x18";
  if (*head == "\x28\xb5\x2f\xfd" || skippable) return std::make_unique<ZstdBytes>(std::move(plain));
  return plain;
}

}  // namespace bank::file
