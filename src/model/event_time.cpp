#include "model/event_time.h"

#include <bit>
#include <cstring>

namespace bank::model {
namespace {

constexpr std::int64_t us_per_second = 1'000'000;
constexpr std::int64_t us_per_day = 86'400 * us_per_second;

// Days since 1970-01-01 of a date in the proleptic Gregorian calendar (Howard Hinnant, "chrono-compatible low-level
// date algorithms"): years begin in March, so that the leap day is a year's last.
constexpr std::int64_t days_from_civil(int year, int month, int day) {
  const int y = month <= 2 ? year - 1 : year;  // 0 or more: years begin at 1
  const int era = y / 400;
  const int year_of_era = y - era * 400;
  const int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return std::int64_t{era} * 146'097 + day_of_era - 719'468;
}
static_assert(days_from_civil(1970, 1, 1) == 0);
static_assert(days_from_civil(2000, 3, 1) == 11'017);

// Years 0001 to 9999.
constexpr std::int64_t first_us = days_from_civil(1, 1, 1) * us_per_day;
constexpr std::int64_t end_us = days_from_civil(10'000, 1, 1) * us_per_day;

struct Date {
  int year;
  int month;
  int day;
};

constexpr Date civil_from_days(std::int64_t days) {
  days += 719'468;
  const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const int day_of_era = static_cast<int>(days - era * 146'097);
  const int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int shifted_month = (5 * day_of_year + 2) / 153;
  const int month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  return {.year = static_cast<int>(era) * 400 + year_of_era + (month <= 2 ? 1 : 0),
          .month = month,
          .day = day_of_year - (153 * shifted_month + 2) / 5 + 1};
}

constexpr int days_in_month(int year, int month) {
  constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : days[month - 1];
}

constexpr std::size_t plain_size = 19;  // YYYY-MM-DD HH:MM:SS

std::uint64_t load8(const char* p) {
  std::uint64_t bytes;
  std::memcpy(&bytes, p, 8);
  return bytes;
}

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Two digits; something above 99 where they aren't.
int two(const char* p) {
  const auto tens = static_cast<unsigned>(p[0] - '0');
  const auto ones = static_cast<unsigned>(p[1] - '0');
  return tens <= 9 && ones <= 9 ? static_cast<int>(tens * 10 + ones) : 1000;
}

// Eight bytes to be matched at once: a 0 stands for any digit, anything else for itself.
struct Pattern8 {
  consteval explicit Pattern8(const char (&text)[9]) {
    for (std::size_t i = 0; i < 8; ++i) {
      expected |= std::uint64_t{static_cast<unsigned char>(text[i])} << (8 * i);
      slack |= std::uint64_t{text[i] == '0' ? 6u : 15u} << (8 * i);
    }
  }
  std::uint64_t expected = 0;
  // What brings a byte's upper half to something other than 0 where the difference is not allowed: 6 where it may be 0
  // to 9, 15 where it must be 0.
  std::uint64_t slack = 0;
};

// The digits' values, the first in the lowest byte, and 0 for the rest.
std::optional<std::uint64_t> match8(const char* p, Pattern8 pattern) {
  std::uint64_t bytes = load8(p);
  if constexpr (std::endian::native == std::endian::big) bytes = std::byteswap(bytes);
  // Carries don't matter: who causes one has bits in its upper half already.
  const std::uint64_t values = bytes ^ pattern.expected;
  if (((values | (values + pattern.slack)) & 0xf0f0f0f0f0f0f0f0u) != 0) return std::nullopt;
  return values;
}

// Of each byte of match8 and the next the number that they spell: byte i of the result.
constexpr std::uint64_t pairs(std::uint64_t values) { return values * 10 + (values >> 8); }
constexpr int byte_of(std::uint64_t bytes, int i) { return static_cast<int>(bytes >> (8 * i) & 0xff); }

// Days of `YYYY-MM-DD`, ten bytes.
std::optional<std::int64_t> parse_date(const char* p) {
  const std::optional<std::uint64_t> values = match8(p, Pattern8("0000-00-"));
  const int day = two(p + 8);
  if (!values) return std::nullopt;
  const std::uint64_t numbers = pairs(*values);
  const int year = byte_of(numbers, 0) * 100 + byte_of(numbers, 2);
  const int month = byte_of(numbers, 5);
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) return std::nullopt;
  return days_from_civil(year, month, day);
}

// Seconds of `HH:MM:SS`, eight bytes.
std::optional<std::int64_t> parse_clock(const char* p) {
  const std::optional<std::uint64_t> values = match8(p, Pattern8("00:00:00"));
  if (!values) return std::nullopt;
  const std::uint64_t numbers = pairs(*values);
  const int hour = byte_of(numbers, 0);
  const int minute = byte_of(numbers, 3);
  const int second = byte_of(numbers, 6);
  if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return hour * 3600 + minute * 60 + second;
}

// Microseconds that `Z` or `+HH:MM` is ahead of UTC.
std::optional<std::int64_t> parse_offset(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const int hour = two(text.data() + 1);
  const int minute = two(text.data() + 4);
  if (hour > 23 || minute > 59) return std::nullopt;
  const std::int64_t us = (hour * 60 + minute) * 60 * us_per_second;
  return text[0] == '-' ? -us : us;
}

void append_digits(std::string& out, std::int64_t value, int width) {
  char digits[8];
  for (int i = width - 1; i >= 0; --i, value /= 10) digits[i] = static_cast<char>('0' + value % 10);
  out.append(digits, static_cast<std::size_t>(width));
}

std::int64_t floor_days(std::int64_t us) { return (us >= 0 ? us : us - (us_per_day - 1)) / us_per_day; }

// `YYYY-MM-DD`, the separator, `HH:MM:SS`; returns the microseconds of the second.
std::int64_t append_date_and_clock(std::string& out, std::int64_t us, char separator) {
  const std::int64_t days = floor_days(us);
  const std::int64_t us_of_day = us - days * us_per_day;
  const std::int64_t second_of_day = us_of_day / us_per_second;
  const Date date = civil_from_days(days);
  append_digits(out, date.year, 4);
  out += '-';
  append_digits(out, date.month, 2);
  out += '-';
  append_digits(out, date.day, 2);
  out += separator;
  append_digits(out, second_of_day / 3600, 2);
  out += ':';
  append_digits(out, second_of_day / 60 % 60, 2);
  out += ':';
  append_digits(out, second_of_day % 60, 2);
  return us_of_day % us_per_second;
}

}  // namespace

int EventTime::hour() const {
  const std::int64_t us_of_day = us_ - floor_days(us_) * us_per_day;
  return static_cast<int>(us_of_day / (3600 * us_per_second));
}

int EventTime::weekday() const {
  const std::int64_t days = floor_days(us_);
  const int since_thursday = static_cast<int>((days % 7 + 7) % 7);  // 1970-01-01 was a Thursday
  return (since_thursday + 3) % 7 + 1;
}

std::optional<EventTime> EventTimeReader::read(std::string_view text) {
  if (text.size() != plain_size || text[10] != ' ') return parse_event_time(text);
  const std::uint64_t begin = load8(text.data());
  const std::uint64_t end = load8(text.data() + 3);
  if (begin != day_begin_ || end != day_end_) {
    const std::optional<std::int64_t> days = parse_date(text.data());
    if (!days) return std::nullopt;
    day_begin_ = begin;
    day_end_ = end;
    day_us_ = *days * us_per_day;
  }
  const std::optional<std::int64_t> seconds = parse_clock(text.data() + 11);
  if (!seconds) return std::nullopt;
  return EventTime::from_us(day_us_ + *seconds * us_per_second);
}

std::optional<EventTime> parse_event_time(std::string_view text) {
  if (text.size() < plain_size) return std::nullopt;
  const char separator = text[10];
  if (separator != ' ' && separator != 'T' && separator != 't') return std::nullopt;
  const std::optional<std::int64_t> days = parse_date(text.data());
  const std::optional<std::int64_t> seconds = parse_clock(text.data() + 11);
  if (!days || !seconds) return std::nullopt;
  std::int64_t us = *days * us_per_day + *seconds * us_per_second;

  text.remove_prefix(plain_size);
  if (text.empty() && separator == ' ') return EventTime::from_us(us);
  if (!text.empty() && text[0] == '.') {
    std::size_t digits = 0;
    std::int64_t scale = us_per_second / 10;
    while (digits + 1 < text.size() && is_digit(text[digits + 1])) {
      us += (text[digits + 1] - '0') * scale;  // the scale of the digits behind the sixth is 0
      scale /= 10;
      ++digits;
    }
    if (digits < 1 || digits > 9) return std::nullopt;
    text.remove_prefix(digits + 1);
  }
  if (text.empty()) return separator == ' ' ? std::optional(EventTime::from_us(us)) : std::nullopt;
  const std::optional<std::int64_t> ahead = parse_offset(text);
  if (!ahead) return std::nullopt;
  us -= *ahead;
  if (us < first_us || us >= end_us) return std::nullopt;
  return EventTime::from_us(us);
}

void append_event_time(std::string& out, EventTime time) {
  const std::int64_t us = append_date_and_clock(out, time.us(), ' ');
  if (us == 0) return;
  out += '.';
  append_digits(out, us, 6);
}

void append_rfc3339(std::string& out, EventTime time) {
  const std::int64_t us = append_date_and_clock(out, time.us(), 'T');
  out += '.';
  append_digits(out, us, 6);
  out += 'Z';
}

std::string rfc3339(EventTime time) {
  std::string text;
  append_rfc3339(text, time);
  return text;
}

}  // namespace bank::model
