#include "pipeline/run.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "rules/load.h"

namespace bank::pipeline {
namespace {

constexpr std::int64_t detected_us = 1'700'000'000'000'000;

std::shared_ptr<const engine::Plan> plan() {
  static const auto compiled = [] {
    const auto rules = rules::parse_rules(R"(version: 1
rules:
  - id: HIGH
    severity: HIGH
    score: 40
    when: amount > 5000
    reason: "Amount ${amount}"
  - id: OFTEN
    severity: MEDIUM
    score: 30
    when: count(5m) >= 3
    reason: "{count(5m)} in 5 minutes"
)",
                                          "test.yaml");
    return engine::Plan::compile(rules.value());
  }();
  return compiled;
}

std::string record(int id, int account, int amount, int second) {
  return fmt::format(
      R"({{"transaction_id": "T{}", "account_number": "A{}", "transaction_type": "PAYMENT", "amount": {}, "timestamp": "2026-01-01 00:{:02}:{:02}"}})",
      id, account, amount, second / 60 % 60, second % 60);
}

class TextBatch final : public RawBatch {
 public:
  TextBatch(std::vector<std::string> lines, std::int64_t first_number, const Stream& stream)
      : first_number_(first_number), stream_(stream) {
    for (std::string& line : lines) {
      sizes_.push_back(line.size());
      lines_.push_back(std::move(line) + std::string(padding, ' '));
    }
  }
  void split(std::vector<RawRecord>& out) const override {
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      out.push_back({.bytes = std::string_view(lines_[i]).substr(0, sizes_[i]),
                     .number = first_number_ + static_cast<std::int64_t>(i),
                     .stream = &stream_});
    }
  }
  std::size_t bytes() const override {
    std::size_t sum = 0;
    for (const std::size_t size : sizes_) sum += size;
    return sum;
  }

 private:
  std::vector<std::string> lines_;
  std::vector<std::size_t> sizes_;
  std::int64_t first_number_;
  const Stream& stream_;
};

// Gives the batches that it was told to give, then fails if it was told to.
class FakeSource final : public Source {
 public:
  explicit FakeSource(std::vector<std::vector<std::string>> batches) : batches_(std::move(batches)) {}
  Result<std::unique_ptr<RawBatch>> next() override {
    if (next_ == raise_stop_at) stop.store(true);
    if (next_ == fail_at) return fail("input: broken at byte 17");
    if (next_ == batches_.size()) return nullptr;
    const auto count = static_cast<std::int64_t>(batches_[next_].size());
    auto batch = std::make_unique<TextBatch>(batches_[next_], number_, stream_);
    number_ += count;
    ++next_;
    return batch;
  }
  bool finishing() const override { return finishes && stop.load(); }
  std::size_t fail_at = ~std::size_t{0};
  std::size_t raise_stop_at = ~std::size_t{0};
  bool finishes = false;
  std::atomic<bool> stop = false;

 private:
  std::vector<std::vector<std::string>> batches_;
  std::size_t next_ = 0;
  std::int64_t number_ = 1;
  Stream stream_{.origin = "in:"};
};

class FakeSink final : public Sink {
 public:
  Result<void> write(const Outputs& outputs) override {
    if (writes_++ == fail_write_at) return fail("out: disk full");
    alerts += outputs.alerts;
    processed += outputs.processed;
    rejected += outputs.rejected;
    return {};
  }
  Result<void> commit() override {
    if (fail_commit) return fail("out: cannot rename");
    ++commits;
    return {};
  }
  std::string alerts, processed, rejected;
  int commits = 0;
  std::size_t fail_write_at = ~std::size_t{0};
  bool fail_commit = false;

 private:
  std::size_t writes_ = 0;
};

std::size_t lines(const std::string& text) { return static_cast<std::size_t>(std::ranges::count(text, '\n')); }

