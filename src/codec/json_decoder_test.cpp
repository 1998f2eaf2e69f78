#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "base/hash.h"
#include "codec/decode.h"
#include "codec/padded.h"

namespace bank::codec {
namespace {

using namespace std::string_literals;

constexpr std::string_view original =
    R"({"transaction_id": "TXN-20260101-00000001", "account_number": "ACC-0000000001", "transaction_type": "PAYMENT", )"
    R"("amount": 123.45, "timestamp": "2026-01-01 08:00:00", "location": "POS-Gas-Station", "merchant": "Shell Gas", )"
    R"("status": "COMPLETED"})";

// Everything that a decoding came to, in words.
std::string in_words(const std::expected<model::Transaction, model::Rejection>& result) {
  if (!result) {
    return std::string(to_string(result.error().reason)) + "/" + std::string(result.error().field);
  }
  const model::Transaction& t = *result;
  const auto optional = [](const std::optional<std::string_view>& text) {
    return text ? "'" + std::string(*text) + "'" : "null"s;
  };
  EXPECT_EQ(t.account_hash, hash64(t.account_number));
  EXPECT_EQ(t.time, model::parse_event_time(t.timestamp));
  std::string out =
      std::string(t.transaction_id) + " " + std::string(t.account_number) + " " + std::string(t.transaction_type) + " ";
  append_amount(out, t.amount);
  return out + " " + std::string(t.timestamp) + " " + optional(t.location) + " " + optional(t.merchant) + " " +
         std::string(to_string(t.status));
}

class JsonDecoderTest : public testing::Test {
 protected:
  // Decodes by the plain parser, by a fresh decoder and by one that has seen other records, and again: all must agree.
  std::string decode(std::string_view record) {
    const PaddedText padded(record);
    TextArena arena;
    const std::string plain = in_words(seasoned_.decode_plain(padded.view(), arena));
    JsonDecoder fresh{names_};
    EXPECT_EQ(in_words(fresh.decode(padded.view(), arena)), plain) << record.substr(0, 400);
    EXPECT_EQ(in_words(fresh.decode(padded.view(), arena)), plain) << record.substr(0, 400);
    EXPECT_EQ(in_words(seasoned_.decode(padded.view(), arena)), plain) << record.substr(0, 400);
    const PaddedText usual(original);
    EXPECT_EQ(in_words(fresh.decode(usual.view(), arena)).substr(0, 3), "TXN");
    EXPECT_EQ(in_words(fresh.decode(padded.view(), arena)), plain) << record.substr(0, 400);
    return plain;
  }

  // The original record with one member's value replaced by another text; an empty one takes the member out.
  static std::string with(std::string_view field, std::string_view value) {
    std::string record(original);
    const std::string key = "\"" + std::string(field) + "\": ";
    const std::size_t begin = record.find(key);
    std::size_t end = begin + key.size();
    end = record[end] == '"' ? record.find('"', end + 1) + 1 : record.find(',', end);
    if (!value.empty()) {
      record.replace(begin + key.size(), end - begin - key.size(), value);
    } else if (record[end] == ',') {
      record.erase(begin, end + 2 - begin);
    } else {
      record.erase(begin - 2, end + 2 - begin);
    }
    return record;
  }

  // The original record with members put in before the closing brace.
  static std::string plus(std::string_view members) {
    std::string record(original);
    record.insert(record.size() - 1, members);
    return record;
  }

