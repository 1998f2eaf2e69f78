#include "codec/encode.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "codec/decode.h"
#include "codec/padded.h"

namespace bank::codec {
namespace {

using namespace std::string_literals;

constexpr std::string_view original =
    R"({"transaction_id": "TXN-20260101-00000001", "account_number": "ACC-0000000001", "transaction_type": "PAYMENT", )"
    R"("amount": 123.45, "timestamp": "2026-01-01 08:00:00", "location": "POS-Gas-Station", "merchant": "Shell Gas", )"
    R"("status": "COMPLETED"})";

model::Transaction example() {
  model::Transaction transaction;
  transaction.transaction_id = "TXN-20260101-00000001";
  transaction.account_number = "ACC-0000000001";
  transaction.transaction_type = "PAYMENT";
  transaction.amount = model::Amount::from_units(1'234'500);
  transaction.timestamp = "2026-01-01 08:00:00";
  transaction.location = "POS-Gas-Station";
  transaction.merchant = "Shell Gas";
  transaction.status = model::Status::completed;
  return transaction;
}

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(AppendJsonString, EscapesWhatJsonAsksFor) {
  EXPECT_EQ(json_string(""), "\"\"");
  EXPECT_EQ(json_string("plain text, a bit longer than sixteen bytes"),
            "\"plain text, a bit longer than sixteen bytes\"");
  EXPECT_EQ(json_string("a\"b\\c/\n\r\t\b\f\x1f\x7f\0"s), "\"a\\\"b\\\\c/\\n\\r\\t\\b\\f\\u001f\x7f\\u0000\"");
  EXPECT_EQ(json_string("é 😀"), "\"é 😀\"");
}

TEST(AppendTransactionJson, IsTheOriginalsFormat) {
  std::string out;
  append_transaction_json(out, example());
  EXPECT_EQ(out, std::string(original) + "\n");
}

TEST(AppendTransactionJson, NullsAreWritten) {
  model::Transaction transaction = example();
  transaction.location = "";
  transaction.merchant = std::nullopt;
  transaction.status = model::Status::none;
  std::string out;
  append_transaction_json(out, transaction);
  EXPECT_TRUE(out.ends_with("\"location\": \"\", \"merchant\": null, \"status\": null}\n")) << out;
}

TEST(AppendTransactionJson, ReadsBackWhateverTheTexts) {
  model::Transaction transaction = example();
  transaction.transaction_id = "\"\\\n";
  const std::string merchant = "\0\x1f é"s;
  transaction.merchant = merchant;
  std::string out;
  append_transaction_json(out, transaction);
  const PaddedText record(out);
  TextArena arena;
  const auto read = JsonDecoder(FieldNames()).decode(record.view(), arena);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->transaction_id, transaction.transaction_id);
  EXPECT_EQ(read->merchant, transaction.merchant);
}

TEST(AppendTransactionCsv, ReadsBack) {
  model::Transaction transaction = example();
  transaction.location = "a, \"b\"\nc";
  transaction.merchant = std::nullopt;
  std::string out;
  append_transaction_csv(out, transaction);
  EXPECT_EQ(out,
            "TXN-20260101-00000001,ACC-0000000001,PAYMENT,123.45,2026-01-01 08:00:00,\"a, \"\"b\"\"\nc\",,COMPLETED\n");
  std::string header(csv_header());
  ASSERT_EQ(header.back(), '\n');
  header.pop_back();
  out.pop_back();
  auto decoder = CsvDecoder::make(header, FieldNames());
  ASSERT_TRUE(decoder);
  TextArena arena;
  const auto read = decoder->decode(out, arena);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->location, transaction.location);
  EXPECT_EQ(read->merchant, std::nullopt);
}

TEST(AppendAlert, HasTheFieldsOfTheContractInTheirOrder) {
  const model::Transaction transaction = example();
  const model::Alert alert{.transaction = transaction,
                           .rule_id = "HIGH_AMOUNT",
                           .reason = "Amount $123.45 is \"high\"",
                           .rules_version = "0123456789ab",
                           .score = 40,
                           .severity = model::Severity::high};
  std::string out;
  append_alert(out, alert, 1'767'254'400'000'017, {"data/a \"b\".json:", 17});
  EXPECT_EQ(out,
            R"({"alert_id": "TXN-20260101-00000001:HIGH_AMOUNT", "alert_type": "HIGH_AMOUNT", "severity": "HIGH", )"
            R"("score": 40, "reason": "Amount $123.45 is \"high\"", "transaction_id": "TXN-20260101-00000001", )"
            R"("account_number": "ACC-0000000001", "amount": 123.45, "timestamp": "2026-01-01 08:00:00", )"
            R"("rules_version": "0123456789ab", "detected_at": "2026-01-01T08:00:00.000017Z", )"
            R"("source": "data/a \"b\".json:17"})"
            "\n");
}

TEST(AppendProcessed, IsTheTransactionWithItsDecision) {
  const model::Transaction transaction = example();
  const std::array<std::string_view, 2> fired = {"A", "B"};
  std::string out;
  append_processed(out, {.transaction = transaction, .fired = fired, .risk = 70, .decision = model::Decision::review});
  append_processed(out, {.transaction = transaction, .fired = {}, .risk = 0, .decision = model::Decision::approve});
  const std::string members(original.substr(0, original.size() - 1));
  EXPECT_EQ(out, members + R"(, "risk": 70, "decision": "REVIEW", "rules": ["A", "B"]})" + "\n" + members +
                     R"(, "risk": 0, "decision": "APPROVE", "rules": []})" + "\n");
}

TEST(AppendRejected, KeepsTheRecordWhole) {
  std::string out;
  append_rejected(out, {model::Reason::amount_negative, "amount"}, {"a.json:", 3}, "{\"amount\": -1}");
  append_rejected(out, {model::Reason::not_json, {}}, {"topic/0/", 0}, "");
  EXPECT_EQ(out,
            R"({"reason": "amount_negative", "field": "amount", "source": "a.json:3", "record": "{\"amount\": -1}"})"
            "\n"
            R"({"reason": "not_json", "source": "topic/0/0", "record": ""})"
            "\n");
}

TEST(AppendRejected, WhatIsNotUtf8IsKeptAsBase64) {
  const auto encoded = [](std::string_view record) {
    std::string out;
    append_rejected(out, {model::Reason::not_utf8, {}}, {"a:", 1}, record);
    const std::string before = R"({"reason": "not_utf8", "source": "a:1", "record_base64": ")";
    EXPECT_TRUE(out.starts_with(before) && out.ends_with("\"}\n")) << out;
    return out.substr(before.size(), out.size() - before.size() - 3);
  };
  EXPECT_EQ(encoded("\xff"), "/w==");
  EXPECT_EQ(encoded("\xff\xfe"), "//4=");
  EXPECT_EQ(encoded("\xff\xfe\xfd"), "//79");
  EXPECT_EQ(encoded("\xffMany hands"), "/01hbnkgaGFuZHM=");
}

}  // namespace
}  // namespace bank::codec
