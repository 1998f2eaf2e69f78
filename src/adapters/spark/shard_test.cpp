#include "adapters/spark/shard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/spark/test_records.h"

namespace bank::spark {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Partitions = std::map<std::int32_t, std::vector<Message>>;

/// The partitions through packers and shards, in so many rounds (micro-batches).
std::vector<ReadOutcome> through_shards(const Partitions& partitions, const std::shared_ptr<const Setup>& of,
                                        std::uint32_t shards, std::size_t rounds, std::size_t at_once) {
  std::vector<std::unique_ptr<ShardSession>> sessions;
  for (std::uint32_t i = 0; i < shards; ++i) sessions.push_back(std::make_unique<ShardSession>(of));
  std::vector<ReadOutcome> outcomes;
  for (std::size_t round = 0; round < rounds; ++round) {
    for (const auto& [partition, messages] : partitions) {
      Packer packer(of, shards, "topic/");
      const std::size_t end = messages.size() * (round + 1) / rounds;
      for (std::size_t begin = messages.size() * round / rounds; begin < end; begin += at_once) {
        const auto part = std::span(messages).subspan(begin, std::min(at_once, end - begin));
        EXPECT_TRUE(packer.pack(raw_message(partition, part)).has_value());
      }
      for (const Routed& routed : drain(packer)) outcomes.push_back(judge(*sessions[routed.shard], routed.chunk));
    }
  }
  return outcomes;
}

Texts texts_of(const std::vector<ReadOutcome>& outcomes) {
  std::vector<Output> outputs;
  for (const ReadOutcome& outcome : outcomes) {
    outputs.insert(outputs.end(), outcome.outputs.begin(), outcome.outputs.end());
  }
  return sorted_texts(std::move(outputs));
}

TEST(Shard, SaysWhatFileModeSaysWhateverTheShardsAndBatches) {
  const auto of = setup("processed=yes\ndead_letters=lines\nlateness_us=3600000000\n");
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    // Each partition is a stream of its own, with its own histories: so is a file that is read alone.
    Partitions partitions;
    Texts expected;
    for (std::int32_t partition = 0; partition < 3; ++partition) {
      partitions[partition] = random_stream(seed * 10 + static_cast<std::uint64_t>(partition), 1500);
      const Texts texts = file_mode({{partition, partitions[partition]}}, *of).texts;
      expected.alerts += texts.alerts;
      expected.processed += texts.processed;
      expected.rejected += texts.rejected;
    }
    ASSERT_FALSE(expected.alerts.empty());
    ASSERT_FALSE(expected.rejected.empty());
    for (const auto& [shards, rounds, at_once] :
         {std::tuple(1U, 1, 5000), std::tuple(8U, 20, 7), std::tuple(3U, 4, 1)}) {
      const Texts texts = texts_of(
          through_shards(partitions, of, shards, static_cast<std::size_t>(rounds), static_cast<std::size_t>(at_once)));
      EXPECT_EQ(texts.alerts, expected.alerts);
      EXPECT_EQ(texts.processed, expected.processed);
      EXPECT_EQ(texts.rejected, expected.rejected);
    }
  }
}

TEST(Shard, SharedHistoriesAreThoseOfFilesReadOneAfterAnother) {
  const auto of = setup("processed=yes\ndead_letters=lines\nhistories=shared\n");
  const Partitions files = {{0, random_stream(1, 1000)}, {1, random_stream(2, 1000)}};
  const FileMode expected = file_mode(files, *of);
  const std::vector<ReadOutcome> outcomes = through_shards(files, of, 4, 1, 5000);
  const Texts texts = texts_of(outcomes);
  EXPECT_EQ(texts.alerts, expected.texts.alerts);
  EXPECT_EQ(texts.processed, expected.texts.processed);

  pipeline::Summary sum;
  sum.alerts_by_rule.resize(3);
  for (const ReadOutcome& outcome : outcomes) {
    sum.judged += outcome.judged;
    sum.resends += outcome.resends;
    sum.late += outcome.late;
    sum.rejected += outcome.rejected;
    sum.alerts += outcome.alerts;
    for (std::size_t i = 0; i < 3; ++i) sum.decisions[i] += outcome.decisions[i];
    for (std::size_t i = 0; i < 3; ++i) sum.alerts_by_rule[i] += outcome.by_rule[i];
    for (std::size_t i = 0; i < pipeline::reason_count; ++i) sum.rejected_by_reason[i] += outcome.by_reason[i];
  }
  EXPECT_EQ(sum.judged, expected.summary.judged);
  EXPECT_EQ(sum.resends, expected.summary.resends);
  EXPECT_GT(sum.resends, 0U);
  EXPECT_EQ(sum.late, expected.summary.late);
  EXPECT_EQ(sum.rejected, expected.summary.rejected);
  EXPECT_EQ(sum.alerts, expected.summary.alerts);
  EXPECT_EQ(sum.decisions, expected.summary.decisions);
  EXPECT_EQ(sum.alerts_by_rule, expected.summary.alerts_by_rule);
  EXPECT_EQ(sum.rejected_by_reason, expected.summary.rejected_by_reason);
}

