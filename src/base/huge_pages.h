// A hint to the operating system about memory.
#pragma once

#include <cstddef>

namespace bank {

inline constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;

/// Asks for huge pages behind a piece of memory that begins at a multiple of huge_page_bytes. A wish: where it is not
/// granted, everything works the same.
void advise_huge_pages(void* begin, std::size_t size) noexcept;

}  // namespace bank
