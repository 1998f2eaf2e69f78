// When a transaction happened.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bank::model {

/// Microseconds since 1970-01-01 00:00:00 UTC; negative before. A day has 86,400 seconds, as in POSIX.
class EventTime {
 public:
  constexpr EventTime() = default;
  static constexpr EventTime from_us(std::int64_t us) { return EventTime(us); }
  /// Bounds of what parse_event_time() gives: the years 0001–9999 with any offset. Far enough inside 64 bits to add
  /// windows to.
  static constexpr std::int64_t earliest_us = (-62'135'596'800 - 86'400) * 1'000'000;
  static constexpr std::int64_t latest_us = (253'402'300'800 + 86'400) * 1'000'000;

  [[nodiscard]] constexpr std::int64_t us() const { return us_; }
  /// Hour of the day, UTC, 0–23.
  [[nodiscard]] int hour() const;
  /// Day of the week, UTC, 1 Monday – 7 Sunday.
  [[nodiscard]] int weekday() const;
  friend constexpr auto operator<=>(EventTime, EventTime) = default;

 private:
  constexpr explicit EventTime(std::int64_t us) : us_(us) {}
  std::int64_t us_ = 0;
};

/// Reads `YYYY-MM-DD HH:MM:SS[.f…]`, UTC where no offset follows, or RFC 3339 (`T` needs an offset: `Z`, `+02:00`).
/// Years 0001–9999 (as written and in UTC), real calendar dates, no leap second; `t` and `z` for `T` and `Z`. Fraction:
/// 1–9 digits, cut (not rounded) to microseconds. Nothing else is accepted; nullopt then.
[[nodiscard]] std::optional<EventTime> parse_event_time(std::string_view text);

/// Reads one after another, and is quick where they are `YYYY-MM-DD HH:MM:SS` of the same day as the one before.
class EventTimeReader {
 public:
  /// As parse_event_time.
  [[nodiscard]] std::optional<EventTime> read(std::string_view text);

 private:
  // The last day as written: its first eight bytes, and those from the fourth on, with the separator.
  std::uint64_t day_begin_ = 0;
  std::uint64_t day_end_ = 0;
  std::int64_t day_us_ = 0;
};

/// Appends `YYYY-MM-DD HH:MM:SS`, with `.ffffff` where the microseconds are not zero. Here and below, `time` lies in
/// the years that parse_event_time reads.
void append_event_time(std::string& out, EventTime time);

/// Appends `YYYY-MM-DDTHH:MM:SS.ffffffZ`, always with six decimals.
void append_rfc3339(std::string& out, EventTime time);
/// The same as a text of its own.
[[nodiscard]] std::string rfc3339(EventTime time);

}  // namespace bank::model
