#include "pipeline/newlines.h"

#include <algorithm>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace bank::pipeline {
namespace {

// Each of these looks at whole blocks of 64 bytes, and returns where they end.
#if defined(__x86_64__)

[[gnu::target("avx2,bmi,bmi2,popcnt")]] inline std::uint64_t newlines_in_block(const char* p) {
  const __m256i newline = _mm256_set1_epi8('\n');
  const auto matches = [&](const char* at) __attribute__((target("avx2,bmi,bmi2,popcnt"))) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    return static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, newline)));
  };
  return matches(p) | std::uint64_t{matches(p + 32)} << 32;
}

[[gnu::target("avx2,bmi,bmi2,popcnt")]] const char* count_in_blocks(const char* p, const char* end,
                                                                    std::size_t& count) {
  for (; end - p >= 64; p += 64) count += static_cast<std::size_t>(std::popcount(newlines_in_block(p)));
  return p;
}

[[gnu::target("avx2,bmi,bmi2,popcnt")]] const char* find_in_blocks(const char* begin, const char* end,
                                                                   std::vector<std::uint32_t>& places) {
  const char* p = begin;
  for (; end - p >= 64; p += 64) {
    const auto block = static_cast<std::uint32_t>(p - begin);
    for (std::uint64_t mask = newlines_in_block(p); mask != 0; mask &= mask - 1) {
      places.push_back(block + static_cast<std::uint32_t>(std::countr_zero(mask)));
    }
  }
  return p;
}

bool has_blocks() {
  static const bool has = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("bmi2") != 0;
  return has;
}

#else

const char* count_in_blocks(const char* p, const char*, std::size_t&) { return p; }
const char* find_in_blocks(const char* p, const char*, std::vector<std::uint32_t>&) { return p; }
bool has_blocks() { return false; }

#endif

}  // namespace

std::size_t count_newlines(std::string_view text) {
  const char* p = text.data();
  const char* const end = p + text.size();
  std::size_t count = 0;
  if (has_blocks()) p = count_in_blocks(p, end, count);
  return count + static_cast<std::size_t>(std::count(p, end, '\n'));
}

void find_newlines(std::string_view text, std::vector<std::uint32_t>& places) {
  const char* p = text.data();
  const char* const end = p + text.size();
  if (has_blocks()) p = find_in_blocks(p, end, places);
  while (p != end) {
    const void* const found = std::memchr(p, '\n', static_cast<std::size_t>(end - p));
    if (found == nullptr) return;
    p = static_cast<const char*>(found);
    places.push_back(static_cast<std::uint32_t>(p - text.data()));
    ++p;
  }
}

}  // namespace bank::pipeline
