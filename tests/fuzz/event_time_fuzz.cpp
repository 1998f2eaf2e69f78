// Event times, against a pattern and the C library's calendar, and there and back.
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <regex>
#include <string>

#include "base/assert.h"
#include "model/event_time.h"

namespace {

using bank::model::EventTime;

std::optional<EventTime> parse_slowly(const std::string& text) {
  static const std::regex pattern(
      R"(([0-9]{4})-([0-9]{2})-([0-9]{2})([ Tt])([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?([Zz]|[-+][0-9]{2}:[0-9]{2})?)");
  std::smatch parts;
  if (!std::regex_match(text, parts, pattern)) return std::nullopt;
  const std::string offset = parts[9];
  if (parts[4] != " " && offset.empty()) return std::nullopt;

  std::tm given{};
  given.tm_year = std::stoi(parts[1]) - 1900;
  given.tm_mon = std::stoi(parts[2]) - 1;
  given.tm_mday = std::stoi(parts[3]);
  given.tm_hour = std::stoi(parts[5]);
  given.tm_min = std::stoi(parts[6]);
  given.tm_sec = std::stoi(parts[7]);
  std::tm normal = given;
  const std::time_t seconds = timegm(&normal);
  const bool exists = normal.tm_year == given.tm_year && normal.tm_mon == given.tm_mon &&
                      normal.tm_mday == given.tm_mday && normal.tm_hour == given.tm_hour &&
                      normal.tm_min == given.tm_min && normal.tm_sec == given.tm_sec;
  if (!exists || parts[1] == "0000") return std::nullopt;

  std::int64_t us = seconds * 1'000'000 + std::stoi((parts[8].str() + "000000").substr(0, 6));
  if (offset.size() == 6) {
    const int hours = std::stoi(offset.substr(1, 2));
    const int minutes = std::stoi(offset.substr(4, 2));
    if (hours > 23 || minutes > 59) return std::nullopt;
    us -= (offset[0] == '-' ? -1 : 1) * (hours * 60 + minutes) * std::int64_t{60'000'000};
  }
  const std::time_t utc = us >= 0 ? us / 1'000'000 : (us - 999'999) / 1'000'000;
  std::tm in_utc{};
  gmtime_r(&utc, &in_utc);
  if (in_utc.tm_year < 1 - 1900 || in_utc.tm_year > 9999 - 1900) return std::nullopt;
  return EventTime::from_us(us);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 100) return 0;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto time = bank::model::parse_event_time(text);
  BANK_ASSERT(time == parse_slowly(text));
  if (time) {
    std::string written;
    append_event_time(written, *time);
    BANK_ASSERT(bank::model::parse_event_time(written) == time);
    written.clear();
    append_rfc3339(written, *time);
    BANK_ASSERT(bank::model::parse_event_time(written) == time);
    BANK_ASSERT(time->hour() >= 0 && time->hour() <= 23 && time->weekday() >= 1 && time->weekday() <= 7);
  }
  return 0;
}
