// The kinds of fraud that are hidden in the data.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bank::generator {

enum class Scenario : std::uint8_t {
  none,               ///< No fraud.
  card_testing,       ///< Small probes of a stolen card at online shops, then purchases that are worth it.
  account_takeover,   ///< Failed attempts from a new place, often at night, then transfers that empty the account.
  velocity_burst,     ///< Many purchases within minutes.
  impossible_travel,  ///< A copied card used in cities that are too far apart.
  structuring,        ///< Several amounts kept just below 5000 within a day.
  repeat_charge,      ///< A merchant charges the same amount again within minutes.
  dormant_wakeup,     ///< An account that was quiet for long is emptied.
};
inline constexpr std::size_t scenario_count = 8;  ///< With none.

inline constexpr std::array<Scenario, 7> fraud_scenarios{
    Scenario::card_testing, Scenario::account_takeover, Scenario::velocity_burst, Scenario::impossible_travel,
    Scenario::structuring,  Scenario::repeat_charge,    Scenario::dormant_wakeup};

/// As it stands in the labels: `card_testing` …; `none`.
[[nodiscard]] constexpr std::string_view to_string(Scenario scenario) {
  constexpr std::array<std::string_view, scenario_count> names{
      "none",        "card_testing",  "account_takeover", "velocity_burst", "impossible_travel",
      "structuring", "repeat_charge", "dormant_wakeup"};
  return names[static_cast<std::size_t>(scenario)];
}

}  // namespace bank::generator
