// Days, hours, and who is paid when.
#pragma once

#include <bit>
#include <cstdint>

namespace bank::generator {

inline constexpr std::int64_t second_us = 1'000'000;
inline constexpr std::int64_t hour_us = 3600 * second_us;
inline constexpr std::int64_t day_us = 24 * hour_us;

/// Division that rounds down for times before 1970 too.
[[nodiscard]] constexpr std::int64_t floor_divide(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

struct Date {
  int year = 0;
  unsigned month = 0;  ///< 1–12
  unsigned day = 0;    ///< 1–31
};

/// The day `days` after 1970-01-01.
[[nodiscard]] Date date_of(std::int64_t days);
/// 0 Monday – 6 Sunday.
[[nodiscard]] unsigned weekday_of(std::int64_t days);

/// How busy the bank is in that hour of UTC: 1 on the average of a week.
[[nodiscard]] double activity(std::int64_t days, unsigned hour);

/// Customers are spread over 32 pay groups by their index; the bits of the groups that are paid on that day.
inline constexpr unsigned pay_groups = 32;
[[nodiscard]] std::uint32_t groups_paid_on(std::int64_t days);

/// Whether the customer of that index is paid every second Friday, not once a month.
[[nodiscard]] constexpr bool paid_by_fortnight(std::uint64_t index) {
  return index % pay_groups >= 21 && index % pay_groups <= 26;
}

/// How many of `customers` are in one of the groups of `mask`.
[[nodiscard]] constexpr std::uint64_t payees(std::uint32_t mask, std::uint64_t customers) {
  const auto rest = static_cast<std::uint32_t>((std::uint64_t{1} << (customers % pay_groups)) - 1);
  return customers / pay_groups * static_cast<unsigned>(std::popcount(mask)) +
         static_cast<unsigned>(std::popcount(mask & rest));
}

/// The index of the customer who is the `k`-th of them, from 0.
[[nodiscard]] std::uint64_t payee(std::uint32_t mask, std::uint64_t k);

}  // namespace bank::generator
