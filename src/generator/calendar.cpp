#include "generator/calendar.h"

#include <array>
#include <chrono>

namespace bank::generator {
namespace {

constexpr std::array<double, 24> workday{18,  12,  10,  9,   12,  28,  60,  105, 132, 130, 135, 150,
                                         178, 160, 140, 142, 158, 182, 186, 160, 124, 88,  58,  32};
constexpr std::array<double, 24> weekend{34,  26,  20,  14,  10,  14,  28,  50,  84,  120, 150, 170,
                                         180, 176, 168, 160, 152, 150, 148, 140, 122, 98,  76,  52};
constexpr std::array<double, 7> day_factor{0.94, 0.95, 0.98, 1.03, 1.16, 1.08, 0.86};

constexpr double shape(unsigned weekday, unsigned hour) {
  return (weekday < 5 ? workday : weekend)[hour] * day_factor[weekday];
}

constexpr double average = [] {
  double sum = 0;
  for (unsigned weekday = 0; weekday < 7; ++weekday)
    for (unsigned hour = 0; hour < 24; ++hour) sum += shape(weekday, hour);
  return sum / (7 * 24);
}();

constexpr std::uint32_t groups(unsigned first, unsigned last) {
  return static_cast<std::uint32_t>((std::uint64_t{2} << last) - (std::uint64_t{1} << first));
}

}  // namespace

Date date_of(std::int64_t days) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  return {static_cast<int>(date.year()), static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day())};
}

unsigned weekday_of(std::int64_t days) {
  const std::int64_t since_monday = days + 3;  // 1970-01-01 was a Thursday.
  return static_cast<unsigned>(since_monday - floor_divide(since_monday, 7) * 7);
}

double activity(std::int64_t days, unsigned hour) { return shape(weekday_of(days), hour) / average; }

std::uint32_t groups_paid_on(std::int64_t days) {
  // Twenty-one groups are paid by the month, six every second Friday, three on days of their own, two never.
  std::uint32_t paid = 0;
  const Date date = date_of(days);
  switch (date.day) {
    case 1: paid |= groups(0, 3); break;
    case 5: paid |= groups(27, 27); break;
    case 10: paid |= groups(28, 28); break;
    case 15: paid |= groups(4, 7); break;
    case 20: paid |= groups(29, 29); break;
    case 25: paid |= groups(8, 12); break;
    case 28: paid |= groups(13, 16); break;
    default: break;
  }
  if (date_of(days + 1).day == 1) paid |= groups(17, 20);
  constexpr unsigned friday = 4;
  if (weekday_of(days) == friday) paid |= floor_divide(days, 7) % 2 == 0 ? groups(21, 23) : groups(24, 26);
  return paid;
}

std::uint64_t payee(std::uint32_t mask, std::uint64_t k) {
  const auto in_round = static_cast<unsigned>(std::popcount(mask));
  std::uint32_t left = mask;
  for (std::uint64_t skip = k % in_round; skip > 0; --skip) left &= left - 1;
  return k / in_round * pay_groups + static_cast<unsigned>(std::countr_zero(left));
}

}  // namespace bank::generator