TEST(Shard, ADeadLetterIsTheRecordWithItsKeyAndWhatIsWrong) {
  const auto of = setup("");
  Packer packer(of, 1, "topic/");
  const std::vector<Message> messages = {
      {.offset = 7, .value = "no json\xff", .key = "", .has_key = false},
      {.offset = 9, .value = R"({"transaction_id": "T"})", .key = "K"},
      {.offset = 10, .value = "", .has_value = false},
  };
  ASSERT_TRUE(packer.pack(raw_message(3, messages)).has_value());
  const auto chunks = drain(packer);
  ASSERT_EQ(chunks.size(), 1U);
  ShardSession session(of);
  const ReadOutcome outcome = judge(session, chunks[0].chunk);
  ASSERT_EQ(outcome.outputs.size(), 3U);
  EXPECT_EQ(outcome.rejected, 3U);
  const Output& first = outcome.outputs[0];
  EXPECT_EQ(std::tuple(first.kind, first.partition, first.number, first.has_key, first.value),
            std::tuple(2, 3, 7, false, "no json\xff"));
  EXPECT_EQ(first.exception, "not_utf8");
  EXPECT_EQ(first.message, "not_utf8");
  EXPECT_EQ(outcome.outputs[1].key, "K");
  EXPECT_EQ(outcome.outputs[1].exception, "missing_field");
  EXPECT_EQ(outcome.outputs[1].message, "account_number: missing_field");
  EXPECT_FALSE(outcome.outputs[2].has_value);
}

TEST(Shard, AlertsAreKeyedByAccountAndSayTheirOffset) {
  const auto of = setup("");
  Packer packer(of, 1, "payments/");
  ASSERT_TRUE(
      packer
          .pack(raw_message(
              2,
              std::vector<Message>{
                  {.offset = 4711,
                   .value =
                       R"({"transaction_id": "T1", "account_number": "A1", "transaction_type": "PAYMENT", "amount": 1000, "timestamp": "2026-01-01 00:00:00"})"}}))
          .has_value());
  ShardSession session(of);
  const ReadOutcome outcome = judge(session, drain(packer)[0].chunk);
  ASSERT_EQ(outcome.outputs.size(), 1U);
  EXPECT_EQ(outcome.outputs[0].key, "A1");
  EXPECT_THAT(outcome.outputs[0].value, HasSubstr(R"("source": "payments/2/4711")"));
  EXPECT_THAT(outcome.outputs[0].value, HasSubstr(R"("detected_at": "2023-11-14T22:13:20.000000Z")"));
  EXPECT_EQ(outcome.newest_us, 1'767'225'600'000'000);
  EXPECT_THAT(outcome.by_rule, ElementsAre(1, 0, 0));
}

TEST(Shard, ForgetsByTheTimeOfThePartitionThatAnAccountIsOf) {
  const auto of = setup("lateness_us=60000000\n");  // W = 5 minutes
  ShardSession session(of);
  const auto feed = [&](std::int32_t partition, std::int64_t offset, int day, int accounts) {
    std::vector<Message> messages;
    for (int i = 0; i < accounts; ++i) {
      messages.push_back(
          {.offset = offset + i,
           .value = fmt::format(
               R"({{"transaction_id": "T{}-{}-{}", "account_number": "A{}-{}-{}", "transaction_type": "PAYMENT", "amount": 1, "timestamp": "2026-01-{:02} 00:00:00"}})",
               partition, day, i, partition, day, i, day)});
    }
    Packer packer(of, 1, "t/");
    EXPECT_TRUE(packer.pack(raw_message(partition, messages)).has_value());
    for (const Routed& routed : drain(packer)) judge(session, routed.chunk);
  };
  feed(0, 0, 1, 100);
  feed(1, 0, 1, 50);
  EXPECT_THAT(session.shard().statistics(), HasSubstr(R"("accounts":150)"));
  feed(0, 1000, 2, 100);  // partition 1 stays where it is, and so do its accounts
  EXPECT_THAT(session.shard().statistics(), HasSubstr(R"("accounts":150)"));
  feed(1, 1000, 2, 10);  // too few accounts to be believed
  EXPECT_THAT(session.shard().statistics(), HasSubstr(R"("accounts":160)"));
  feed(1, 2000, 3, 20);
  EXPECT_THAT(session.shard().statistics(), HasSubstr(R"("accounts":120)"));
}

}  // namespace
}  // namespace bank::spark
