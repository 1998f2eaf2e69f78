// What is counted of a group of transactions.
#pragma once

#include <cstdint>
#include <string>

#include "model/amount.h"

namespace bank::analytics {

__extension__ using Uint128 = unsigned __int128;

/// How many transactions, and how much money they moved: exact, in ten-thousandths of the currency unit.
struct Tally {
  std::uint64_t count = 0;
  Uint128 volume = 0;

  void add(model::Amount amount) {
    ++count;
    volume += static_cast<Uint128>(amount.units());
  }
  void merge(const Tally& other) {
    count += other.count;
    volume += other.volume;
  }
  friend bool operator==(const Tally&, const Tally&) = default;
};

/// What is counted of an account that drew alerts.
struct AlertTally {
  std::uint64_t count = 0;    ///< Alerts.
  Uint128 volume = 0;         ///< Sum of the alerted transactions' amounts, each transaction once.
  std::uint64_t flagged = 0;  ///< Transactions with at least one alert.
  std::uint64_t risk = 0;     ///< Sum of those transactions' risks.
  int risk_max = 0;

  void merge(const AlertTally& other) {
    count += other.count;
    volume += other.volume;
    flagged += other.flagged;
    risk += other.risk;
    risk_max = risk_max > other.risk_max ? risk_max : other.risk_max;
  }
  friend bool operator==(const AlertTally&, const AlertTally&) = default;
};

/// Money as text: at least two decimals, four at most. `1234567.50`; also a JSON number.
[[nodiscard]] std::string money_text(Uint128 units);
/// The same for people: thousands are separated, cents only. `1,234,567.50`.
[[nodiscard]] std::string money_for_people(Uint128 units);
/// Short, for charts and tiles: `1.23M`, `845`, `12.5k`.
[[nodiscard]] std::string money_short(Uint128 units);
/// A count for people: `1,234,567`.
[[nodiscard]] std::string count_for_people(std::uint64_t count);
/// A count, short: `1.23M`.
[[nodiscard]] std::string count_short(std::uint64_t count);

}  // namespace bank::analytics