TEST(Run, CountsAndPlacesWhatItFinds) {
  FakeSource source({{record(1, 1, 10, 0), "not json", record(2, 1, 6000, 1)},
                     {record(2, 1, 6000, 1), record(3, 1, 20, 2), record(4, 2, 20, 2), R"({"a": 1, "a": 2})"}});
  FakeSink sink;
  const ManualClock clock(detected_us);
  const Outcome outcome = run(source, sink, plan(), {.processed = true}, clock);
  EXPECT_FALSE(outcome.error);
  EXPECT_TRUE(outcome.committed);
  EXPECT_FALSE(outcome.stopped);
  EXPECT_EQ(sink.commits, 1);
  EXPECT_EQ(outcome.summary.records, 7u);
  EXPECT_EQ(outcome.summary.judged, 4u);
  EXPECT_EQ(outcome.summary.resends, 1u);
  EXPECT_EQ(outcome.summary.rejected, 2u);
  EXPECT_EQ(outcome.summary.rejected_by_reason[static_cast<std::size_t>(model::Reason::not_json)], 1u);
  EXPECT_EQ(outcome.summary.rejected_by_reason[static_cast<std::size_t>(model::Reason::duplicate_key)], 1u);
  EXPECT_EQ(outcome.summary.alerts, 2u);
  EXPECT_THAT(outcome.summary.alerts_by_rule, testing::ElementsAre(1u, 1u));
  EXPECT_THAT(outcome.summary.decisions, testing::ElementsAre(4u, 0u, 0u));
  EXPECT_EQ(outcome.summary.accounts, 2u);
  EXPECT_EQ(
      sink.alerts,
      R"({"alert_id": "T2:HIGH", "alert_type": "HIGH", "severity": "HIGH", "score": 40, "reason": "Amount $6000.00", "transaction_id": "T2", "account_number": "A1", "amount": 6000.00, "timestamp": "2026-01-01 00:00:01", "rules_version": ")" +
          plan()->rules_version() +
          R"(", "detected_at": "2023-11-14T22:13:20.000000Z", "source": "in:3"})"
          "\n"
          R"({"alert_id": "T3:OFTEN", "alert_type": "OFTEN", "severity": "MEDIUM", "score": 30, "reason": "3 in 5 minutes", "transaction_id": "T3", "account_number": "A1", "amount": 20.00, "timestamp": "2026-01-01 00:00:02", "rules_version": ")" +
          plan()->rules_version() +
          R"(", "detected_at": "2023-11-14T22:13:20.000000Z", "source": "in:5"})"
          "\n");
  EXPECT_EQ(lines(sink.processed), 4u);
  EXPECT_THAT(sink.processed, testing::HasSubstr(R"("risk": 40, "decision": "APPROVE", "rules": ["HIGH"]})"));
  EXPECT_EQ(sink.rejected,
            "{\"reason\": \"not_json\", \"source\": \"in:2\", \"record\": \"not json\"}\n"
            "{\"reason\": \"duplicate_key\", \"source\": \"in:7\", \"record\": \"{\\\"a\\\": 1, \\\"a\\\": 2}\"}\n");
}

// A stream with busy accounts, resends, bad records and batches of every size.
std::vector<std::vector<std::string>> random_batches(std::mt19937& random, int hot_percent) {
  std::vector<std::vector<std::string>> batches(random() % 30);
  int id = 0;
  for (auto& batch : batches) {
    const std::size_t size = random() % 3 == 0 ? 0 : random() % 60;
    for (std::size_t i = 0; i < size; ++i) {
      const int kind = static_cast<int>(random() % 100);
      const int account = static_cast<int>(random() % 100) < hot_percent ? 0 : static_cast<int>(random() % 50);
      if (kind < 5) {
        batch.push_back(fmt::format("broken {}", id++));
      } else {
        const int sent_id = kind < 10 && id > 0 ? id - 1 : id;
        batch.push_back(record(sent_id, account, static_cast<int>(random() % 6000), id / 3));
        ++id;
      }
    }
  }
  return batches;
}

TEST(Run, OutputsAreTheSameForAnyNumberOfThreadsAndShards) {
  std::mt19937 random(20260101);
  const ManualClock clock(detected_us);
  for (int round = 0; round < 40; ++round) {
    const auto batches = random_batches(random, round % 4 == 0 ? 90 : 10);
    FakeSource plain_source(batches);
    FakeSink plain;
    const Outcome expected = run(plain_source, plain, plan(), {.processed = true}, clock);
    ASSERT_FALSE(expected.error);
    for (const std::size_t threads : {1u, 2u, 3u, 4u}) {
      for (const std::size_t shards : {0u, 1u, 3u, 8u}) {
        FakeSource source(batches);
        FakeSink sink;
        const Outcome outcome =
            run(source, sink, plan(), {.threads = threads, .shards = shards, .processed = true}, clock);
        ASSERT_FALSE(outcome.error);
        ASSERT_EQ(sink.alerts, plain.alerts) << threads << " threads, " << shards << " shards";
        ASSERT_EQ(sink.processed, plain.processed);
        ASSERT_EQ(sink.rejected, plain.rejected);
        ASSERT_EQ(outcome.summary.records, expected.summary.records);
        ASSERT_EQ(outcome.summary.judged, expected.summary.judged);
        ASSERT_EQ(outcome.summary.resends, expected.summary.resends);
        ASSERT_EQ(outcome.summary.alerts_by_rule, expected.summary.alerts_by_rule);
        ASSERT_EQ(outcome.summary.rejected_by_reason, expected.summary.rejected_by_reason);
        ASSERT_EQ(outcome.summary.decisions, expected.summary.decisions);
        ASSERT_EQ(outcome.summary.accounts, expected.summary.accounts);
      }
    }
  }
}

