#include "adapters/file/buffers.h"

#include <algorithm>
#include <bit>
#include <new>
#include <utility>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "pipeline/ports.h"

namespace bank::file {
namespace {
constexpr std::align_val_t page{4096};
}

Buffer::Buffer(std::size_t capacity)
    : block_(static_cast<char*>(::operator new(headroom + capacity + pipeline::padding, page))), capacity_(capacity) {
  std::fill_n(data() + capacity, pipeline::padding, '\0');
}

void Buffer::Free::operator()(char* block) const { ::operator delete(block, page); }

Buffer BufferPool::take(std::size_t capacity) {
  if (capacity <= standard_) {
    const std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      Buffer buffer = std::move(free_.back());
      free_.pop_back();
      return buffer;
    }
  }
  return Buffer(std::max(capacity, standard_));
}

void BufferPool::give(Buffer buffer) {
  if (buffer.capacity() != standard_) return;
  const std::lock_guard lock(mutex_);
  free_.push_back(std::move(buffer));
}

std::size_t count_newlines(std::string_view text) {
  const char* p = text.data();
  const char* const end = p + text.size();
  std::size_t count = 0;
#if defined(__SSE2__)
  const __m128i newline = _mm_set1_epi8('\n');
  const auto matches = [&](const char* at) {
    return _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)), newline);
  };
  while (end - p >= 64) {
    // A byte of `sums` counts up to 255: 63 rounds of four, each match counting as minus one.
    __m128i sums = _mm_setzero_si128();
    for (int round = 0; round < 63 && end - p >= 64; ++round, p += 64) {
      const __m128i first = _mm_add_epi8(matches(p), matches(p + 16));
      const __m128i second = _mm_add_epi8(matches(p + 32), matches(p + 48));
      sums = _mm_sub_epi8(sums, _mm_add_epi8(first, second));
    }
    const __m128i halves = _mm_sad_epu8(sums, _mm_setzero_si128());
    count += static_cast<std::size_t>(_mm_cvtsi128_si64(halves)) +
             static_cast<std::size_t>(_mm_cvtsi128_si64(_mm_unpackhi_epi64(halves, halves)));
  }
#endif
  return count + static_cast<std::size_t>(std::count(p, end, '\n'));
}

}  // namespace bank::file
