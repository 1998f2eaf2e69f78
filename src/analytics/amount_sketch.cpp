#include "analytics/amount_sketch.h"

#include <algorithm>
#include <bit>

#include "base/assert.h"

namespace bank::analytics {
namespace {

using model::Amount;

// An amount below 256 units is its own bucket. Above, its highest bit tells the power of two, the seven bits below
// which of 128 equal parts.
constexpr int part_bits = 7;
constexpr std::int64_t parts = 1 << part_bits;
constexpr std::size_t bucket_of(std::int64_t units) {
  if (units < 2 * parts) return static_cast<std::size_t>(units);
  const int shift = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(units))) - part_bits - 1;
  return static_cast<std::size_t>(shift * parts + (units >> shift));
}
constexpr std::int64_t middle_of(std::size_t bucket) {
  const auto index = static_cast<std::int64_t>(bucket);
  if (index < 2 * parts) return index;
  const std::int64_t shift = index / parts - 1;
  const std::int64_t low = (index - shift * parts) << shift;
  return low + ((std::int64_t{1} << shift) - 1) / 2;
}
constexpr std::size_t bucket_count = bucket_of(Amount::max_units) + 1;
static_assert(bucket_of(2 * parts) == 2 * parts && middle_of(bucket_of(1000)) >= 1000 - 4);

/// Lower ends of the bars: 0, then the E6 series of preferred numbers, which steps evenly on a logarithmic scale.
const std::vector<std::int64_t>& bin_edges() {
  static const std::vector<std::int64_t> edges = [] {
    std::vector<std::int64_t> made = {0};
    for (std::int64_t power = Amount::units_per_one / 100; power <= Amount::max_units; power *= 10) {
      for (const std::int64_t tenths : {10, 15, 22, 33, 47, 68}) made.push_back(power / 10 * tenths);
    }
    return made;
  }();
  return edges;
}

/// For each bit width of an amount, the bar to start looking from: at most two bars begin within one power of two.
const std::array<std::uint8_t, 64>& bin_starts() {
  static const std::array<std::uint8_t, 64> starts = [] {
    std::array<std::uint8_t, 64> made{};
    const auto& edges = bin_edges();
    for (std::size_t width = 1; width < 63; ++width) {
      const std::int64_t smallest = std::int64_t{1} << (width - 1);
      const auto above = std::upper_bound(edges.begin(), edges.end(), smallest);
      made[width] = static_cast<std::uint8_t>(above - edges.begin() - 1);
    }
    return made;
  }();
  return starts;
}

}  // namespace

AmountSketch::AmountSketch() : buckets_(bucket_count), bins_(bin_edges().size()) {}

void AmountSketch::add(Amount amount) {
  const std::int64_t units = amount.units();
  if (count_ < exact_limit) {
    kept_.push_back(units);
  } else if (count_ == exact_limit) {
    kept_ = {};
  }
  min_ = count_ == 0 ? amount : std::min(min_, amount);
  max_ = std::max(max_, amount);
  ++count_;
  ++buckets_[bucket_of(units)];
  static const std::vector<std::int64_t>& edges = bin_edges();
  static const std::array<std::uint8_t, 64>& starts = bin_starts();
  std::size_t bin = starts[static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(units)))];
  while (bin + 1 < edges.size() && edges[bin + 1] <= units) ++bin;
  ++bins_[bin];
}

void AmountSketch::merge(const AmountSketch& other) {
  if (other.count_ == 0) return;
  min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  count_ += other.count_;
  if (exact()) {
    kept_.insert(kept_.end(), other.kept_.begin(), other.kept_.end());
  } else {
    kept_ = {};
  }
  for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  for (std::size_t i = 0; i < bins_.size(); ++i) bins_[i] += other.bins_[i];
}

std::vector<Amount> AmountSketch::percentiles(std::span<const int> percentages) const {
  BANK_ASSERT(count_ > 0);
  std::vector<std::int64_t> sorted = kept_;
  std::sort(sorted.begin(), sorted.end());
  std::vector<Amount> out;
  std::size_t bucket = 0;
  std::uint64_t up_to_bucket = buckets_[0];
  for (const int percentage : percentages) {
    // ceil(p × count / 100) without overflow.
    const auto p = static_cast<std::uint64_t>(percentage);
    const std::uint64_t rank = count_ / 100 * p + (count_ % 100 * p + 99) / 100;
    if (exact()) {
      out.push_back(Amount::from_units(sorted[rank - 1]));
      continue;
    }
    while (up_to_bucket < rank) up_to_bucket += buckets_[++bucket];
    out.push_back(std::clamp(Amount::from_units(middle_of(bucket)), min_, max_));
  }
  return out;
}

std::vector<AmountBin> AmountSketch::histogram() const {
  const auto& edges = bin_edges();
  std::size_t first = 0;
  std::size_t last = bins_.size();
  while (first < last && bins_[first] == 0) ++first;
  while (last > first && bins_[last - 1] == 0) --last;
  std::vector<AmountBin> out;
  for (std::size_t i = first; i < last; ++i) {
    const std::int64_t high = i + 1 < edges.size() ? edges[i + 1] : Amount::max_units + 1;
    out.push_back({Amount::from_units(edges[i]), Amount::from_units(high), bins_[i]});
  }
  return out;
}

}  // namespace bank::analytics
