#include "engine/symbols.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <map>
#include <random>
#include <string>
#include <vector>

namespace bank::engine {
namespace {

// What malloc has given out.
std::size_t allocated_bytes() {
  const auto figures = mallinfo2();
  return figures.uordblks + figures.hblkhd;
}

// Texts of all lengths that are dealt with differently, many of them alike but for one byte.
std::vector<std::string> texts() {
  std::vector<std::string> texts;
  for (std::size_t size = 0; size <= 20; ++size) {
    texts.emplace_back(size, 'a');
    for (std::size_t at = 0; at < size; ++at) {
      texts.emplace_back(size, 'a');
      texts.back()[at] = '\0';
    }
  }
  return texts;
}

TEST(Symbols, EqualTextsHaveOneSymbolAndOthersAnother) {
  Symbols symbols;
  std::map<std::uint32_t, std::string> seen;
  for (const std::string& text : texts()) {
    const std::uint32_t symbol = symbols.acquire(text);
    EXPECT_EQ(symbols.acquire(std::string(text)), symbol);
    EXPECT_TRUE(seen.emplace(symbol, text).second);
  }
  for (const auto& [symbol, text] : seen) EXPECT_EQ(symbols.text(symbol), text);
}

TEST(Symbols, ATextIsForgottenWithItsLastReference) {
  Symbols symbols;
  std::mt19937 random(5);
  const std::vector<std::string> all = texts();
  std::map<std::string, std::pair<std::uint32_t, int>> held;  // symbol and references
  for (int i = 0; i < 200'000; ++i) {
    const std::string& text = all[random() % all.size()];
    auto& [symbol, references] = held[text];
    if (references > 0 && random() % 2 == 0) {
      ASSERT_EQ(symbols.text(symbol), text);
      symbols.release(symbol);
      if (--references == 0) held.erase(text);
    } else {
      const std::uint32_t acquired = symbols.acquire(text);
      if (references > 0) {
        ASSERT_EQ(acquired, symbol);
      }
      symbol = acquired;
      ++references;
    }
    ASSERT_EQ(symbols.size(), held.size());
  }
}

TEST(Symbols, TheMemoryOfALongTextIsGivenBackWithIt) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's malloc keeps no count";
#endif
  constexpr std::size_t long_text = 1 << 20;
  const std::size_t before = allocated_bytes();
  Symbols symbols;
  for (int i = 0; i < 200; ++i) {
    symbols.release(symbols.acquire(std::string(long_text, 'x')));
    static_cast<void>(symbols.acquire(std::to_string(i)));  // takes its place
  }
  EXPECT_LT(allocated_bytes(), before + 10 * long_text);
}

}  // namespace
}  // namespace bank::engine
