// Assertions for bugs of ours; never for bad input. They stay on in release builds.
#pragma once

namespace bank {
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;
}  // namespace bank

#define BANK_ASSERT(expression) \
  (static_cast<bool>(expression) ? void(0) : ::bank::assertion_failed(#expression, __FILE__, __LINE__))
