#include "model/event_time.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <ctime>
#include <string>

namespace bank::model {
namespace {

constexpr std::int64_t second = 1'000'000;

std::int64_t us_of(std::string_view text) {
  static EventTimeReader reader;
  const auto time = parse_event_time(text);
  EXPECT_EQ(reader.read(text), time) << text;
  EXPECT_EQ(reader.read(text), time) << text;
  EXPECT_TRUE(time) << text;
  return time ? time->us() : -1;
}

TEST(ParseEventTime, PlainUtc) {
  EXPECT_EQ(us_of("1970-01-01 00:00:00"), 0);
  EXPECT_EQ(us_of("1970-01-01 00:00:01.5"), 1'500'000);
  EXPECT_EQ(us_of("2026-01-01 08:00:00"), 1'767'254'400 * second);
  EXPECT_EQ(us_of("2000-02-29 23:59:59"), 951'868'799 * second);
  EXPECT_EQ(us_of("1969-12-31 23:59:59.999999"), -1);
  EXPECT_EQ(us_of("0001-01-01 00:00:00"), -62'135'596'800 * second);
  EXPECT_EQ(us_of("9999-12-31 23:59:59"), 253'402'300'799 * second);
}

TEST(ParseEventTime, FractionsAreCutToMicroseconds) {
  EXPECT_EQ(us_of("1970-01-01 00:00:00.1"), 100'000);
  EXPECT_EQ(us_of("1970-01-01 00:00:00.000001"), 1);
  EXPECT_EQ(us_of("1970-01-01 00:00:00.123456789"), 123'456);
  EXPECT_EQ(us_of("1970-01-01 00:00:00.999999999"), 999'999);
}

TEST(ParseEventTime, Rfc3339) {
  EXPECT_EQ(us_of("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(us_of("1970-01-01T02:00:00+02:00"), 0);
  EXPECT_EQ(us_of("1970-01-01T00:00:00.25-05:30"), (5 * 3600 + 1800) * second + 250'000);
  EXPECT_EQ(us_of("1970-01-01T00:00:00-00:00"), 0);
  EXPECT_EQ(us_of("1970-01-01 23:59:00+23:59"), 0);
  EXPECT_EQ(us_of("1970-01-01 00:00:00Z"), 0);
  EXPECT_EQ(us_of("1970-01-01t00:00:01z"), 1'000'000);
}

TEST(ParseEventTime, NothingElse) {
  for (const std::string_view text : {"",
                                      "2026-01-01",
                                      "2026-02-30 00:00:00",
                                      "2025-02-29 00:00:00",
                                      "1900-02-29 00:00:00",
                                      "2026-04-31 00:00:00",
                                      "2026-00-01 00:00:00",
                                      "2026-13-01 00:00:00",
                                      "2026-01-00 00:00:00",
                                      "2026-01-32 00:00:00",
                                      "0000-01-01 00:00:00",
                                      "99999-01-01 00:00:00",
                                      "2026-01-01 24:00:00",
                                      "2026-01-01 00:60:00",
                                      "2026-12-31 23:59:60",
                                      "2026-01-01T00:00:00",
                                      "2026-01-01T00:00:00.5",
                                      "2026-01-01  00:00:00",
                                      " 2026-01-01 00:00:00",
                                      "2026-01-01 00:00:00 ",
                                      "2026-01-01 00:00:00.",
                                      "2026-01-01 00:00:00.1234567890",
                                      "2026-01-01 00:00:00,5",
                                      "2026-01-01 00:00:00+0200",
                                      "2026-01-01 00:00:00+02",
                                      "2026-01-01 00:00:00+24:00",
                                      "2026-01-01 00:00:00+02:60",
                                      "2026-01-01 00:00:00 +02:00",
                                      "2026-01-01 00:00:00ZZ",
                                      "2026-01-01T00:00:00.Z",
                                      "2026/01/01 00:00:00",
                                      "2026-01-01 00-00-00",
                                      "202a-01-01 00:00:00",
                                      "2026-0:-01 00:00:00",
                                      "-026-01-01 00:00:00",
                                      "2026-1-01 00:00:000",
                                      "2026-01-01 00:00:0x",
                                      "2026-01-01 0/:00:00"}) {
    EXPECT_FALSE(parse_event_time(text)) << text;
  }
}

TEST(ParseEventTime, YearsInUtcStayWithinFourDigitsToo) {
  EXPECT_FALSE(parse_event_time("0001-01-01T00:00:00+00:01"));
  EXPECT_TRUE(parse_event_time("0001-01-01T00:01:00+00:01"));
  EXPECT_FALSE(parse_event_time("9999-12-31T23:59:59.999999-00:01"));
  EXPECT_TRUE(parse_event_time("9999-12-31T23:58:59.999999-00:01"));
}

std::string plain(std::int64_t us) {
  std::string out;
  append_event_time(out, EventTime::from_us(us));
  return out;
}

TEST(AppendEventTime, ShowsMicrosecondsOnlyWhereThereAreAny) {
  EXPECT_EQ(plain(0), "1970-01-01 00:00:00");
  EXPECT_EQ(plain(-1), "1969-12-31 23:59:59.999999");
  EXPECT_EQ(plain(1'767'254'400 * second + 10), "2026-01-01 08:00:00.000010");
  std::string out = "at ";
  append_rfc3339(out, EventTime::from_us(1'767'254'400 * second));
  EXPECT_EQ(out, "at 2026-01-01T08:00:00.000000Z");
}

// Every day of the calendar, against the C library.
TEST(EventTime, AgreesWithTheCalendarOfTheCLibrary) {
  constexpr std::int64_t day = 86'400;
  for (std::int64_t days = -719'162; days < 2'932'897; ++days) {
    const std::time_t t = days * day + 86'399;
    std::tm tm{};
    ASSERT_NE(gmtime_r(&t, &tm), nullptr);
    const EventTime time = EventTime::from_us(t * second);
    char expected[64];
    std::snprintf(expected, sizeof expected, "%04d-%02d-%02d 23:59:59", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
    const std::string text = plain(time.us());
    ASSERT_EQ(text, expected);
    ASSERT_EQ(parse_event_time(text), time) << text;
    ASSERT_EQ(time.weekday(), tm.tm_wday == 0 ? 7 : tm.tm_wday) << text;
    ASSERT_EQ(time.hour(), 23) << text;
  }
}

TEST(EventTime, HourAndWeekdayBefore1970) {
  EXPECT_EQ(EventTime::from_us(-1).hour(), 23);
  EXPECT_EQ(EventTime::from_us(-1).weekday(), 3);
  EXPECT_EQ(EventTime::from_us(0).weekday(), 4);
  EXPECT_EQ(EventTime::from_us(-86'400 * second).hour(), 0);
  EXPECT_EQ(EventTime::from_us(-86'400 * second).weekday(), 3);
  EXPECT_EQ(EventTime::from_us(-86'400 * second - 1).weekday(), 2);
}

// What one place of a time may be, on the same day as the one before and on another.
TEST(EventTimeReader, ReadsWhatParseEventTimeReads) {
  EventTimeReader reader;
  const std::string plain = "2024-02-29 23:59:59";
  for (std::size_t at = 0; at < plain.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string text = plain;
      text[at] = static_cast<char>(byte);
      EXPECT_EQ(reader.read(plain), parse_event_time(plain));
      EXPECT_EQ(reader.read(text), parse_event_time(text)) << text;
    }
    EXPECT_EQ(reader.read(plain.substr(0, at)), std::nullopt);
  }
  for (const std::string_view text :
       {"2024-02-29 23:59:59.5", "2024-02-29 23:59:59Z", "2024-02-29T23:59:59Z", "2024-03-01 00:00:00+01:00"}) {
    EXPECT_EQ(reader.read(text), parse_event_time(text)) << text;
  }
}

}  // namespace
}  // namespace bank::model
