#include "pipeline/scheduler.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <new>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace bank::pipeline {
namespace {

// Counts batches, checks on every call that the scheduler keeps its promises, and can be told to dawdle or to fail.
class CheckedStages : public Stages {
 public:
  CheckedStages(const Shape& shape, std::size_t batches)
      : shape_(shape),
        batches_(batches),
        batch_in_(shape.slots, none),
        state_(shape.slots),
        judged_(shape.shards),
        judging_(shape.shards) {}

  std::optional<std::size_t> read(std::size_t slot) override {
    enter(reading_);
    {
      const std::lock_guard lock(mutex_);
      EXPECT_FALSE(ended_) << "read after the end";
      EXPECT_EQ(batch_in_[slot], none) << "the slot is taken";
      if (read_ == batches_) {
        ended_ = true;
        reading_ = false;
        return std::nullopt;
      }
      batch_in_[slot] = read_++;
      state_[slot] = {};
      in_flight_ += bytes_each;
      in_flight_max_ = std::max(in_flight_max_, in_flight_);
    }
    dawdle();
    reading_ = false;
    return bytes_each;
  }

  Result<void> decode(std::size_t slot, std::size_t worker) override {
    EXPECT_LT(worker, shape_.threads);
    dawdle();
    const std::lock_guard lock(mutex_);
    workers_.insert(worker);
    EXPECT_FALSE(state_[slot].decoded);
    state_[slot].decoded = true;
    return batch_in_[slot] == fail_decode_at ? fail("decode failed") : Result<void>();
  }

  void judge(std::size_t slot, std::size_t shard) override {
    {
      const std::lock_guard lock(mutex_);
      EXPECT_TRUE(state_[slot].decoded);
      EXPECT_FALSE(judging_[shard]) << "two at one shard";
      judging_[shard] = true;
      EXPECT_EQ(batch_in_[slot], judged_[shard]) << "out of order";
    }
    dawdle();
    if (shard == 0 && slow_shard_us > 0) std::this_thread::sleep_for(std::chrono::microseconds(slow_shard_us));
    if (batch_in_[slot] == run_out_at) throw std::bad_alloc();
    if (batch_in_[slot] == throw_at) throw std::runtime_error("judge threw");
    const std::lock_guard lock(mutex_);
    judging_[shard] = false;
    ++judged_[shard];
    ++state_[slot].judged;
  }

  Result<void> write(std::size_t slot) override {
    enter(writing_);
    dawdle();
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(batch_in_[slot], written_);
    EXPECT_EQ(state_[slot].judged, shape_.shards);
    if (written_ == fail_write_at) return fail("write failed");
    batch_in_[slot] = none;
    in_flight_ -= bytes_each;
    ++written_;
    writing_ = false;
    return {};
  }

  static constexpr std::size_t none = ~std::size_t{0};
  std::size_t bytes_each = 100;
  std::size_t fail_decode_at = none;
  std::size_t fail_write_at = none;
  std::size_t throw_at = none;
  std::size_t run_out_at = none;
  int slow_shard_us = 0;
  bool jitter = false;

  std::size_t written() const { return written_; }
  std::size_t read_count() const { return read_; }
  std::size_t in_flight_max() const { return in_flight_max_; }
  std::size_t workers() const { return workers_.size(); }

 private:
  struct State {
    bool decoded = false;
    std::size_t judged = 0;
  };
  static void enter(std::atomic<bool>& stage) { EXPECT_FALSE(stage.exchange(true)) << "two at one stage"; }
  void dawdle() const {
    if (!jitter) return;
    thread_local std::mt19937 random(static_cast<unsigned>(std::hash<std::thread::id>()(std::this_thread::get_id())));
    if (random() % 4 == 0) std::this_thread::sleep_for(std::chrono::microseconds(random() % 100));
  }

