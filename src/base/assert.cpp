#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace bank {

void assertion_failed(const char* expression, const char* file, int line) noexcept {
  std::fprintf(stderr, "bank: bug: %s does not hold (%s:%d)\n", expression, file, line);
  std::abort();
}

}  // namespace bank