std::vector<std::vector<std::string>> numbered_batches(int count, int each) {
  std::vector<std::vector<std::string>> batches;
  for (int b = 0; b < count; ++b) {
    auto& batch = batches.emplace_back();
    for (int i = 0; i < each; ++i) batch.push_back(record(b * each + i, i, 6000, b));
  }
  return batches;
}

TEST(Run, CommitsNothingOfABrokenInput) {
  for (const std::size_t threads : {1u, 4u}) {
    FakeSource source(numbered_batches(20, 10));
    source.fail_at = 13;
    FakeSink sink;
    const Outcome outcome = run(source, sink, plan(), {.threads = threads}, ManualClock());
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->message, "input: broken at byte 17");
    EXPECT_FALSE(outcome.committed);
    EXPECT_EQ(sink.commits, 0);
    EXPECT_EQ(outcome.summary.records, 130u);
    EXPECT_EQ(outcome.summary.alerts_by_rule[0], 130u);
    EXPECT_GE(lines(sink.alerts), 130u);
  }
}

TEST(Run, CommitsNothingWhereNothingCouldBeRead) {
  FakeSource source({});
  source.fail_at = 0;
  FakeSink sink;
  const Outcome outcome = run(source, sink, plan(), {}, ManualClock());
  EXPECT_TRUE(outcome.error);
  EXPECT_FALSE(outcome.committed);
  EXPECT_EQ(sink.commits, 0);
}

TEST(Run, CommitsEmptyOutputsOfAnEmptyInput) {
  FakeSource source({});
  FakeSink sink;
  const Outcome outcome = run(source, sink, plan(), {}, ManualClock());
  EXPECT_FALSE(outcome.error);
  EXPECT_TRUE(outcome.committed);
  EXPECT_EQ(outcome.summary.records, 0u);
}

TEST(Run, CommitsNothingAfterAFailedWrite) {
  for (const std::size_t threads : {1u, 4u}) {
    FakeSource source(numbered_batches(20, 10));
    FakeSink sink;
    sink.fail_write_at = 7;
    const Outcome outcome = run(source, sink, plan(), {.threads = threads}, ManualClock());
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->message, "out: disk full");
    EXPECT_FALSE(outcome.committed);
    EXPECT_EQ(sink.commits, 0);
  }
}

TEST(Run, SaysSoWhereTheCommitFails) {
  FakeSource source(numbered_batches(2, 10));
  FakeSink sink;
  sink.fail_commit = true;
  const Outcome outcome = run(source, sink, plan(), {}, ManualClock());
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->message, "out: cannot rename");
  EXPECT_FALSE(outcome.committed);
}

TEST(Run, AStopKeepsWhatWasRead) {
  for (const std::size_t threads : {1u, 2u, 4u}) {
    FakeSource source(numbered_batches(50, 10));
    source.raise_stop_at = 9;  // the tenth batch is still given
    FakeSink sink;
    const Outcome outcome = run(source, sink, plan(), {.threads = threads, .stop = &source.stop}, ManualClock());
    EXPECT_FALSE(outcome.error);
    EXPECT_TRUE(outcome.stopped);
    EXPECT_TRUE(outcome.committed);
    EXPECT_EQ(outcome.summary.records, 100u);
    EXPECT_EQ(outcome.summary.alerts_by_rule[0], 100u);
  }
}

