#include "adapters/kafka/latency.h"

#include <gtest/gtest.h>

namespace bank::kafka {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

TEST(Latencies, NothingToTellOf) {
  Latencies latencies;
  EXPECT_EQ(latencies.quantiles(100 * second_ns).p50_us, 0);
}

TEST(Latencies, QuantilesAreToATenth) {
  Latencies latencies;
  for (int i = 1; i <= 1000; ++i) latencies.note(i * 1'000'000, 10, 100 * second_ns);
  const Latencies::Quantiles found = latencies.quantiles(100 * second_ns);
  EXPECT_NEAR(static_cast<double>(found.p50_us), 500'000, 50'000);
  EXPECT_NEAR(static_cast<double>(found.p99_us), 990'000, 99'000);
}

TEST(Latencies, ForgetsWhatIsLongAgo) {
  Latencies latencies;
  latencies.note(second_ns, 1, 100 * second_ns);
  EXPECT_GT(latencies.quantiles(104 * second_ns).p50_us, 0);
  EXPECT_GT(latencies.quantiles(106 * second_ns).p50_us, 0);
  EXPECT_EQ(latencies.quantiles(112 * second_ns).p50_us, 0);
}

}  // namespace
}  // namespace bank::kafka
