#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/decode.h"

namespace bank::codec {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(FieldNames, EachFieldIsNamedAsItselfUnlessMapped) {
  FieldNames names;
  EXPECT_THAT(names.columns(), ElementsAre("transaction_id", "account_number", "transaction_type", "amount",
                                           "timestamp", "location", "merchant", "status"));
  EXPECT_TRUE(names.map("account_number=cc_num,amount=amt (USD)"));
  EXPECT_THAT(names.columns(), ElementsAre("transaction_id", "cc_num", "transaction_type", "amt (USD)", "timestamp",
                                           "location", "merchant", "status"));
  EXPECT_TRUE(names.map("location=merchant,merchant=location"));
  EXPECT_EQ(names.columns()[5], "merchant");
}

TEST(FieldNames, MistakesAreConfigurationErrorsAndChangeNothing) {
  FieldNames names;
  const auto error_of = [&names](std::string_view spec) {
    const Result<void> mapped = names.map(spec);
    EXPECT_FALSE(mapped) << spec;
    if (mapped) return std::string();
    EXPECT_EQ(mapped.error().kind, ErrorKind::config);
    return mapped.error().message;
  };
  EXPECT_THAT(error_of("acount=x"), HasSubstr("'acount'"));
  EXPECT_THAT(error_of("acount=x"), HasSubstr("account_number"));
  EXPECT_THAT(error_of("amount=a,amount=b"), HasSubstr("'amount' is mapped twice"));
  EXPECT_THAT(error_of("location=merchant"), HasSubstr("'merchant' would be read as both"));
  EXPECT_THAT(error_of("location=x,merchant=x"), HasSubstr("'x' would be read as both"));
  EXPECT_THAT(error_of("amount="), HasSubstr("FIELD=COLUMN"));
  EXPECT_THAT(error_of("amount"), HasSubstr("FIELD=COLUMN"));
  EXPECT_THAT(error_of(""), HasSubstr("FIELD=COLUMN"));
  EXPECT_THAT(error_of("amount=a,"), HasSubstr("FIELD=COLUMN"));
  EXPECT_THAT(error_of("=a"), HasSubstr("no such field"));
  EXPECT_EQ(names.columns(), FieldNames().columns());
}

}  // namespace
}  // namespace bank::codec
