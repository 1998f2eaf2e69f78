#include "server/metrics_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace bank::server {
namespace {

TEST(MetricsText, WritesHelpTypeAndSamplesOfEachFamily) {
  MetricsText metrics;
  metrics.family("a_total", "counter", "What a is.").sample(std::uint64_t{18'446'744'073'709'551'615U});
  metrics.family("b", "gauge", "What b is.").sample(-3L, {{"partition", "0"}}).sample(0.25, {{"x", "1"}, {"y", "2"}});
  EXPECT_EQ(metrics.text(),
            "# HELP a_total What a is.\n"
            "# TYPE a_total counter\n"
            "a_total 18446744073709551615\n"
            "# HELP b What b is.\n"
            "# TYPE b gauge\n"
            "b{partition=\"0\"} -3\n"
            "b{x=\"1\",y=\"2\"} 0.25\n");
}

TEST(MetricsText, EscapesLabelsAndHelp) {
  MetricsText metrics;
  metrics.family("a", "gauge", "one\\two\n\"three\"").sample(1.0, {{"x", "a\\b\"c\nd"}});
  EXPECT_EQ(metrics.text(),
            "# HELP a one\\\\two\\n\"three\"\n"
            "# TYPE a gauge\n"
            "a{x=\"a\\\\b\\\"c\\nd\"} 1\n");
}

TEST(MetricsText, SpellsWhatIsNoNumberAsPrometheusDoes) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  MetricsText metrics;
  metrics.family("a", "gauge", "A.").sample(std::nan("")).sample(infinity).sample(-infinity);
  EXPECT_TRUE(metrics.text().ends_with("a NaN\na +Inf\na -Inf\n"));
}

}  // namespace
}  // namespace bank::server
