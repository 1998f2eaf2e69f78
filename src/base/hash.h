// Hashes of byte strings for tables and fingerprints: fast, seedless, the same on every machine. Not cryptographic.
//
// Both fold 128-bit products ("wyhash", Wang Yi, public domain, is the best known of the family): account numbers of
// one fixed format differ in a few digits only, which shift-and-multiply hashes spread badly.
#pragma once

#include <cstdint>
#include <string_view>

namespace bank {

/// 64 bits; for hash tables and for choosing a shard.
[[nodiscard]] std::uint64_t hash64(std::string_view bytes) noexcept;

/// 128 bits; equal fingerprints are taken for equal strings. Among a million strings two differ and collide with
/// probability below 10^-26.
struct Fingerprint {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};
[[nodiscard]] Fingerprint fingerprint(std::string_view bytes) noexcept;

}  // namespace bank
