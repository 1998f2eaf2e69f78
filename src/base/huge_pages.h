// Large pieces of memory that are looked at here and there: in pages of the usual size, address translation costs more
// than the accesses themselves.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <limits>
#include <new>

namespace bank {

inline constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;

/// As much memory as `bytes`, rounded up to whole huge pages; to be freed with std::free. Throws std::bad_alloc. That
/// the pages are huge is a wish: where it is not granted, everything works the same.
[[nodiscard]] void* allocate_huge_pages(std::size_t bytes);

/// For containers: huge pages for what fills at least half of one.
template <typename T>
struct HugePageAllocator {
  using value_type = T;
  HugePageAllocator() = default;
  template <typename U>
  HugePageAllocator(const HugePageAllocator<U>& /*other*/) noexcept {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] T* allocate(std::size_t count) {
    if (count > std::numeric_limits<std::size_t>::max() / sizeof(T)) throw std::bad_array_new_length();
    const std::size_t bytes = count * sizeof(T);
    if (bytes >= huge_page_bytes / 2) return static_cast<T*>(allocate_huge_pages(bytes));
    void* memory = std::malloc(bytes);
    if (memory == nullptr) throw std::bad_alloc();
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t /*count*/) noexcept { std::free(memory); }
  bool operator==(const HugePageAllocator& /*other*/) const = default;
};

}  // namespace bank
