#include "adapters/spark/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/spark/test_records.h"
#include "analytics/report.h"
#include "analytics/saved.h"
#include "codec/alert_decode.h"

namespace bank::spark {
namespace {

using testing::HasSubstr;

/// What `bank analyze` makes of records and the alerts about them.
std::string analyzed(const std::vector<Message>& messages, const std::string& alerts) {
  analytics::Accumulators of;
  codec::TextArena arena;
  codec::JsonDecoder decoder{codec::FieldNames()};
  for (const Message& message : messages) {
    const std::string padded = message.value + std::string(64, ' ');
    const auto decoded = decoder.decode(std::string_view(padded).substr(0, message.value.size()), arena);
    if (decoded) {
      of.transactions.add(*decoded);
    } else {
      of.transactions.add_rejected(decoded.error().reason);
    }
    arena.clear();
  }
  for (std::size_t begin = 0; begin < alerts.size();) {
    const std::size_t end = alerts.find('\n', begin);
    const auto alert = codec::decode_alert(std::string_view(alerts).substr(begin, end - begin), arena);
    EXPECT_TRUE(alert.has_value());
    of.alerts.add(*alert);
    begin = end + 1;
  }
  of.alerts.finish();
  return analytics::to_json(analytics::make_report(
      of.transactions, &of.alerts,
      {.generator = "bank", .generated_at_us = 5, .inputs = {"a", "b"}, .alerts_input = "x", .top = 7, .resends = 3}));
}

TEST(Report, OfManyShardsIsTheOneThatAnalyzeMakes) {
  const auto of = setup("histories=shared\nanalytics=yes\n");
  const auto messages = random_stream(1, 20'000, 300);
  const std::string alerts = file_mode({{0, messages}}, *of).texts.alerts;
  ASSERT_FALSE(alerts.empty());
  Packer packer(of, 5, "topic/");
  ASSERT_TRUE(packer.pack(raw_message(0, messages)).has_value());
  std::vector<std::unique_ptr<ShardSession>> shards;
  for (int i = 0; i < 5; ++i) shards.push_back(std::make_unique<ShardSession>(of));
  for (const Routed& routed : drain(packer)) judge(*shards[routed.shard], routed.chunk);

  std::vector<std::string> saved;
  for (const auto& shard : shards) saved.push_back(*save_analytics(shard->shard()));
  const std::string left = *merge_analytics(*merge_analytics(saved[3], saved[0]), saved[2]);
  const std::string all = *merge_analytics(left, *merge_analytics(saved[1], saved[4]));
  const Try<std::string> json = report(all, "input=a\ninput=b\nalerts_input=x\ntop=7\ngenerated_at_us=5\nresends=3\n");
  ASSERT_TRUE(json.has_value());
  EXPECT_TRUE(*json == analyzed(messages, alerts));
}

TEST(Report, RefusesWrongOptionsAndBytes) {
  const auto of = setup("analytics=yes\n");
  Shard shard(of);
  const std::string saved = *save_analytics(shard);
  EXPECT_EQ(report(saved, "top=0").error().kind, Fault::Kind::rules);
  EXPECT_THAT(report(saved, "tip=5").error().message, HasSubstr("no such option"));
  EXPECT_EQ(report("x", "").error().kind, Fault::Kind::state);
  EXPECT_EQ(merge_analytics(saved, saved.substr(1)).error().kind, Fault::Kind::state);
  Shard without(setup(""));
  EXPECT_EQ(save_analytics(without).error().kind, Fault::Kind::border);
  EXPECT_TRUE(report(saved, "").has_value()) << "of nothing";
}

}  // namespace
}  // namespace bank::spark
