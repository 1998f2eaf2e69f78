// Searching bytes sixteen or thirty-two at a time.
#pragma once

#include <bit>
#include <cstdint>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace bank::codec {

/// A byte at which a JSON string is not plain text any more: its closing quote, a backslash, or a control character.
[[nodiscard]] constexpr bool stops_string(char c) {
  return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
}

/// A byte at which a JSON string is not plain ASCII text any more.
[[nodiscard]] constexpr bool stops_ascii_string(char c) {
  return stops_string(c) || static_cast<unsigned char>(c) >= 0x80;
}

#if defined(__SSE2__)

/// One bit for each of the sixteen bytes at p: those that stop a string (see stops_string, stops_ascii_string).
template <bool ascii_only>
[[nodiscard]] inline unsigned string_stops(const char* p) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  const __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
  const __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
  // Signed, bytes from 0x80 up are below the space, as control characters are; unsigned, only control characters are.
  const __m128i low = ascii_only ? _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20))
                                 : _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, backslash), low)));
}

/// One bit for each of the sixteen bytes at p that is not ASCII.
[[nodiscard]] inline unsigned non_ascii(const char* p) {
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}

/// One bit for each of the sixteen bytes at p that neither is a digit nor a point. A slash counts as one of them too:
/// it is their neighbour, and no number that is checked afterwards gets by with it.
[[nodiscard]] inline unsigned number_stops(const char* p) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  const __m128i above_point = _mm_sub_epi8(bytes, _mm_set1_epi8('.'));
  const __m128i in_range = _mm_cmpeq_epi8(_mm_min_epu8(above_point, _mm_set1_epi8('9' - '.')), above_point);
  return static_cast<unsigned>(_mm_movemask_epi8(in_range)) ^ 0xffffu;
}

/// One bit for each of the sixteen bytes at a that equals the one at b.
[[nodiscard]] inline unsigned equal_bytes(const char* a, const char* b) {
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(a)),
                                                                _mm_loadu_si128(reinterpret_cast<const __m128i*>(b)))));
}

#else

template <bool ascii_only>
[[nodiscard]] inline unsigned string_stops(const char* p) {
  unsigned mask = 0;
  for (unsigned i = 0; i < 16; ++i) mask |= unsigned{ascii_only ? stops_ascii_string(p[i]) : stops_string(p[i])} << i;
  return mask;
}

[[nodiscard]] inline unsigned non_ascii(const char* p) {
  unsigned mask = 0;
  for (unsigned i = 0; i < 16; ++i) mask |= unsigned{static_cast<unsigned char>(p[i]) >= 0x80} << i;
  return mask;
}

[[nodiscard]] inline unsigned number_stops(const char* p) {
  unsigned mask = 0;
  for (unsigned i = 0; i < 16; ++i) mask |= unsigned{p[i] < '.' || p[i] > '9'} << i;
  return mask;
}

[[nodiscard]] inline unsigned equal_bytes(const char* a, const char* b) {
  unsigned mask = 0;
  for (unsigned i = 0; i < 16; ++i) mask |= unsigned{a[i] == b[i]} << i;
  return mask;
}

#endif

/// Thirty-two bytes at a time, on any processor.
struct Plain32 {
  /// One bit for each of the bytes at p that stops a string of ASCII.
  [[nodiscard]] static std::uint32_t ascii_string_stops(const char* p) {
    return string_stops<true>(p) | string_stops<true>(p + 16) << 16;
  }
  /// One bit for each of the bytes at a that equals the one at b.
  [[nodiscard]] static std::uint32_t equal_bytes(const char* a, const char* b) {
    return codec::equal_bytes(a, b) | codec::equal_bytes(a + 16, b + 16) << 16;
  }
};

#if defined(__x86_64__)
#define BANK_CODEC_AVX2 1

/// The same on a processor with AVX2, in half the steps. To be called only where has_avx2(), from functions that are
/// compiled for it.
struct Avx2 {
  [[nodiscard, gnu::target("avx2,bmi,bmi2")]] static inline std::uint32_t ascii_string_stops(const char* p) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    const __m256i quote = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"'));
    const __m256i backslash = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\'));
    const __m256i low = _mm256_cmpgt_epi8(_mm256_set1_epi8(0x20), bytes);
    return static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_or_si256(_mm256_or_si256(quote, backslash), low)));
  }
  [[nodiscard, gnu::target("avx2,bmi,bmi2")]] static inline std::uint32_t equal_bytes(const char* a, const char* b) {
    return static_cast<std::uint32_t>(
        _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(a)),
                                               _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b)))));
  }
};

[[nodiscard]] inline bool has_avx2() {
  return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("bmi2") != 0;
}

#endif

/// The first byte of [p, end) that stops a string, or end. Reads nothing behind end.
[[nodiscard]] inline const char* find_string_stop(const char* p, const char* end) {
  for (; end - p >= 16; p += 16) {
    if (const unsigned mask = string_stops<false>(p); mask != 0) return p + std::countr_zero(mask);
  }
  while (p != end && !stops_string(*p)) ++p;
  return p;
}

}  // namespace bank::codec
