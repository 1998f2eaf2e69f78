// Stories of several transactions of one account: fraud, and the harmless things that look like it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "generator/event.h"
#include "generator/habits.h"
#include "generator/population.h"
#include "generator/random.h"

namespace bank::generator {

/// What looks like fraud and is none.
enum class LookAlike : std::uint8_t {
  payday_spending,     ///< Money comes in, and much goes out within the hour.
  holiday_shopping,    ///< Many purchases at many merchants.
  journey,             ///< A city away from home, and many places in it.
  business_rush,       ///< A business takes many payments within minutes.
  double_purchase,     ///< The same coffee twice.
  big_transfer,        ///< A car, a deposit on a flat, sometimes in parts.
  mistyped_pin,        ///< Failed withdrawals at the customer's own ATM, then one that works.
  instalments,         ///< Several amounts between 3500 and 5200 within a day.
  app_purchases,       ///< Small payments in an app, sometimes before a large one.
  returning_customer,  ///< A dormant account is used again by its owner.
};
inline constexpr std::size_t look_alike_count = 10;

/// Writes the transactions of one episode, one after another in time.
class Episode {
 public:
  Episode(const Population& population, Random& random, std::uint64_t rank, std::int64_t start_us,
          std::vector<Event>& out)
      : customer_(population, rank), random_(random), rank_(rank), now_us_(start_us), out_(out) {}

  /// Lets between `low_s` and `high_s` seconds pass.
  void wait(std::int64_t low_s, std::int64_t high_s) {
    now_us_ += random_.between(low_s * 1'000'000, high_s * 1'000'000);
  }
  /// Lets time pass until some moment of the hours 0–4 that come next.
  void wait_for_night();
  void add(Event event, model::Status status);

  [[nodiscard]] const Customer& customer() const { return customer_; }
  [[nodiscard]] Random& random() { return random_; }

 private:
  Customer customer_;
  Random& random_;
  std::uint64_t rank_;
  std::int64_t now_us_;
  std::vector<Event>& out_;
};

/// Appends the transactions of a fraud case that starts at `start_us`, in ascending order of time, each marked with the
/// scenario.
void act_fraud(Scenario scenario, const Population& population, std::int64_t start_us, Random& random,
               std::vector<Event>& out);

/// The same for a harmless episode.
void act_look_alike(LookAlike kind, const Population& population, std::int64_t start_us, Random& random,
                    std::vector<Event>& out);

}  // namespace bank::generator
