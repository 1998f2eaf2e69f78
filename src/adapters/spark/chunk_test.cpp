#include "adapters/spark/chunk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "adapters/spark/test_records.h"
#include "base/hash.h"
#include "codec/decode.h"
#include "codec/padded.h"

namespace bank::spark {
namespace {

using testing::HasSubstr;

struct Decoded {
  codec::TextArena arena;
  std::vector<std::unique_ptr<codec::PaddedText>> texts;
  std::vector<model::Transaction> transactions;
};

Decoded decode(const std::vector<Message>& messages) {
  Decoded out;
  codec::JsonDecoder decoder{codec::FieldNames()};
  for (const Message& message : messages) {
    out.texts.push_back(std::make_unique<codec::PaddedText>(message.value));
    if (const auto decoded = decoder.decode(out.texts.back()->view(), out.arena)) out.transactions.push_back(*decoded);
  }
  return out;
}

std::string chunk_of(const std::vector<model::Transaction>& transactions, std::int64_t first = 0) {
  ChunkWriter writer;
  writer.begin(ChunkKind::accepted, 2, "topic/2/");
  std::int64_t number = first;
  for (const model::Transaction& transaction : transactions) writer.add(transaction, number += 3);
  return writer.finish();
}

void expect_same(const model::Transaction& a, const model::Transaction& b) {
  EXPECT_EQ(a.transaction_id, b.transaction_id);
  EXPECT_EQ(a.account_number, b.account_number);
  EXPECT_EQ(a.transaction_type, b.transaction_type);
  EXPECT_EQ(a.timestamp, b.timestamp);
  EXPECT_EQ(a.location, b.location);
  EXPECT_EQ(a.merchant, b.merchant);
  EXPECT_EQ(a.amount, b.amount);
  EXPECT_EQ(a.time, b.time);
  EXPECT_EQ(a.account_hash, b.account_hash);
  EXPECT_EQ(a.status, b.status);
}

TEST(Chunk, EveryFieldComesBackAsItWas) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Decoded decoded = decode(random_stream(seed, 500));
    UnpackedChunk unpacked;
    const std::string chunk = chunk_of(decoded.transactions, -5);
    ASSERT_TRUE(unpacked.read(chunk).has_value());
    EXPECT_EQ(unpacked.head().kind, ChunkKind::accepted);
    EXPECT_EQ(unpacked.head().partition, 2);
    EXPECT_EQ(unpacked.head().origin, "topic/2/");
    EXPECT_EQ(unpacked.head().first_number, -2);
    ASSERT_EQ(unpacked.transactions().size(), decoded.transactions.size());
    for (std::size_t i = 0; i < decoded.transactions.size(); ++i) {
      expect_same(unpacked.transactions()[i], decoded.transactions[i]);
      EXPECT_EQ(unpacked.numbers()[i], -2 + 3 * static_cast<std::int64_t>(i));
    }
  }
}

TEST(Chunk, TheEndsOfEveryRangeComeBack) {
  std::vector<Message> messages;
  const std::string id(128, 'i');
  const std::string account(64, 'a');
  for (const std::string_view time :
       {"0001-01-01 00:00:00", "9999-12-31 23:59:59", "9999-12-31T23:59:59Z", "9999-12-31 23:59:59.999999",
        "0001-01-01T00:00:00+00:00", "1969-12-31 23:59:59", "1969-12-31 23:59:59.5", "2024-02-29t01:02:03z",
        "2024-02-29 01:02:03Z", "2024-02-29 01:02:03.123456789"}) {
    for (const std::string_view amount : {"0", "99999999999999.9999", "0.0001", "0.01"}) {
      messages.push_back(
          {.value = fmt::format(
               R"({{"transaction_id": "{}", "account_number": "{}", "transaction_type": "{}", "amount": {}, "timestamp": "{}", "location": "{}", "merchant": "", "status": "PENDING"}})",
               id, account, std::string(32, 't'), amount, time, std::string(3000, 'l'))});
    }
  }
  const Decoded decoded = decode(messages);
  ASSERT_EQ(decoded.transactions.size(), messages.size());
  UnpackedChunk unpacked;
  const std::string chunk = chunk_of(decoded.transactions);
  ASSERT_TRUE(unpacked.read(chunk).has_value());
  for (std::size_t i = 0; i < messages.size(); ++i) expect_same(unpacked.transactions()[i], decoded.transactions[i]);
}

