// Comparing short texts.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace bank::engine {

/// Whether two texts are the same. Those of 8 to 16 bytes, as most that a bank has, are compared in place: the call of
/// memcmp costs more than its work.
[[nodiscard]] inline bool equal_texts(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  if (a.size() < 8 || a.size() > 16) return a == b;
  const auto load = [](const char* from) {
    std::uint64_t word;
    std::memcpy(&word, from, sizeof word);
    return word;
  };
  const std::size_t last = a.size() - 8;
  return ((load(a.data()) ^ load(b.data())) | (load(a.data() + last) ^ load(b.data() + last))) == 0;
}

}  // namespace bank::engine
