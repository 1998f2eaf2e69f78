#include "base/huge_pages.h"

#include <sys/mman.h>

namespace bank {

void* allocate_huge_pages(std::size_t bytes) {
  const std::size_t whole = (bytes + huge_page_bytes - 1) / huge_page_bytes * huge_page_bytes;
  void* memory = std::aligned_alloc(huge_page_bytes, whole);
  if (memory == nullptr) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
  (void)madvise(memory, whole, MADV_HUGEPAGE);
#endif
  return memory;
}

}  // namespace bank
