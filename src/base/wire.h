// Numbers and texts in byte strings that travel or are stored: little-endian, and read with distrust.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace bank::wire {

static_assert(std::endian::native == std::endian::little, "what is stored is little-endian");

/// Appends a number of a fixed size.
template <typename T>
  requires std::is_trivially_copyable_v<T>
void append(std::string& out, T value) {
  char bytes[sizeof value];  // NOLINT(modernize-avoid-c-arrays): for memcpy
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

/// Writes a number over what stands at `at`.
template <typename T>
  requires std::is_trivially_copyable_v<T>
void put(std::string& out, std::size_t at, T value) {
  std::memcpy(out.data() + at, &value, sizeof value);
}

/// The number at the begin of `bytes`, which has it.
template <typename T>
  requires std::is_trivially_copyable_v<T>
[[nodiscard]] T get(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

/// A number in as many bytes as it needs, seven bits each, the lowest first (LEB128).
inline constexpr std::size_t varint_max = 10;
[[nodiscard]] inline char* put_varint(char* at, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) *at++ = static_cast<char>(value | 0x80);
  *at++ = static_cast<char>(value);
  return at;
}
inline void append_varint(std::string& out, std::uint64_t value) {
  char bytes[varint_max];  // NOLINT(modernize-avoid-c-arrays): as above
  out.append(bytes, put_varint(bytes, value));
}
/// Its length, then its bytes.
inline void append_text(std::string& out, std::string_view text) {
  append_varint(out, text.size());
  out += text;
}

/// Small numbers of either sign as small ones without.
[[nodiscard]] constexpr std::uint64_t zigzag(std::int64_t value) {
  return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
}
[[nodiscard]] constexpr std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1 ^ (~(value & 1) + 1));
}

/// Reads from the front of a string. Once anything is missing everything is, zero and empty, and ok() says so.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  template <typename T>
    requires std::is_trivially_copyable_v<T>
  [[nodiscard]] T number() {
    if (left() < sizeof(T)) {
      fail();
      return T{};
    }
    const T value = get<T>(at_);
    at_ += sizeof(T);
    return value;
  }
  [[nodiscard]] std::uint64_t varint() {
    if (at_ != end_ && static_cast<unsigned char>(*at_) < 0x80) return static_cast<unsigned char>(*at_++);
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      value |= std::uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return value;
    }
    fail();
    return 0;
  }
  [[nodiscard]] std::string_view bytes(std::uint64_t size) {
    if (size > left()) {
      fail();
      return {};
    }
    const std::string_view taken(at_, size);
    at_ += size;
    return taken;
  }
  [[nodiscard]] std::string_view text() { return bytes(varint()); }

  [[nodiscard]] bool ok() const { return ok_; }
  /// Whether everything was there, and nothing more.
  [[nodiscard]] bool done() const { return ok_ && at_ == end_; }
  [[nodiscard]] std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

 private:
  void fail() {
    ok_ = false;
    at_ = end_;
  }

  const char* at_;
  const char* end_;
  bool ok_ = true;
};

}  // namespace bank::wire