TEST(Chunk, ManyDifferentTextsComeBackToo) {
  std::vector<Message> messages;
  for (int i = 0; i < 3000; ++i) {
    messages.push_back(
        {.value = fmt::format(
             R"({{"transaction_id": "T{}", "account_number": "A{}", "transaction_type": "X{}", "amount": 1, "timestamp": "2026-01-01 00:00:00", "location": "L{}", "merchant": "{}"}})",
             i, i % 7, i % 500, i % 1000, std::string(static_cast<std::size_t>(i % 12), 'm'))});
  }
  const Decoded decoded = decode(messages);
  UnpackedChunk unpacked;
  const std::string chunk = chunk_of(decoded.transactions);
  ASSERT_TRUE(unpacked.read(chunk).has_value());
  for (std::size_t i = 0; i < messages.size(); ++i) expect_same(unpacked.transactions()[i], decoded.transactions[i]);
}

TEST(Chunk, IsATenthOfTheJson) {
  std::vector<Message> messages;
  std::mt19937_64 random(1);
  std::size_t bytes = 0;
  for (int i = 0; i < 5000; ++i) {
    messages.push_back(
        {.value = fmt::format(
             R"({{"transaction_id": "TXN-20260101-{:08}", "account_number": "ACC-{:010}", "transaction_type": "PAYMENT", "amount": {}.{:02}, "timestamp": "2026-01-01 00:{:02}:{:02}", "location": "POS-Retail-Store", "merchant": "Starbucks", "status": "COMPLETED"}})",
             i, random() % 100'000, random() % 500, random() % 100, i / 60 % 60, i % 60)});
    bytes += messages.back().value.size();
  }
  const Decoded decoded = decode(messages);
  EXPECT_LT(chunk_of(decoded.transactions).size() * 9, bytes);
}

TEST(Chunk, ADifferentByteAnywhereIsNoticed) {
  const std::string chunk = chunk_of(decode(random_stream(1, 60)).transactions);
  UnpackedChunk unpacked;
  for (std::size_t i = 0; i < chunk.size(); ++i) {
    std::string damaged = chunk;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    const Try<> read = unpacked.read(damaged);
    ASSERT_FALSE(read.has_value()) << i;
    EXPECT_EQ(read.error().kind, Fault::Kind::state);
  }
  for (std::size_t size = 0; size < chunk.size(); ++size) {
    ASSERT_FALSE(unpacked.read(std::string_view(chunk).substr(0, size)).has_value()) << size;
  }
  EXPECT_FALSE(unpacked.read(chunk + '\0').has_value());
  EXPECT_TRUE(unpacked.read(chunk).has_value());
}

// What the checksum can't tell: bytes that someone has made on purpose.
TEST(Chunk, DamageUnderARightChecksumIsRefusedOrRead) {
  const std::string chunk = chunk_of(decode(random_stream(1, 60)).transactions);
  UnpackedChunk unpacked;
  std::mt19937_64 random(4);
  std::size_t refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string damaged = chunk;
    for (std::uint64_t n = 1 + random() % 3; n > 0; --n) {
      damaged[32 + random() % (damaged.size() - 32)] = static_cast<char>(random());
    }
    wire::put(damaged, 24, chunk_hash(damaged));
    refused += unpacked.read(damaged) ? 0 : 1;
  }
  EXPECT_GT(refused, 1000U);
}

TEST(Chunk, OfAnotherVersionIsSaidToBe) {
  std::string chunk = chunk_of(decode(random_stream(1, 60)).transactions);
  wire::put(chunk, 4, std::uint16_t{2});
  wire::put(chunk, 24, chunk_hash(chunk));
  const Try<> read = UnpackedChunk().read(chunk);
  ASSERT_FALSE(read.has_value());
  EXPECT_THAT(read.error().message, HasSubstr("version 2"));
}

TEST(Chunk, RefusedRecordsComeBackWhole) {
  ChunkWriter writer;
  writer.begin(ChunkKind::rejected, 1, "f:");
  const std::vector<Refused> records = {
      {.number = 5, .rejection = {model::Reason::bad_csv, {}}, .key = {}, .value = "a,b", .piece = 0},
      {.number = 5,
       .rejection = {model::Reason::bad_length, model::field::merchant},
       .key = "k",
       .value = {},
       .piece = 3,
       .has_key = true,
       .has_value = false}};
  for (const Refused& record : records) writer.add(record);
  const std::string chunk = writer.finish();
  UnpackedChunk unpacked;
  ASSERT_TRUE(unpacked.read(chunk).has_value());
  ASSERT_EQ(unpacked.refused().size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    const Refused& found = unpacked.refused()[i];
    EXPECT_EQ(found.number, records[i].number);
    EXPECT_EQ(found.rejection.reason, records[i].rejection.reason);
    EXPECT_EQ(found.rejection.field, records[i].rejection.field);
    EXPECT_EQ(found.key, records[i].key);
    EXPECT_EQ(found.value, records[i].value);
    EXPECT_EQ(found.piece, records[i].piece);
    EXPECT_EQ(found.has_key, records[i].has_key);
    EXPECT_EQ(found.has_value, records[i].has_value);
  }
}

}  // namespace
}  // namespace bank::spark
