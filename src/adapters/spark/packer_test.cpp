#include "adapters/spark/packer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/spark/test_records.h"

namespace bank::spark {
namespace {

using testing::HasSubstr;

TEST(Packer, WhereChunksEndDependsOnTheRecordsAlone) {
  const auto messages = random_stream(3, 20'000);
  const auto chunks = [&](std::size_t at_once, bool early) {
    Packer packer(setup(), 2, "t/");
    std::vector<Routed> all;
    for (std::size_t begin = 0; begin < messages.size(); begin += at_once) {
      const auto part = std::span(messages).subspan(begin, std::min(at_once, messages.size() - begin));
      EXPECT_TRUE(packer.pack(raw_message(0, part)).has_value());
      if (early) {
        for (Routed& routed : drain(packer, false)) all.push_back(std::move(routed));
      }
    }
    for (Routed& routed : drain(packer)) all.push_back(std::move(routed));
    return all;
  };
  const auto expected = chunks(20'000, false);
  EXPECT_GE(expected.size(), 4U);
  EXPECT_EQ(chunks(777, true), expected);
  EXPECT_EQ(chunks(1, false), expected);
}

TEST(Packer, EveryRecordIsPackedOnceAndItsAccountKeepsItsShard) {
  const auto messages = random_stream(4, 5000);
  Packer packer(setup(), 5, "t/");
  ASSERT_TRUE(packer.pack(raw_message(0, messages)).has_value());
  std::size_t accepted = 0;
  std::size_t rejected = 0;
  UnpackedChunk unpacked;
  for (const Routed& routed : drain(packer)) {
    ASSERT_TRUE(unpacked.read(routed.chunk).has_value());
    for (const model::Transaction& transaction : unpacked.transactions()) {
      EXPECT_EQ(shard_of(transaction.account_hash, 5), routed.shard);
    }
    accepted += unpacked.transactions().size();
    rejected += unpacked.refused().size();
  }
  EXPECT_EQ(accepted + rejected, messages.size());
  EXPECT_EQ(packer.counts().accepted, accepted);
  EXPECT_EQ(packer.counts().rejected, rejected);
  EXPECT_EQ(packer.counts().records, messages.size());
}

TEST(Packer, AnotherPartitionOrALowerOffsetBeginsAnotherChunk) {
  const auto messages = random_stream(5, 10);
  Packer packer(setup(), 1, "t/");
  ASSERT_TRUE(packer.pack(raw_message(0, messages)).has_value());
  ASSERT_TRUE(packer.pack(raw_message(1, messages)).has_value());
  ASSERT_TRUE(packer.pack(raw_message(1, messages)).has_value());
  std::vector<std::pair<std::int32_t, std::int64_t>> begins;
  UnpackedChunk unpacked;
  for (const Routed& routed : drain(packer)) {
    ASSERT_TRUE(unpacked.read(routed.chunk).has_value());
    if (unpacked.head().kind == ChunkKind::accepted) {
      begins.emplace_back(unpacked.head().partition, unpacked.head().first_number);
      EXPECT_EQ(unpacked.head().origin, fmt::format("t/{}/", unpacked.head().partition));
    }
  }
  EXPECT_EQ(begins.size(), 3U);
}

TEST(Packer, ARowOfAFileIsNamedByTheFileAlone) {
  Packer packer(setup(), 1, "days/1.parquet:");
  ASSERT_TRUE(packer.pack(raw_message(7, random_stream(5, 10))).has_value());
  UnpackedChunk unpacked;
  for (const Routed& routed : drain(packer)) {
    ASSERT_TRUE(unpacked.read(routed.chunk).has_value());
    EXPECT_EQ(unpacked.head().origin, "days/1.parquet:");
    EXPECT_EQ(unpacked.head().partition, 7);
  }
  EXPECT_GT(packer.counts().chunks, 0U);
}

TEST(Packer, AMessageThatIsCutOffChangesNothing) {
  const std::string whole = raw_message(0, random_stream(6, 20));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Packer packer(setup(), 1, "t/");
    const Try<> packed = packer.pack(std::string_view(whole).substr(0, size));
    ASSERT_FALSE(packed.has_value()) << size;
    EXPECT_EQ(packed.error().kind, Fault::Kind::border);
    EXPECT_EQ(packer.counts().records, 0U);
  }
}

TEST(Packer, AMessageThatIsNoneIsRefusedWithWhatIsWrong) {
  const auto refusal = [](std::string message) {
    Packer packer(setup(), 1, "t/");
    const Try<> packed = packer.pack(message);
    return packed ? std::string() : packed.error().message;
  };
  const std::string good = raw_message(0, random_stream(6, 3));
  std::string bad = good;
  bad[3] = '2';
  EXPECT_THAT(refusal(bad), HasSubstr("no BKR1"));
  bad = good;
  wire::put(bad, 4, std::uint16_t{9});
  EXPECT_THAT(refusal(bad), HasSubstr("version 9"));
  bad = good;
  wire::put(bad, 16, std::uint32_t{4});
  EXPECT_THAT(refusal(bad), HasSubstr("record 3 of 4"));
  wire::put(bad, 16, std::uint32_t{2});
  EXPECT_THAT(refusal(bad), HasSubstr("more in it"));
  bad = good;
  wire::put(bad, 32, std::int32_t{-2});
  EXPECT_THAT(refusal(bad), HasSubstr("record 0"));
  EXPECT_EQ(refusal(good), "");
}

TEST(Packer, HugeRecordsFillAChunkEach) {
  std::vector<Message> messages;
  for (int i = 0; i < 3; ++i) messages.push_back({.offset = i, .value = std::string(300'000, 'x')});
  Packer packer(setup(), 1, "t/");
  ASSERT_TRUE(packer.pack(raw_message(0, messages)).has_value());
  EXPECT_EQ(drain(packer, false).size(), 3U);
}

}  // namespace
}  // namespace bank::spark
