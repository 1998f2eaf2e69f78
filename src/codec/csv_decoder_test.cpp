#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/hash.h"
#include "codec/decode.h"
#include "codec/encode.h"

namespace bank::codec {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr std::string_view header =
    "transaction_id,account_number,transaction_type,amount,timestamp,location,merchant,status";

// What a row came to: the transaction as JSON, or reason and field.
std::string decode(CsvDecoder& decoder, std::string_view row) {
  TextArena arena;
  const auto result = decoder.decode(row, arena);
  if (!result) return std::string(to_string(result.error().reason)) + "/" + std::string(result.error().field);
  EXPECT_EQ(result->account_hash, hash64(result->account_number));
  std::string out;
  append_transaction_json(out, *result);
  out.pop_back();
  return out;
}

std::string decode(std::string_view row, std::string_view under = header) {
  auto decoder = CsvDecoder::make(under, FieldNames());
  EXPECT_TRUE(decoder) << decoder.error().message;
  return decoder ? decode(*decoder, row) : "";
}

const std::string fine =
    R"({"transaction_id": "T1", "account_number": "A1", "transaction_type": "PAYMENT", "amount": 12.50, )"
    R"("timestamp": "2026-01-01 08:00:00", "location": "Here", "merchant": "Shop", "status": "FAILED"})";

TEST(CsvDecoder, ARow) {
  EXPECT_EQ(decode("T1,A1,PAYMENT,12.5,2026-01-01 08:00:00,Here,Shop,FAILED"), fine);
  EXPECT_EQ(decode("T1,A1,PAYMENT,12.5,2026-01-01 08:00:00,Here,Shop,FAILED\r", std::string(header) + "\r"), fine);
  EXPECT_EQ(decode("\"T1\",\"A1\",\"PAYMENT\",\"12.5\",\"2026-01-01 08:00:00\",\"Here\",\"Shop\",\"FAILED\"\r"), fine);
}

TEST(CsvDecoder, ColumnsInAnyOrderUnknownOnesAndAByteOrderMark) {
  EXPECT_EQ(decode("FAILED,,T1,x,A1,PAYMENT,12.5,Here,Shop,2026-01-01 08:00:00",
                   "\xef\xbb\xbfstatus,x,transaction_id,x,\"account_number\",transaction_type,amount,location,merchant,"
                   "timestamp"),
            fine);
}

TEST(CsvDecoder, OptionalColumnsMayBeMissingAndEmptyCellsAreNull) {
  EXPECT_THAT(decode("T1,A1,PAYMENT,12.5,2026-01-01 08:00:00",
                     "transaction_id,account_number,transaction_type,amount,timestamp"),
              HasSubstr("\"location\": null, \"merchant\": null, \"status\": null"));
  EXPECT_THAT(decode("T1,A1,PAYMENT,12.5,2026-01-01 08:00:00,,\"\","),
              HasSubstr("\"location\": null, \"merchant\": null, \"status\": null"));
  EXPECT_EQ(decode(",A1,PAYMENT,12.5,2026-01-01 08:00:00,,,"), "missing_field/transaction_id");
  EXPECT_EQ(decode("T1,A1,PAYMENT,,2026-01-01 08:00:00,,,"), "missing_field/amount");
}

TEST(CsvDecoder, AMappedColumnThatIsNotThereIsAMistake) {
  for (const std::string_view mapping : {"merchant=shpo", "amount=shpo"}) {
    FieldNames names;
    ASSERT_TRUE(names.map(mapping));
    const auto decoder = CsvDecoder::make(header, names);
    ASSERT_FALSE(decoder);
    EXPECT_EQ(decoder.error().kind, ErrorKind::config);
    EXPECT_THAT(decoder.error().message, HasSubstr("no column 'shpo'"));
  }
}

TEST(CsvDecoder, QuotedCells) {
  EXPECT_THAT(decode("T1,A1,PAYMENT,12.5,2026-01-01 08:00:00,\"a, \"\"b\"\"\r\nc\",\"\"\"\",FAILED"),
              AllOf(HasSubstr(R"("location": "a, \"b\"\r\nc")"), HasSubstr(R"("merchant": "\"")")));
}

TEST(CsvDecoder, BrokenRows) {
  for (const std::string_view row : {"", "T1", "T1,A1,PAYMENT,12.5,2026-01-01 08:00:00,Here,Shop",
                                     "T1,A1,PAYMENT,12.5,2026-01-01 08:00:00,Here,Shop,FAILED,",
                                     "T1,A1,PAYMENT,12.5,2026-01-01 08:00:00,He\"re,Shop,FAILED",
                                     "T1,A1,PAYMENT,12.5,2026-01-01 08:00:00,\"Here,Shop,FAILED",
                                     "T1,A1,PAYMENT,12.5,2026-01-01 08:00:00,\"He\"re,Shop,FAILED",
                                     "\"T1\" ,A1,PAYMENT,12.5,2026-01-01 08:00:00,Here,Shop,FAILED",
                                     "T1,A1,PAYMENT,12.5,2026-01-01 08:00:00,Here,Shop,\"FAILED"}) {
    EXPECT_EQ(decode(row), "bad_csv/") << row;
  }
}

TEST(CsvDecoder, CellsKeepTheRulesOfTheContract) {
  const auto with = [](std::string_view amount, std::string_view time = "2026-01-01 08:00:00",
                       std::string_view status = "") {
    return "T1,A1,PAYMENT," + std::string(amount) + "," + std::string(time) + ",,," + std::string(status);
  };
  for (const std::string_view amount : {"007", "NaN", "12 ", " 12", "$12", "1_000", "12.", ".5", "+1", "0x10"}) {
    EXPECT_EQ(decode(with(amount)), "bad_amount_syntax/amount") << amount;
  }
  EXPECT_EQ(decode(with("-1")), "amount_negative/amount");
  EXPECT_EQ(decode(with("1e400")), "amount_too_large/amount");
  EXPECT_EQ(decode(with("1.00005")), "amount_too_precise/amount");
  EXPECT_EQ(decode(with("1", "2026-02-30 00:00:00")), "bad_timestamp/timestamp");
  EXPECT_EQ(decode(with("1", "2026-02-03 00:00:00", "failed")), "bad_status/status");
  EXPECT_EQ(decode("T1," + std::string(65, 'a') + ",PAYMENT,1,2026-01-01 08:00:00,,,"), "bad_length/account_number");
  EXPECT_EQ(decode(with("1") + "\xff"), "not_utf8/");
  EXPECT_EQ(decode("\xff"), "not_utf8/");
  EXPECT_EQ(decode(std::string(model::max_record_bytes + 1, '\xff')), "too_long/");
}

TEST(CsvDecoder, MappedColumns) {
  FieldNames names;
  ASSERT_TRUE(names.map("account_number=cc num,amount=amt"));
  auto decoder =
      CsvDecoder::make("amount,amt,cc num,transaction_id,transaction_type,timestamp,merchant,location,status", names);
  ASSERT_TRUE(decoder) << decoder.error().message;
  EXPECT_EQ(decode(*decoder, "junk,12.5,A1,T1,PAYMENT,2026-01-01 08:00:00,Shop,Here,FAILED"), fine);
}

TEST(CsvDecoder, AHeaderThatCannotDoIsAConfigurationError) {
  const auto error_of = [](std::string_view under, std::string_view map = "") {
    FieldNames names;
    EXPECT_TRUE(map.empty() || names.map(map));
    const auto decoder = CsvDecoder::make(under, names);
    EXPECT_FALSE(decoder);
    if (decoder) return std::string();
    EXPECT_EQ(decoder.error().kind, ErrorKind::config);
    return decoder.error().message;
  };
  EXPECT_THAT(error_of("transaction_id,transaction_type,amount,timestamp"),
              AllOf(HasSubstr("no column 'account_number'"), HasSubstr("--map account_number=COLUMN")));
  EXPECT_THAT(error_of("transaction_id,account_number,transaction_type,amt,timestamp"),
              HasSubstr("--map amount=COLUMN"));
  EXPECT_THAT(error_of("transaction_id,cc_num,transaction_type,amount,timestamp", "account_number=cc_nun"),
              AllOf(HasSubstr("no column 'cc_nun', to which account_number is mapped; did you mean 'cc_num'?"),
                    HasSubstr("--map account_number=cc_num")));
  EXPECT_THAT(
      error_of(header, "amount=Betrag"),
      AllOf(HasSubstr("no column 'Betrag', to which amount is mapped; it has"), HasSubstr("--map amount=COLUMN")));
  EXPECT_THAT(error_of("transaction_id;account_number;amount"), HasSubstr("parted by commas, not by ';'"));
  EXPECT_THAT(error_of(""), HasSubstr("'transaction_id'"));
  EXPECT_THAT(error_of(std::string(header) + ",amount"), HasSubstr("'amount' twice"));
  EXPECT_THAT(error_of("\"transaction_id,"), HasSubstr("quote"));
  EXPECT_THAT(error_of("\xff"), HasSubstr("UTF-8"));
}

}  // namespace
}  // namespace bank::codec
