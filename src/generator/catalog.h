// The places and merchants of the generated world, and what things cost there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "generator/amount_curve.h"
#include "generator/event.h"
#include "generator/random.h"

namespace bank::generator {

inline constexpr std::size_t city_count = 12;
inline constexpr std::size_t atms_per_city = 3;
inline constexpr std::size_t branches_per_city = 2;

/// Points of sale.
enum class Till : std::uint8_t { retail, restaurant, fuel };

/// City 0 is the bank's own: its places carry the plain names (`ATM-Downtown-01`, `POS-Retail-Store`), those of other
/// cities the city's (`ATM-Boston-01`, `POS-Retail-Store-Boston`).
[[nodiscard]] LocationId atm(std::size_t city, std::size_t which);
[[nodiscard]] LocationId branch(std::size_t city, std::size_t which);
[[nodiscard]] LocationId till(std::size_t city, Till kind);
[[nodiscard]] LocationId online_portal();
[[nodiscard]] LocationId mobile_app();
[[nodiscard]] std::string_view location_name(LocationId location);

enum class Category : std::uint8_t {
  coffee,
  restaurant,
  grocery,
  fuel,
  retail,
  electronics,
  pharmacy,
  travel,
  online,
  digital,  ///< Apps, games, music: many amounts below 10.
};
inline constexpr std::size_t category_count = 10;

[[nodiscard]] std::size_t merchant_count();
[[nodiscard]] std::string_view merchant_name(MerchantId merchant);
[[nodiscard]] Category category_of(MerchantId merchant);
[[nodiscard]] const AmountCurve& prices(Category category);

/// A merchant by how much business it does; of one category only.
[[nodiscard]] MerchantId pick_merchant(std::uint64_t bits);
[[nodiscard]] MerchantId pick_merchant(Category category, std::uint64_t bits);

/// Where a purchase of that category shows up: a till in `city`, or online (`by_app`: the app rather than the portal).
[[nodiscard]] LocationId place_of_sale(Category category, std::size_t city, bool by_app);

}  // namespace bank::generator
