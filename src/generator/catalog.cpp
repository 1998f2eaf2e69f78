#include "generator/catalog.h"

#include <array>
#include <vector>

#include "base/assert.h"

namespace bank::generator {
namespace {

using enum Category;
using Tail = AmountCurve::Tail;

constexpr std::size_t tills_per_city = 3;
constexpr std::size_t places_per_city = atms_per_city + branches_per_city + tills_per_city;
constexpr std::size_t online_portal_index = city_count * places_per_city;
constexpr std::size_t mobile_app_index = online_portal_index + 1;

// One row a city: ATMs, branches, tills (retail, restaurant, fuel).
constexpr std::array<std::string_view, mobile_app_index + 1> location_names{
    "ATM-Downtown-01",    "ATM-Uptown-02",      "ATM-Westside-03",     "Branch-Main-Street",
    "Branch-5th-Avenue",  "POS-Retail-Store",   "POS-Restaurant",      "POS-Gas-Station",
#define BANK_CITY(city)                                                                                        \
  "ATM-" city "-01", "ATM-" city "-02", "ATM-" city "-03", "Branch-" city "-Central", "Branch-" city "-North", \
      "POS-Retail-Store-" city, "POS-Restaurant-" city, "POS-Gas-Station-" city
    BANK_CITY("Boston"),  BANK_CITY("Chicago"), BANK_CITY("Denver"),   BANK_CITY("Houston"),
    BANK_CITY("Miami"),   BANK_CITY("Phoenix"), BANK_CITY("Portland"), BANK_CITY("Seattle"),
    BANK_CITY("Atlanta"), BANK_CITY("Dallas"),  BANK_CITY("Detroit"),
#undef BANK_CITY
    "Online-Portal",      "Mobile-App"};

struct Merchant {
  std::string_view name;
  Category category;
  double weight;
};

constexpr auto merchants = std::to_array<Merchant>({
    {"Amazon", online, 20},
    {"Walmart", grocery, 18},
    {"Starbucks", coffee, 14},
    {"Shell Gas", fuel, 12},
    {"Best Buy", electronics, 4},
    {"Target", retail, 10},
    {"McDonalds", restaurant, 13},
    {"Apple Store", electronics, 4},
    {"Whole Foods", grocery, 8},
    {"Costco", grocery, 6},
    {"Kroger", grocery, 6},
    {"Trader Joe's", grocery, 4},
    {"Dunkin", coffee, 5},
    {"Peet's Coffee", coffee, 2},
    {"Subway", restaurant, 4},
    {"Chipotle", restaurant, 4},
    {"Burger King", restaurant, 3},
    {"Olive Garden", restaurant, 2},
    {"Exxon", fuel, 5},
    {"Chevron", fuel, 5},
    {"Home Depot", retail, 4},
    {"IKEA", retail, 2},
    {"Macy's", retail, 2},
    {"Nike", retail, 2},
    {"Barnes & Noble", retail, 1},
    {"CVS Pharmacy", pharmacy, 5},
    {"Walgreens", pharmacy, 4},
    {"Delta Air Lines", travel, 1},
    {"United Airlines", travel, 1},
    {"Marriott", travel, 1},
    {"Airbnb", travel, 1},
    {"Expedia", travel, 1},
    {"eBay", online, 4},
    {"Etsy", online, 2},
    {"Wayfair", online, 1},
    {"Zappos", online, 1},
    {"Netflix", digital, 3},
    {"Spotify", digital, 3},
    {"Steam", digital, 3},
    {"Google Play", digital, 4},
    {"Uber", digital, 5},
    {"DoorDash", restaurant, 4},
});

// Cents, by category.
constexpr std::array<AmountCurve, category_count> price_curves{
    AmountCurve{300, 675, 6'000, Tail::light, 5},      // coffee
    AmountCurve{500, 2'200, 60'000, Tail::heavy},      // restaurant
    AmountCurve{500, 4'200, 90'000, Tail::heavy},      // grocery
    AmountCurve{1'000, 4'200, 18'000, Tail::light},    // fuel
    AmountCurve{500, 4'800, 250'000, Tail::heavy},     // retail
    AmountCurve{900, 11'000, 650'000, Tail::heavy},    // electronics
    AmountCurve{500, 1'900, 40'000, Tail::heavy},      // pharmacy
    AmountCurve{4'000, 24'000, 900'000, Tail::heavy},  // travel
    AmountCurve{500, 3'600, 300'000, Tail::heavy},     // online
    AmountCurve{99, 899, 20'000, Tail::light, 10},     // digital
};

struct MerchantTables {
  MerchantTables() {
    for (std::size_t i = 0; i < merchants.size(); ++i) {
      const auto category = static_cast<std::size_t>(merchants[i].category);
      of_category[category].push_back(static_cast<MerchantId>(i));
      weights[i] = merchants[i].weight;
    }
    by_weight.emplace_back(weights);
  }
  std::array<double, merchants.size()> weights{};
  std::array<std::vector<MerchantId>, category_count> of_category;
  std::vector<Choice<10>> by_weight;
};

const MerchantTables& tables() {
  static const MerchantTables made;
  return made;
}

LocationId place(std::size_t city, std::size_t index) {
  BANK_ASSERT(city < city_count);
  return static_cast<LocationId>(city * places_per_city + index);
}

}  // namespace

LocationId atm(std::size_t city, std::size_t which) { return place(city, which % atms_per_city); }
LocationId branch(std::size_t city, std::size_t which) {
  return place(city, atms_per_city + which % branches_per_city);
}
LocationId till(std::size_t city, Till kind) {
  return place(city, atms_per_city + branches_per_city + static_cast<std::size_t>(kind));
}
LocationId online_portal() { return static_cast<LocationId>(online_portal_index); }
LocationId mobile_app() { return static_cast<LocationId>(mobile_app_index); }
std::string_view location_name(LocationId location) { return location_names[location]; }

std::size_t merchant_count() { return merchants.size(); }
std::string_view merchant_name(MerchantId merchant) { return merchants[merchant].name; }
Category category_of(MerchantId merchant) { return merchants[merchant].category; }
const AmountCurve& prices(Category category) { return price_curves[static_cast<std::size_t>(category)]; }

MerchantId pick_merchant(std::uint64_t bits) { return static_cast<MerchantId>(tables().by_weight.front().pick(bits)); }

MerchantId pick_merchant(Category category, std::uint64_t bits) {
  const std::vector<MerchantId>& choice = tables().of_category[static_cast<std::size_t>(category)];
  return choice[scale_to(bits, choice.size())];
}

LocationId place_of_sale(Category category, std::size_t city, bool by_app) {
  switch (category) {
    case coffee:
    case restaurant: return till(city, Till::restaurant);
    case fuel: return till(city, Till::fuel);
    case grocery:
    case retail:
    case electronics:
    case pharmacy: return till(city, Till::retail);
    case travel:
    case online:
    case digital: break;
  }
  return by_app ? mobile_app() : online_portal();
}

}  // namespace bank::generator