  const Shape shape_;
  const std::size_t batches_;
  std::mutex mutex_;
  std::vector<std::size_t> batch_in_;
  std::vector<State> state_;
  std::vector<std::size_t> judged_;
  std::vector<bool> judging_;
  std::set<std::size_t> workers_;
  std::size_t read_ = 0;
  std::size_t written_ = 0;
  std::size_t in_flight_ = 0;
  std::size_t in_flight_max_ = 0;
  bool ended_ = false;
  std::atomic<bool> reading_ = false;
  std::atomic<bool> writing_ = false;
};

TEST(Scheduler, WritesEveryBatchForAnyShape) {
  for (const std::size_t threads : {1u, 2u, 3u, 4u, 9u}) {
    for (const std::size_t shards : {1u, 2u, 5u, 16u}) {
      for (const std::size_t slots : {1u, 2u, 7u}) {
        for (const std::size_t batches : {0u, 1u, 2u, 50u}) {
          const Shape shape{.threads = threads, .shards = shards, .slots = slots};
          CheckedStages stages(shape, batches);
          stages.jitter = threads > 1 && batches > 2;
          ASSERT_TRUE(run_stages(stages, shape).has_value());
          ASSERT_EQ(stages.written(), batches);
        }
      }
    }
  }
}

TEST(Scheduler, OneThreadWorksInTheCallingThread) {
  class SameThread final : public CheckedStages {
   public:
    using CheckedStages::CheckedStages;
    void judge(std::size_t slot, std::size_t shard) override {
      EXPECT_EQ(std::this_thread::get_id(), caller_);
      CheckedStages::judge(slot, shard);
    }

   private:
    const std::thread::id caller_ = std::this_thread::get_id();
  };
  const Shape shape{.threads = 1, .shards = 3, .slots = 2};
  SameThread stages(shape, 10);
  ASSERT_TRUE(run_stages(stages, shape).has_value());
  EXPECT_EQ(stages.written(), 10u);
}

TEST(Scheduler, ASlowShardHoldsReadingBack) {
  const Shape shape{.threads = 4, .shards = 8, .slots = 5};
  CheckedStages stages(shape, 100);
  stages.slow_shard_us = 300;
  ASSERT_TRUE(run_stages(stages, shape).has_value());
  EXPECT_EQ(stages.written(), 100u);
  EXPECT_LE(stages.in_flight_max(), 5 * stages.bytes_each);
}

TEST(Scheduler, HugeBatchesGoOneByOne) {
  const Shape shape{.threads = 4, .shards = 4, .slots = 9, .bytes_in_flight_max = 1000};
  CheckedStages stages(shape, 40);
  stages.bytes_each = 1001;
  stages.jitter = true;
  ASSERT_TRUE(run_stages(stages, shape).has_value());
  EXPECT_EQ(stages.written(), 40u);
  EXPECT_EQ(stages.in_flight_max(), stages.bytes_each);
}

TEST(Scheduler, AFailureEndsIt) {
  for (const std::size_t threads : {1u, 4u}) {
    const Shape shape{.threads = threads, .shards = 4, .slots = 5};
    {
      CheckedStages stages(shape, 100);
      stages.fail_write_at = 20;
      const Result<void> result = run_stages(stages, shape);
      ASSERT_FALSE(result.has_value());
      EXPECT_EQ(result.error().message, "write failed");
      EXPECT_EQ(stages.written(), 20u);
    }
    {
      CheckedStages stages(shape, 100);
      stages.fail_decode_at = 20;
      const Result<void> result = run_stages(stages, shape);
      ASSERT_FALSE(result.has_value());
      EXPECT_EQ(result.error().message, "decode failed");
      EXPECT_LE(stages.written(), 20u);
    }
    {
      CheckedStages stages(shape, 100);
      stages.throw_at = 20;
      const Result<void> result = run_stages(stages, shape);
      ASSERT_FALSE(result.has_value());
      EXPECT_EQ(result.error().message, "processing stopped: judge threw");
      EXPECT_LE(stages.written(), 20u);
    }
  }
}

TEST(Scheduler, SaysWhatToDoWhereMemoryRunsOut) {
  for (const std::size_t threads : {1u, 4u}) {
    const Shape shape{.threads = threads, .shards = 2, .slots = 3};
    CheckedStages stages(shape, 50);
    stages.run_out_at = 20;
    const Result<void> result = run_stages(stages, shape);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().message,
              "out of memory: fewer threads (--threads) or shorter windows in the rules need less");
  }
}

}  // namespace
}  // namespace bank::pipeline
