#include "codec/json_fast.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "codec/decode.h"
#include "codec/padded.h"

namespace bank::codec {
namespace {

// Whether it was read, and what then stands in the fields.
std::string in_words(FastJson& json, std::string_view record) {
  const PaddedText padded(record);
  RawFields fields;
  if (!json.read(padded.view(), fields)) return "no";
  std::string words;
  for (const RawField& field : fields) {
    words += std::to_string(static_cast<int>(field.kind)) + "'" + std::string(field.text) + "' ";
  }
  return words;
}

const std::vector<std::string>& records() {
  static const std::vector<std::string> records = {
      R"({"transaction_id": "A", "amount": 1.5, "merchant": null})",
      R"({"transaction_id": "B", "amount": 22.75, "merchant": "Shell Gas"})",
      R"({"transaction_id": "B", "amount": 22.75})",
      R"({"transaction_id": "C", "amount": 1e3, "merchant": true})",
      R"({"transaction_id": "a text of more than thirty-two bytes, so that it takes two looks", "amount": 0})",
      R"({"transaction_id": "thirty-two bytes are just this :", "amount": 0, "merchant": "x"})",
      R"({"transaction_id": "Müller", "amount": 7, "merchant": "é"})",
      "{\"transaction_id\": \"\xff\", \"amount\": 7, \"merchant\": \"x\"}",
      R"({"transaction_id": "D", "amount": 7, "merchant": "a\\"b"})",
      "{\"transaction_id\": \"D\", \"amount\": 7, \"merchant\": \"a\tb\"}",
      R"({"transaction_id": "E", "amount": 7, "note": 12, "merchant": "x"})",
      R"({"transaction_id": "E", "amount": 7, "note": 1/2, "merchant": "x"})",
      R"({"transaction_id": "E", "amount": 7, "note": "1", "note": "2"})",
      R"({"transaction_id": "F", "amount":  7, "merchant":  "x"})",
      R"({"transaction_id": "F", "amount": 7, "merchant": "x" })",
      R"({"transaction_id": "F", "amount": 7, "merchant": "x"} )",
      R"({"transaction_id": "F", "amount": 7, "merchant": "x"}})",
      R"({"transaction_id": "F", "amount": 7, "merchant": "x")",
      R"({"transaction_id": "F", "amount": 7, "amount": 7})",
      R"({"transaction_id": "F", "amount": 12345678901234567890, "merchant": "x"})",
      R"({"amount": 7, "transaction_id": "F"})",
      "{}",
      "{",
      "",
  };
  return records;
}

// Whatever came before, and whichever way the bytes are looked at.
TEST(FastJson, ReadsARecordTheSameAfterAnyOther) {
  const KeyTable keys(FieldNames().columns());
  for (const std::string& before : records()) {
    for (const std::string& record : records()) {
      FastJson fresh(keys);
      const std::string expected = in_words(fresh, record);
      FastJson plain(keys, false);
      EXPECT_EQ(in_words(plain, record), expected) << record;
      for (FastJson* json : {&fresh, &plain}) {
        in_words(*json, before);
        EXPECT_EQ(in_words(*json, record), expected) << record << " after " << before;
        EXPECT_EQ(in_words(*json, record), expected) << record << " after itself and " << before;
      }
    }
  }
}

TEST(FastJson, ATruncatedRecordIsNeverRead) {
  const KeyTable keys(FieldNames().columns());
  for (const bool avx2 : {false, true}) {
    FastJson json(keys, avx2);
    const std::string& record = records()[1];
    for (std::size_t size = 0; size < record.size(); ++size) {
      EXPECT_NE(in_words(json, record), "no");
      EXPECT_EQ(in_words(json, record.substr(0, size)), "no") << size;
    }
  }
}

}  // namespace
}  // namespace bank::codec