  FieldNames names_;
  JsonDecoder seasoned_{names_};
};

const std::string fine =
    "TXN-20260101-00000001 ACC-0000000001 PAYMENT 123.45 2026-01-01 08:00:00 'POS-Gas-Station' 'Shell Gas' COMPLETED";

TEST_F(JsonDecoderTest, TheOriginalsFormat) { EXPECT_EQ(decode(original), fine); }

TEST_F(JsonDecoderTest, AnySpacing) {
  std::string compact(original);
  for (const std::string_view spaced : {": ", ", "}) {
    for (std::size_t at; (at = compact.find(spaced)) != std::string::npos;) compact.erase(at + 1, 1);
  }
  EXPECT_EQ(decode(compact), fine);
  std::string wide(" \t\r\n{ \n\"transaction_id\"\t:\r\"TXN-20260101-00000001\" , ");
  wide += original.substr(original.find("\"account_number"));
  wide.insert(wide.size() - 1, "      \n\n                                                         ");
  EXPECT_EQ(decode(wide + " \r\n\t "), fine);
}

TEST_F(JsonDecoderTest, AnyOrder) {
  std::array<std::string, 8> members = {R"("transaction_id": "TXN-20260101-00000001")",
                                        R"("account_number": "ACC-0000000001")",
                                        R"("transaction_type": "PAYMENT")",
                                        R"("amount": 123.45)",
                                        R"("timestamp": "2026-01-01 08:00:00")",
                                        R"("location": "POS-Gas-Station")",
                                        R"("merchant": "Shell Gas")",
                                        R"("status": "COMPLETED")"};
  for (int round = 0; round < 200; ++round) {
    std::ranges::next_permutation(members);
    std::swap(members[0], members[static_cast<std::size_t>(round) % 8]);
    std::string record = "{";
    for (const std::string& member : members) record += (record.size() > 1 ? ", " : "") + member;
    EXPECT_EQ(decode(record + "}"), fine);
  }
}

TEST_F(JsonDecoderTest, UnknownFieldsOfAnyKindAreIgnored) {
  for (const std::string_view value :
       {"1", "-0.5e+10", "1e400", "true", "false", "null", "\"text\"", "\"\\u00e9\\ud83d\\ude00\"", "\"é😀\"", "{}",
        "[]", R"({"a": [1, {"b": null}, []], "a": 2})", "[[[[1]]], {}]", "\"\""}) {
    EXPECT_EQ(decode(plus(", \"x\": " + std::string(value))), fine) << value;
    std::string first(original);
    first.insert(1, "\"x\": " + std::string(value) + ", ");
    EXPECT_EQ(decode(first), fine) << value;
  }
  EXPECT_EQ(decode(plus(", \"\": 1")), fine);
  EXPECT_EQ(decode(plus(", \"x\": 1" + std::string(5000, '0') + "." + std::string(5000, '1'))), fine);
}

TEST_F(JsonDecoderTest, ABadValueOfAnUnknownFieldIsNoJson) {
  for (const std::string_view value : {"",
                                       "01",
                                       "1.",
                                       ".5",
                                       "+1",
                                       "-",
                                       "1e",
                                       "tru",
                                       "nul",
                                       "NaN",
                                       "Infinity",
                                       "'a'",
                                       "{",
                                       "[1,]",
                                       "{\"a\":1,}",
                                       "[1 2]",
                                       "{\"a\"}",
                                       "{1:2}",
                                       "\"\n\"",
                                       "\"\t\"",
                                       "\"\x1f\"",
                                       "\"\\x\"",
                                       "\"\\u12g4\"",
                                       "\"\\ud800\"",
                                       "\"\\udc00\"",
                                       "\"\\ud800\\u0041\"",
                                       "\"\\ud800x\"",
                                       "[}",
                                       "{]",
                                       "[[]",
                                       "1 2",
                                       "truee",
                                       "\"a\"\"b\""}) {
    EXPECT_EQ(decode(plus(", \"x\": " + std::string(value))), "not_json/") << value;
  }
}

TEST_F(JsonDecoderTest, OptionalFieldsMayBeNullAbsentOrEmpty) {
  for (const std::string_view field : {"location", "merchant", "status"}) {
    EXPECT_EQ(decode(with(field, "null")), decode(with(field, ""))) << field;
  }
  EXPECT_EQ(decode(with("merchant", "null")),
            "TXN-20260101-00000001 ACC-0000000001 PAYMENT 123.45 2026-01-01 08:00:00 'POS-Gas-Station' null COMPLETED");
  EXPECT_EQ(decode(with("merchant", "\"\"")),
            "TXN-20260101-00000001 ACC-0000000001 PAYMENT 123.45 2026-01-01 08:00:00 'POS-Gas-Station' '' COMPLETED");
  EXPECT_EQ(decode(with("status", "\"\"")), "bad_status/status");
  EXPECT_EQ(decode(with("status", "\"completed\"")), "bad_status/status");
  EXPECT_EQ(decode(with("status", "\"COMPLETED \"")), "bad_status/status");
  EXPECT_EQ(decode(with("location", "5")), "wrong_type/location");
  EXPECT_EQ(decode(with("merchant", "[]")), "wrong_type/merchant");
  EXPECT_EQ(decode(with("status", "true")), "wrong_type/status");
  const std::string name(100'000, 'm');
  EXPECT_NE(decode(with("merchant", "\"" + name + "\"")).find(name), std::string::npos);
}

TEST_F(JsonDecoderTest, RequiredFieldsMustBeThere) {
  for (const std::string field : {"transaction_id", "account_number", "transaction_type", "amount", "timestamp"}) {
    EXPECT_EQ(decode(with(field, "")), "missing_field/" + field);
    EXPECT_EQ(decode(with(field, "null")), "missing_field/" + field);
    EXPECT_EQ(decode(with(field, "{}")), "wrong_type/" + field);
    EXPECT_EQ(decode(with(field, "false")), "wrong_type/" + field);
    EXPECT_EQ(decode(with(field, field == "amount" ? "\"12\"" : "12")), "wrong_type/" + field);
  }
  EXPECT_EQ(decode("{}"), "missing_field/transaction_id");
}

TEST_F(JsonDecoderTest, LengthsAreInBytes) {
  struct Limit {
    std::string field;
    std::size_t max;
  };
  for (const Limit& limit :
       {Limit{"transaction_id", 128}, Limit{"account_number", 64}, Limit{"transaction_type", 32}}) {
    EXPECT_EQ(decode(with(limit.field, "\"\"")), "bad_length/" + limit.field);
    const std::string longest(limit.max, 'x');
    EXPECT_NE(decode(with(limit.field, "\"" + longest + "\"")).find(longest), std::string::npos);
    EXPECT_EQ(decode(with(limit.field, "\"" + longest + "x\"")), "bad_length/" + limit.field);
    EXPECT_EQ(decode(with(limit.field, "\"" + longest.substr(1) + "é\"")), "bad_length/" + limit.field);
    EXPECT_NE(decode(with(limit.field, "\"" + longest.substr(1) + "\\n\"")).find('\n'), std::string::npos);
  }
}

TEST_F(JsonDecoderTest, Amounts) {
  EXPECT_EQ(decode(with("amount", "1e400")), "amount_too_large/amount");
  EXPECT_EQ(decode(with("amount", "9223372036854775808")), "amount_too_large/amount");
  EXPECT_EQ(decode(with("amount", std::string(100'000, '9'))), "amount_too_large/amount");
  EXPECT_EQ(decode(with("amount", "-1")), "amount_negative/amount");
  EXPECT_EQ(decode(with("amount", "1.00005")), "amount_too_precise/amount");
  for (const std::string_view text : {"NaN", "-Infinity", "007", "1.", ".5", "1,5", "0x1", "1..2", "1/2", "1.2.3"}) {
    EXPECT_EQ(decode(with("amount", text)), "not_json/") << text;
  }
  EXPECT_NE(decode(with("amount", "15e-1")).find(" 1.50 "), std::string::npos);
  EXPECT_NE(decode(with("amount", "-0")).find(" 0.00 "), std::string::npos);
  EXPECT_NE(decode(with("amount", "1.2500000000000000000000000000")).find(" 1.25 "), std::string::npos);
  EXPECT_NE(decode(with("amount", "99999999999999.9999")).find(" 99999999999999.9999 "), std::string::npos);
}

TEST_F(JsonDecoderTest, Timestamps) {
  for (const std::string_view text : {"2026-02-30 00:00:00", "0000-01-01 00:00:00", "99999-01-01 00:00:00", "",
                                      "2026-01-01T00:00:00", "2026-01-01 08:00:60", "2026-01-01 08:00"}) {
    EXPECT_EQ(decode(with("timestamp", "\"" + std::string(text) + "\"")), "bad_timestamp/timestamp") << text;
  }
  EXPECT_NE(decode(with("timestamp", "\"2026-01-01T08:00:00.25+02:00\"")).find("2026-01-01T08:00:00.25+02:00"),
            std::string::npos);
  EXPECT_NE(decode(with("timestamp", "\"\\u0032026-01-01 08:00:00\"")).find("2026-01-01 08:00:00"), std::string::npos);
}

TEST_F(JsonDecoderTest, EscapesInValuesAndKeys) {
  EXPECT_NE(decode(with("merchant", R"("a\"\\\/\b\f\n\r\t\u0000\u00e9\u20ac\ud83d\ude00z")"))
                .find("'a\"\\/\b\f\n\r\t\0é€😀z'"s),
            std::string::npos);
  std::string escaped_key(original);
  escaped_key.replace(escaped_key.find("merchant"), 8, "m\\u0065rchant");
  EXPECT_EQ(decode(escaped_key), fine);
}

TEST_F(JsonDecoderTest, DuplicateKeys) {
  EXPECT_EQ(decode(plus(R"(, "amount": 1)")), "duplicate_key/amount");
  EXPECT_EQ(decode(plus(R"(, "merchant": null)")), "duplicate_key/merchant");
  EXPECT_EQ(decode(with("merchant", R"(null, "merchant": "x")")), "duplicate_key/merchant");
  EXPECT_EQ(decode(plus(R"(, "am\u006funt": 1)")), "duplicate_key/amount");
  EXPECT_EQ(decode(plus(R"(, "x": 1, "y": 2, "x": 1)")), "duplicate_key/");
  EXPECT_EQ(decode(plus(R"(, "x": 1, "\u0078": 2)")), "duplicate_key/");
  EXPECT_EQ(decode(plus(R"(, "": 1, "": 2)")), "duplicate_key/");
  EXPECT_EQ(decode(plus(R"(, "x": 1, "x": 2, "status": null, "amount": 2)")), "duplicate_key/status");
  EXPECT_EQ(decode(plus(R"(, "x": {"a": 1, "a": 2}, "y": [{"x": 1}])")), fine);
  EXPECT_EQ(decode(plus(R"(, "X": 1, "x": 2, "xx": 3, "Amount": 4)")), fine);
}

TEST_F(JsonDecoderTest, ManyUnknownKeys) {
  std::string members;
  for (int i = 0; i < 20; ++i) {
    members += ", \"k" + std::to_string(i) + "\": " + std::to_string(i);
    EXPECT_EQ(decode(plus(members)), fine);
    EXPECT_EQ(decode(plus(members + ", \"k0\": 1")), "duplicate_key/");
    EXPECT_EQ(decode(plus(members + ", \"k" + std::to_string(i) + "\": 1")), "duplicate_key/");
  }
}

TEST_F(JsonDecoderTest, AHundredThousandUnknownKeysTakeNoLongerThanTheirSort) {
  std::string members;
  for (int i = 0; i < 70'000; ++i) members += ", \"k" + std::to_string(i) + "\": 0";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(decode(plus(members)), fine);
  EXPECT_EQ(decode(plus(members + ", \"k0\": 1")), "duplicate_key/");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST_F(JsonDecoderTest, NestingAHundredThousandDeep) {
  const std::string arrays = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_EQ(decode(plus(", \"x\": " + arrays)), fine);
  EXPECT_EQ(decode(plus(", \"x\": " + arrays.substr(1))), "not_json/");
  EXPECT_EQ(decode(arrays), "not_object/");
  EXPECT_EQ(decode(std::string(100'000, '[')), "not_json/");
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"\":";
  objects += "1" + std::string(100'000, '}');
  EXPECT_EQ(decode(plus(", \"x\": " + objects)), fine);
  EXPECT_EQ(decode(plus(", \"x\": " + objects + "}")), "not_json/");
}

TEST_F(JsonDecoderTest, WhatIsNoJsonOrNoObject) {
  for (const std::string_view text : {"",          " ",          "{",
                                      "}",         "{]",         "x",
                                      "{}x",       "{} {}",      "{\"a\"}",
                                      "{\"a\":}",  "{\"a\":1,}", "{,}",
                                      "{a:1}",     "{'a':1}",    "[1",
                                      "\"a",       "nul",        "{\"a\":1 \"b\":2}",
                                      "{\"a\" 1}", "{\"a\"::1}", "\xef\xbb\xbf{}",

                                      "// x\n{}",  "{/**/}"}) {
    EXPECT_EQ(decode(text), "not_json/") << text;
  }
  for (const std::string_view members :
       {",", ", ", ",,", ", \"x\"", ", \"x\" ", ", \"x", ", \"x\":", ", x", "\"x\": 1", "}", "{", ":"}) {
    EXPECT_EQ(decode(plus(members)), "not_json/") << members;
  }
  EXPECT_EQ(decode("\0"s), "not_json/");
  EXPECT_EQ(decode("{}\0"s), "not_json/");
  EXPECT_EQ(decode(std::string(original) + "\0"s), "not_json/");
  EXPECT_EQ(decode(std::string(original) + "x"), "not_json/");
  EXPECT_EQ(decode(std::string(original) + " {}"), "not_json/");
  EXPECT_EQ(decode(with("merchant", "\"a\0b\""s)), "not_json/");
  EXPECT_EQ(decode(with("merchant", "\"a\nb\"")), "not_json/");
  EXPECT_EQ(decode(with("merchant", "\"a\x7f b\"")).substr(0, 3), "TXN");
  for (const std::string_view text : {"[]", "1", " -1e5 ", "\"a\"", "null", "true\n", "[{}]"}) {
    EXPECT_EQ(decode(text), "not_object/") << text;
  }
}

TEST_F(JsonDecoderTest, ATruncatedRecordIsNeverTakenForAWholeOne) {
  for (std::size_t n = 0; n < original.size(); ++n) EXPECT_EQ(decode(original.substr(0, n)), "not_json/") << n;
}

TEST_F(JsonDecoderTest, Utf8IsCheckedEverywhere) {
  for (const std::string_view bytes :
       {"\x80", "\xc3", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xff", "\xe2\x82", "\xe2\x28\xa1"}) {
    const std::string text = "\"" + std::string(bytes) + "\"";
    EXPECT_EQ(decode(with("merchant", text)), "not_utf8/");
    EXPECT_EQ(decode(with("location", "\"a long enough text, and then" + text.substr(1))), "not_utf8/");
    EXPECT_EQ(decode(plus(", \"x\": " + text)), "not_utf8/");
    EXPECT_EQ(decode(plus(", \"x\": [" + text + "]")), "not_utf8/");
    EXPECT_EQ(decode(plus(", " + text + ": 1")), "not_utf8/");
    EXPECT_EQ(decode(text), "not_utf8/");
    EXPECT_EQ(decode(std::string(bytes)), "not_utf8/");
  }
  EXPECT_NE(decode(with("merchant", "\"Café Ωmega 東京 😀\"")).find("'Café Ωmega 東京 😀'"), std::string::npos);
  EXPECT_NE(decode(with("location", "\"\xf4\x8f\xbf\xbf\xee\x80\x80\xed\x9f\xbf\"")).find("\xf4\x8f\xbf\xbf"),
            std::string::npos);
}

TEST_F(JsonDecoderTest, ALongRecordIsRefused) {
  std::string record(original);
  record.resize(model::max_record_bytes, ' ');
  EXPECT_EQ(decode(record), fine);
  EXPECT_EQ(decode(record + " "), "too_long/");
  EXPECT_EQ(decode(std::string(10 << 20, 'x')), "too_long/");
}

TEST_F(JsonDecoderTest, TheFirstFaultInTheDocumentedOrderIsTheReason) {
  const std::string bad_id = with("transaction_id", "5");
  std::string record = bad_id;
  record.replace(record.find("123.45"), 6, "-1");
  EXPECT_EQ(decode(record), "wrong_type/transaction_id");
  record.insert(record.size() - 1, ", \"status\": 1");
  EXPECT_EQ(decode(record), "duplicate_key/status");
  record += "x";
  EXPECT_EQ(decode(record), "not_json/");
  record += "\xff";
  EXPECT_EQ(decode(record), "not_utf8/");
  record.resize(model::max_record_bytes + 1, ' ');
  EXPECT_EQ(decode(record), "too_long/");
}

TEST_F(JsonDecoderTest, MappedKeys) {
  ASSERT_TRUE(names_.map("account_number=cc_num,amount=amt,location=\"city\" é"));
  std::string record(original);
  record.replace(record.find("account_number"), 14, "cc_num");
  record.replace(record.find("amount"), 6, "amt");
  record.replace(record.find("location"), 8, "\\\"city\\\" é");
  seasoned_ = JsonDecoder(names_);
  const PaddedText padded(record);
  TextArena arena;
  EXPECT_EQ(in_words(seasoned_.decode_plain(padded.view(), arena)), fine);
  EXPECT_EQ(in_words(seasoned_.decode(padded.view(), arena)), fine);
  record.insert(1, "\"amount\": \"unknown now\", ");
  const PaddedText more(record);
  EXPECT_EQ(in_words(seasoned_.decode(more.view(), arena)), fine);
  record.replace(record.find("123.45"), 6, "-1");
  const PaddedText bad(record);
  EXPECT_EQ(in_words(seasoned_.decode(bad.view(), arena)), "amount_negative/amount");
}

TEST_F(JsonDecoderTest, StringsAreViewsOfTheRecordWhereTheyCanBe) {
  const PaddedText padded(with("merchant", "\"a\\tb\""));
  TextArena arena;
  const auto result = seasoned_.decode(padded.view(), arena);
  ASSERT_TRUE(result);
  const auto within = [&](std::string_view text) {
    return text.data() >= padded.view().data() && text.data() < padded.view().data() + padded.view().size();
  };
  EXPECT_TRUE(within(result->transaction_id));
  EXPECT_TRUE(within(result->timestamp));
  EXPECT_TRUE(within(*result->location));
  EXPECT_FALSE(within(*result->merchant));
  EXPECT_EQ(*result->merchant, "a\tb");
}

}  // namespace
}  // namespace bank::codec
