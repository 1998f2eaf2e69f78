#include "base/hash.h"

#include <cstring>

namespace bank {
namespace {

// Odd constants with balanced bits (digits of the golden ratio, pi, e and sqrt 2).
constexpr std::uint64_t k0 = 0x9e3779b97f4a7c15u;
constexpr std::uint64_t k1 = 0x243f6a8885a308d3u;
constexpr std::uint64_t k2 = 0xb7e151628aed2a6bu;
constexpr std::uint64_t k3 = 0x6a09e667f3bcc909u;

std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t load8(const char* p) noexcept {
  std::uint64_t v;
  std::memcpy(&v, p, 8);
  return v;
}

std::uint64_t load_tail(const char* p, std::size_t n) noexcept {  // n < 8
  std::uint64_t v = 0;
  if (n >= 4) {
    std::uint32_t head;
    std::uint32_t last;
    std::memcpy(&head, p, 4);
    std::memcpy(&last, p + n - 4, 4);
    return head | (static_cast<std::uint64_t>(last) << 32);
  }
  for (std::size_t i = 0; i < n; ++i) v |= static_cast<std::uint64_t>(static_cast<unsigned char>(p[i])) << (8 * i);
  return v;
}

struct Block {
  std::uint64_t a;
  std::uint64_t b;
};

// The last 1..16 bytes as two words that together hold every byte; the length is mixed in by the caller.
Block last_block(const char* p, std::size_t n) noexcept {
  if (n >= 8) return {load8(p), load8(p + n - 8)};
  return {load_tail(p, n), 0};
}

}  // namespace

std::uint64_t hash64(std::string_view bytes) noexcept {
  const char* p = bytes.data();
  std::size_t n = bytes.size();
  std::uint64_t state = k0 ^ n;
  for (; n > 16; p += 16, n -= 16) state = fold(load8(p) ^ k1, load8(p + 8) ^ state);
  const Block last = last_block(p, n);
  return fold(k2 ^ bytes.size(), fold(last.a ^ k1, last.b ^ state));
}

Fingerprint fingerprint(std::string_view bytes) noexcept {
  const char* p = bytes.data();
  std::size_t n = bytes.size();
  std::uint64_t low = k0 ^ n;
  std::uint64_t high = k3 + n;
  for (; n > 16; p += 16, n -= 16) {
    const std::uint64_t a = load8(p);
    const std::uint64_t b = load8(p + 8);
    low = fold(a ^ k1, b ^ low);
    high = fold(a ^ high, b ^ k2) + a;
  }
  const Block last = last_block(p, n);
  low = fold(last.a ^ k1, last.b ^ low);
  high = fold(last.a ^ high, last.b ^ k2) + last.a;
  return {fold(k2 ^ bytes.size(), low), fold(high, k1 ^ bytes.size()) ^ high};
}

}  // namespace bank
