#include "base/huge_pages.h"

#include <sys/mman.h>

namespace bank {

void advise_huge_pages([[maybe_unused]] void* begin, [[maybe_unused]] std::size_t size) noexcept {
#ifdef MADV_HUGEPAGE
  (void)madvise(begin, size, MADV_HUGEPAGE);
#endif
}

}  // namespace bank
