#include "generator/population.h"

#include <array>
#include <numeric>

#include "base/assert.h"

namespace bank::generator {
namespace {

constexpr std::array<double, city_count> city_sizes{36, 9, 8, 7, 6, 6, 5, 5, 5, 5, 4, 4};

// How likely in 256 someone is about at each hour; the last one is a business.
constexpr std::array<std::array<std::uint8_t, 24>, 5> rhythms{{
    {20, 12, 10, 10, 14, 40, 120, 210, 240, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 230, 190, 130, 80, 40},
    {8, 6, 6, 20, 90, 180, 240, 255, 255, 255, 240, 220, 200, 180, 170, 160, 150, 140, 120, 90, 50, 24, 14, 10},
    {110, 70, 40, 20, 10, 10, 14, 30, 60, 90, 130, 170, 210, 220, 220, 220, 230, 240, 255, 255, 255, 250, 220, 170},
    {230, 240, 240, 230, 220, 210, 200, 170, 110, 60, 40, 40, 40, 50, 70, 90, 120, 150, 180, 200, 220, 230, 230, 230},
    {4, 2, 2, 2, 4, 12, 60, 140, 210, 240, 250, 255, 255, 255, 250, 250, 250, 255, 240, 190, 120, 60, 24, 8},
}};
constexpr std::array<double, 4> rhythm_shares{62, 16, 16, 6};
constexpr std::size_t business_rhythm = 4;

constexpr AmountCurve incomes{90'000, 270'000, 2'500'000, AmountCurve::Tail::light};

}  // namespace

Population::Population(std::uint64_t accounts, std::uint64_t seed) : accounts_(accounts), seed_(seed) {
  BANK_ASSERT(accounts >= 1 && accounts <= max_accounts);
  businesses_ = accounts < 20 ? 0 : (accounts + 99) / 100;
  const std::uint64_t dormant = accounts / 25;
  people_ = accounts - businesses_ - dormant;

  const std::uint64_t numbering = derive(seed, Purpose::numbering, 0);
  factor_ = (numbering >> 36) | 1;  // Below 2^28, so that its product with a rank fits 64 bits.
  while (std::gcd(factor_, accounts) != 1) factor_ += 2;
  offset_ = numbering % accounts;

  // A business makes about ten times as many transactions as a person, a dormant account a sixtieth.
  add_tiers(0, businesses_, 10, 0.03, 16);
  add_tiers(businesses_, businesses_ + people_, 1, 0.08, 64);
  add_tiers(businesses_ + people_, accounts, 1.0 / 60, 1, 1);
  by_activity_.emplace_back(weights_);
}

// Accounts [begin, end) in tiers whose activity falls as 1 / (share of the accounts above + concentration), `activity`
// on average.
void Population::add_tiers(std::uint64_t begin, std::uint64_t end, double activity, double concentration,
                           std::uint64_t tiers) {
  const std::uint64_t size = end - begin;
  const auto weight_of = [&](std::uint64_t tier) {
    return 1 / ((static_cast<double>(tier) + 0.5) / static_cast<double>(tiers) + concentration);
  };
  const auto edge = [&](std::uint64_t tier) { return begin + size / tiers * tier + size % tiers * tier / tiers; };
  double sum = 0;
  for (std::uint64_t tier = 0; tier < tiers; ++tier) {
    sum += weight_of(tier) * static_cast<double>(edge(tier + 1) - edge(tier));
  }
  for (std::uint64_t tier = 0; tier < tiers; ++tier) {
    const Tier made{edge(tier), edge(tier + 1)};
    if (made.begin == made.end) continue;
    tiers_.push_back(made);
    weights_.push_back(activity * static_cast<double>(size) * weight_of(tier) *
                       static_cast<double>(made.end - made.begin) / sum);
  }
}

std::uint64_t Population::pick(Random& random) const {
  const Tier& tier = tiers_[by_activity_.front().pick(random.next())];
  return tier.begin + random.below(tier.end - tier.begin);
}

std::uint64_t Population::pick_awake(Random& random, unsigned hour) const {
  constexpr int tries = 4;
  std::uint64_t rank = pick(random);
  for (int i = 1; i < tries && Customer(*this, rank).awake(hour) < (random.next() >> 56); ++i) rank = pick(random);
  return rank;
}

std::uint64_t Population::pick_business(Random& random) const {
  return businesses_ > 0 ? random.below(businesses_) : pick_person(random);
}

std::uint64_t Population::pick_person(Random& random) const {
  constexpr int tries = 8;
  for (int i = 0; i < tries; ++i) {
    const std::uint64_t rank = pick(random);
    if (rank >= businesses_ && rank < businesses_ + people_) return rank;
  }
  return businesses_ + random.below(people_);
}

std::uint64_t Population::pick_dormant(Random& random) const {
  const std::uint64_t dormant = accounts_ - businesses_ - people_;
  return dormant > 0 ? businesses_ + people_ + random.below(dormant) : accounts_ - 1;
}

Customer::Customer(const Population& population, std::uint64_t rank)
    : traits_(derive(population.seed_, Purpose::account, rank)),
      seed_(population.seed_),
      rank_(rank),
      business_(population.is_business(rank)) {
  static const Choice<10> cities(city_sizes);
  city_ = cities.pick(traits_);
}

std::uint64_t Customer::awake(unsigned hour) const {
  static const Choice<8> shares(rhythm_shares);
  const std::size_t rhythm = business_ ? business_rhythm : shares.pick(traits_ << 28);
  return rhythms[rhythm][hour];
}

std::int64_t Customer::monthly_income() const { return incomes.draw(mix64(traits_), business_ ? 256 : 64); }

MerchantId Customer::usual_merchant(std::uint64_t which) const {
  constexpr std::uint64_t how_many = 5;
  const std::uint64_t slot = business_ ? 0 : which % how_many;
  return pick_merchant(derive(seed_, Purpose::favourites, rank_ * how_many + slot));
}

}  // namespace bank::generator
