// The bank's customers. Nothing is stored about them: what a customer is like follows from the seed and the account
// alone, so that a hundred million accounts take no more memory than ten.
#pragma once

#include <cstdint>
#include <vector>

#include "generator/catalog.h"
#include "generator/random.h"

namespace bank::generator {

/// Accounts are known inside the generator by their rank, from 0: businesses first (1 %), then people, each from the
/// busiest to the quietest, then the dormant (4 %). Account numbers are the ranks, shuffled.
class Population {
 public:
  /// accounts: 1 – max_accounts.
  Population(std::uint64_t accounts, std::uint64_t seed);

  static constexpr std::uint64_t max_accounts = 9'999'999'999;  ///< Ten digits.

  [[nodiscard]] std::uint64_t accounts() const { return accounts_; }
  [[nodiscard]] bool is_business(std::uint64_t rank) const { return rank < businesses_; }
  /// The people (neither businesses nor dormant) have the ranks from first_person(); there is at least one.
  [[nodiscard]] std::uint64_t first_person() const { return businesses_; }
  [[nodiscard]] std::uint64_t people() const { return people_; }

  /// 1 – accounts(), another one for each rank.
  [[nodiscard]] std::uint64_t account_number(std::uint64_t rank) const {
    return (rank * factor_ + offset_) % accounts_ + 1;
  }

  /// An account, by how active it is: a few make many of the transactions (rank-size, as Zipf's law has it).
  [[nodiscard]] std::uint64_t pick(Random& random) const;
  /// The same, of those who are likely to be awake at that hour.
  [[nodiscard]] std::uint64_t pick_awake(Random& random, unsigned hour) const;
  [[nodiscard]] std::uint64_t pick_business(Random& random) const;  ///< A person where there is no business.
  [[nodiscard]] std::uint64_t pick_person(Random& random) const;
  [[nodiscard]] std::uint64_t pick_dormant(
      Random& random) const;  ///< The quietest there is where there is no dormant one.

 private:
  friend class Customer;
  struct Tier {  ///< Accounts that are equally active.
    std::uint64_t begin;
    std::uint64_t end;
  };
  void add_tiers(std::uint64_t begin, std::uint64_t end, double activity, double concentration, std::uint64_t tiers);

  std::uint64_t accounts_;
  std::uint64_t seed_;
  std::uint64_t businesses_ = 0;
  std::uint64_t people_ = 0;
  std::uint64_t factor_ = 1;
  std::uint64_t offset_ = 0;
  std::vector<Tier> tiers_;
  std::vector<double> weights_;
  std::vector<Choice<14>> by_activity_;  ///< One; made once the tiers are known.
};

/// What one customer is like.
class Customer {
 public:
  Customer(const Population& population, std::uint64_t rank);

  [[nodiscard]] std::size_t home_city() const { return city_; }
  [[nodiscard]] LocationId home_atm() const { return atm(city_, bits(10, 2)); }
  [[nodiscard]] LocationId home_branch() const { return branch(city_, bits(12, 1)); }
  [[nodiscard]] bool is_business() const { return business_; }
  /// How much they spend, in 64ths of the usual: a half to two and a half times.
  [[nodiscard]] std::int64_t spending_64() const { return 32 + static_cast<std::int64_t>(bits(13, 7)); }
  /// How often in 256 they bank by app rather than by browser.
  [[nodiscard]] std::uint64_t app_share() const { return bits(20, 8); }
  /// How likely in 256 they are awake and about at that hour.
  [[nodiscard]] std::uint64_t awake(unsigned hour) const;
  /// Net income a month, in cents.
  [[nodiscard]] std::int64_t monthly_income() const;
  /// One of their usual merchants. A business has one: itself.
  [[nodiscard]] MerchantId usual_merchant(std::uint64_t which) const;

 private:
  [[nodiscard]] std::uint64_t bits(unsigned from, unsigned count) const {
    return traits_ >> from & ((std::uint64_t{1} << count) - 1);
  }

  std::uint64_t traits_;
  std::uint64_t seed_;
  std::uint64_t rank_;
  std::size_t city_;
  bool business_;
};

}  // namespace bank::generator