TEST(Run, AStopWaitsForASourceThatFinishesByItself) {
  for (const std::size_t threads : {1u, 4u}) {
    FakeSource source(numbered_batches(50, 10));
    source.raise_stop_at = 9;
    source.finishes = true;
    FakeSink sink;
    const Outcome outcome = run(source, sink, plan(), {.threads = threads, .stop = &source.stop}, ManualClock());
    EXPECT_FALSE(outcome.error);
    EXPECT_TRUE(outcome.stopped);
    EXPECT_TRUE(outcome.committed);
    EXPECT_EQ(outcome.summary.records, 500u);
  }
}

// One record too long to be held at once, in pieces over three batches, with others before and after it.
class PiecesSource final : public Source {
 public:
  Result<std::unique_ptr<RawBatch>> next() override {
    if (next_ == batches_.size()) return nullptr;
    return std::make_unique<PiecesBatch>(batches_[next_++], stream_);
  }

 private:
  using Pieces = std::vector<std::pair<std::string, std::int32_t>>;
  class PiecesBatch final : public RawBatch {
   public:
    PiecesBatch(const Pieces& pieces, const Stream& stream) : stream_(stream) {
      for (const auto& [text, piece] : pieces) pieces_.emplace_back(text + std::string(padding, ' '), piece);
    }
    void split(std::vector<RawRecord>& out) const override {
      for (const auto& [text, piece] : pieces_) {
        out.push_back({.bytes = std::string_view(text).substr(0, text.size() - padding),
                       .number = 1,
                       .stream = &stream_,
                       .piece = piece});
      }
    }
    std::size_t bytes() const override { return 1; }

   private:
    Pieces pieces_;
    const Stream& stream_;
  };

  std::vector<Pieces> batches_ = {{{record(1, 1, 10, 0), 0}, {"one", 1}},
                                  {{"two", 2}},
                                  {{"three", 3}, {record(2, 1, 10, 0), 0}, {"one", 1}, {"two", 2}, {"one", 1}},
                                  {{record(3, 1, 10, 0), 0}}};
  std::size_t next_ = 0;
  Stream stream_{.origin = "in:"};
};

TEST(Run, ARecordInPiecesIsOneRecordAndNeverCut) {
  struct Expected {
    std::uint64_t records_max, records, rejected;
    std::size_t rejected_lines;
  };
  for (const std::size_t threads : {1u, 4u}) {
    for (const Expected& expected : std::vector<Expected>{{std::numeric_limits<std::uint64_t>::max(), 6, 3, 6},
                                                          {100, 6, 3, 6},
                                                          {6, 6, 3, 6},
                                                          {5, 5, 3, 6},
                                                          {4, 4, 2, 5},
                                                          {3, 3, 1, 3},
                                                          {2, 2, 1, 3},
                                                          {1, 1, 0, 0}}) {
      PiecesSource source;
      FakeSink sink;
      const Outcome outcome =
          run(source, sink, plan(), {.threads = threads, .records_max = expected.records_max}, ManualClock());
      EXPECT_FALSE(outcome.error);
      const Summary& summary = outcome.summary;
      EXPECT_EQ(summary.records, expected.records) << expected.records_max;
      EXPECT_EQ(summary.rejected, expected.rejected) << expected.records_max;
      EXPECT_EQ(summary.rejected_by_reason[static_cast<std::size_t>(model::Reason::too_long)], expected.rejected);
      EXPECT_EQ(summary.records, summary.judged + summary.resends + summary.rejected);
      EXPECT_EQ(lines(sink.rejected), expected.rejected_lines) << expected.records_max;
    }
  }
}

TEST(Run, ReadsNoMoreThanItMay) {
  for (const std::size_t threads : {1u, 4u}) {
    FakeSource source(numbered_batches(50, 10));
    FakeSink sink;
    const Outcome outcome = run(source, sink, plan(), {.threads = threads, .records_max = 125}, ManualClock());
    EXPECT_FALSE(outcome.error);
    EXPECT_FALSE(outcome.stopped);
    EXPECT_EQ(outcome.summary.records, 125u);
    EXPECT_EQ(outcome.summary.judged, 125u);
  }
}

TEST(Run, TellsHowFarItIs) {
  FakeSource source(numbered_batches(5, 10));
  FakeSink sink;
  std::vector<std::uint64_t> seen;
  const Outcome outcome =
      run(source, sink, plan(), {.on_progress = [&](const Progress& progress) { seen.push_back(progress.records); }},
          ManualClock());
  EXPECT_FALSE(outcome.error);
  EXPECT_THAT(seen, testing::ElementsAre(10u)) << "time stands still after the first";
}

}  // namespace
}  // namespace bank::pipeline
