#include "generator/population.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace bank::generator {
namespace {

TEST(Population, NumbersEveryAccountOnce) {
  for (const std::uint64_t accounts : {1U, 2U, 7U, 19U, 20U, 25U, 100U, 1'000U, 65'536U}) {
    const Population population(accounts, 5);
    std::vector<bool> seen(accounts + 1, false);
    for (std::uint64_t rank = 0; rank < accounts; ++rank) {
      const std::uint64_t number = population.account_number(rank);
      ASSERT_GE(number, 1U);
      ASSERT_LE(number, accounts);
      ASSERT_FALSE(seen[number]) << accounts;
      seen[number] = true;
    }
  }
}

TEST(Population, PicksExistingAccountsOfEveryKind) {
  for (const std::uint64_t accounts :
       {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{24}, std::uint64_t{1'000}, Population::max_accounts}) {
    const Population population(accounts, 5);
    Random random(1);
    ASSERT_GE(population.people(), 1U);
    for (int i = 0; i < 1'000; ++i) {
      ASSERT_LT(population.pick(random), accounts);
      ASSERT_LT(population.pick_awake(random, 3), accounts);
      ASSERT_LT(population.pick_business(random), accounts);
      ASSERT_LT(population.pick_dormant(random), accounts);
      const std::uint64_t person = population.pick_person(random);
      ASSERT_GE(person, population.first_person());
      ASSERT_LT(person, population.first_person() + population.people());
    }
  }
}

TEST(Population, FewAccountsMakeMuchOfTheActivity) {
  constexpr std::uint64_t accounts = 1'000;
  constexpr int draws = 200'000;
  const Population population(accounts, 5);
  Random random(1);
  std::vector<int> counts(accounts, 0);
  for (int i = 0; i < draws; ++i) ++counts[population.pick(random)];
  std::ranges::sort(counts, std::greater());
  int top_tenth = 0;
  for (std::size_t i = 0; i < accounts / 10; ++i) top_tenth += counts[i];
  EXPECT_GT(top_tenth, draws * 35 / 100);
  EXPECT_LT(top_tenth, draws * 70 / 100);
  EXPECT_LT(counts[0], draws * 5 / 100);  // And none makes all of it.
  EXPECT_GT(std::ranges::count_if(counts, [](int n) { return n > 0; }), 950);
}

TEST(Customer, IsTheSameEveryTimeAndUnlikeOthers) {
  const Population population(1'000, 5);
  std::set<std::size_t> cities;
  std::set<std::int64_t> incomes;
  for (std::uint64_t rank = 0; rank < 1'000; ++rank) {
    const Customer customer(population, rank);
    const Customer again(population, rank);
    EXPECT_EQ(customer.home_atm(), again.home_atm());
    EXPECT_EQ(customer.usual_merchant(3), again.usual_merchant(3));
    EXPECT_EQ(customer.monthly_income(), again.monthly_income());
    cities.insert(customer.home_city());
    incomes.insert(customer.monthly_income());
  }
  EXPECT_EQ(cities.size(), city_count);
  EXPECT_GT(incomes.size(), 900U);
}

}  // namespace
}  // namespace bank::generator
