#include "codec/alert_decode.h"

#include <gtest/gtest.h>

#include <string>

#include "codec/encode.h"

namespace bank::codec {
namespace {

using model::Reason;

std::string line_of(std::string_view reason_text) {
  model::Transaction t;
  t.transaction_id = "TXN-1";
  t.account_number = "ACC-\"1\"";
  t.timestamp = "2026-03-02 10:00:00.5";
  t.time = *model::parse_event_time(t.timestamp);
  t.amount = model::Amount::from_units(60'000'001);
  const model::Alert alert{.transaction = t,
                           .rule_id = "HIGH_AMOUNT",
                           .reason = reason_text,
                           .rules_version = "0123456789ab",
                           .score = 40,
                           .severity = model::Severity::high};
  std::string line;
  append_alert(line, alert, 1'772'445'600'000'123, {.origin = "data/sample.json:", .number = 17});
  line.pop_back();
  return line;
}

std::string replaced(std::string line, std::string_view what, std::string_view with) {
  const auto at = line.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return line.replace(at, what.size(), with);
}

TEST(DecodeAlert, ReadsWhatIsWritten) {
  const std::string line = line_of("Amount $6000.0001\nexceeds <$5000> ü");
  TextArena arena;
  const auto alert = decode_alert(line, arena);
  ASSERT_TRUE(alert) << to_string(alert.error().reason) << ' ' << alert.error().field;
  EXPECT_EQ(alert->alert_id, "TXN-1:HIGH_AMOUNT");
  EXPECT_EQ(alert->rule_id, "HIGH_AMOUNT");
  EXPECT_EQ(alert->severity, model::Severity::high);
  EXPECT_EQ(alert->score, 40);
  EXPECT_EQ(alert->reason, "Amount $6000.0001\nexceeds <$5000> ü");
  EXPECT_EQ(alert->transaction_id, "TXN-1");
  EXPECT_EQ(alert->account_number, "ACC-\"1\"");
  EXPECT_EQ(alert->amount.units(), 60'000'001);
  EXPECT_EQ(alert->timestamp, "2026-03-02 10:00:00.5");
  EXPECT_EQ(alert->time, *model::parse_event_time("2026-03-02 10:00:00.500000"));
  EXPECT_EQ(alert->rules_version, "0123456789ab");
  EXPECT_EQ(alert->detected_at_us, 1'772'445'600'000'123);
  EXPECT_EQ(alert->source, "data/sample.json:17");
}

TEST(DecodeAlert, IgnoresWhatItDoesNotKnow) {
  TextArena arena;
  EXPECT_TRUE(decode_alert(replaced(line_of("r"), "{", R"({"case": [1, {"a": null}], )"), arena));
}

TEST(DecodeAlert, RefusesWhatBreaksTheContract) {
  struct Case {
    std::string line;
    Reason reason;
    std::string_view field;
  };
  const std::string good = line_of("r");
  const Case cases[] = {
      {"", Reason::not_json, ""},
      {"[]", Reason::not_object, ""},
      {good.substr(0, good.size() - 1), Reason::not_json, ""},
      {replaced(good, "\"r\"", "\"\xff\""), Reason::not_utf8, ""},
      {replaced(good, "\"score\": 40", "\"score\": 40, \"score\": 40"), Reason::duplicate_key, "score"},
      {replaced(good, "\"score\": 40, ", ""), Reason::missing_field, "score"},
      {replaced(good, "\"score\": 40", "\"score\": null"), Reason::missing_field, "score"},
      {replaced(good, "\"score\": 40", "\"score\": \"40\""), Reason::wrong_type, "score"},
      {replaced(good, "\"score\": 40", "\"score\": 101"), Reason::wrong_type, "score"},
      {replaced(good, "\"score\": 40", "\"score\": -1"), Reason::wrong_type, "score"},
      {replaced(good, "\"score\": 40", "\"score\": 4e1"), Reason::wrong_type, "score"},
      {replaced(good, "\"HIGH\"", "\"high\""), Reason::wrong_type, "severity"},
      {replaced(good, "\"r\"", "7"), Reason::wrong_type, "reason"},
      {replaced(good, "6000.0001", "-1"), Reason::amount_negative, "amount"},
      {replaced(good, "\"2026-03-02 10:00:00.5\"", "\"2026-02-30 10:00:00\""), Reason::bad_timestamp, "timestamp"},
      {replaced(good, "\"transaction_id\": \"TXN-1\"", "\"transaction_id\": \"\""), Reason::bad_length,
       "transaction_id"},
  };
  for (const Case& c : cases) {
    TextArena arena;
    const auto alert = decode_alert(c.line, arena);
    ASSERT_FALSE(alert) << c.line;
    EXPECT_EQ(alert.error().reason, c.reason) << c.line << ": " << to_string(alert.error().reason);
    EXPECT_EQ(alert.error().field, c.field) << c.line;
  }
}

}  // namespace
}  // namespace bank::codec
