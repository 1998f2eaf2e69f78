// Chance that is the same on every machine and with every compiler: whole numbers only, no std:: distributions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace bank::generator {

__extension__ using Wide = unsigned __int128;

/// A bijection that spreads every bit of `x` over the result: the output function of SplitMix64 (Steele, Lea and Flood
/// 2014, with the constants of David Stafford's Mix13).
[[nodiscard]] constexpr std::uint64_t mix64(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/// What each use of the seed draws from, so that no two of them see the same numbers.
enum class Purpose : std::uint64_t { slot = 1, account = 2, favourites = 3, fraud = 4, look_alike = 5, numbering = 6 };

/// Sixty-four bits that depend on nothing but the arguments.
[[nodiscard]] constexpr std::uint64_t derive(std::uint64_t seed, Purpose purpose, std::uint64_t index) {
  constexpr std::uint64_t golden = 0x9e3779b97f4a7c15u;
  return mix64(mix64(seed + golden * static_cast<std::uint64_t>(purpose)) + golden * (index + 1));
}

/// A whole number in [0, n), n > 0, from 64 random bits. The bias is below n / 2^64.
[[nodiscard]] constexpr std::uint64_t scale_to(std::uint64_t bits, std::uint64_t n) {
  return static_cast<std::uint64_t>((static_cast<Wide>(bits) * n) >> 64);
}

/// xoshiro256** (Blackman and Vigna 2018, public domain), seeded through SplitMix64 as its authors advise.
class Random {
 public:
  explicit Random(std::uint64_t seed) {
    for (std::uint64_t& word : state_) word = mix64(seed += 0x9e3779b97f4a7c15u);
  }

  std::uint64_t next() {
    const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotate(state_[3], 45);
    return result;
  }

  /// In [0, n), n > 0.
  std::uint64_t below(std::uint64_t n) { return scale_to(next(), n); }
  /// In [low, high], low ≤ high.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low) + 1));
  }
  /// True `n` times in a hundred.
  bool percent(std::uint64_t n) { return below(100) < n; }

 private:
  static constexpr std::uint64_t rotate(std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
  std::array<std::uint64_t, 4> state_{};
};

/// A weighted choice among at most 256 things, in one look-up: a table of 2^`bits` entries in which each thing stands
/// as often as its weight says, to the nearest entry.
template <unsigned bits>
class Choice {
 public:
  /// `weights`: at least one, not all zero.
  explicit constexpr Choice(std::span<const double> weights) {
    double total = 0;
    for (const double weight : weights) total += weight;
    std::size_t thing = 0;
    double reached = weights[0];
    for (std::size_t entry = 0; entry < table_.size(); ++entry) {
      const double middle = total * (static_cast<double>(entry) + 0.5) / static_cast<double>(table_.size());
      while (middle >= reached && thing + 1 < weights.size()) reached += weights[++thing];
      table_[entry] = static_cast<std::uint8_t>(thing);
    }
  }

  [[nodiscard]] std::size_t pick(std::uint64_t random_bits) const { return table_[random_bits >> (64 - bits)]; }

 private:
  std::array<std::uint8_t, std::size_t{1} << bits> table_{};
};

}  // namespace bank::generator
