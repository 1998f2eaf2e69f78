#include "pipeline/scheduler.h"

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "base/assert.h"

namespace bank::pipeline {
namespace {

enum class Work { none, write, judge, read };

struct Task {
  Work work = Work::none;
  std::size_t shard = 0;
};

// Batches are numbered in the order of reading; batch b stands in slot b % slots. All members but the stages are
// guarded by mutex_, which is held for a few instructions between two pieces of work.
class Scheduler {
 public:
  Scheduler(Stages& stages, const Shape& shape)
      : stages_(stages), shape_(shape), slots_(shape.slots), judged_(shape.shards), busy_(shape.shards) {}

  Result<void> run() {
    std::vector<std::thread> others;
    try {
      for (std::size_t worker = 1; worker < shape_.threads; ++worker) {
        others.emplace_back([this, worker] { work(worker); });
      }
    } catch (const std::exception& e) {
      give_up(fail(std::string("cannot start threads: ") + e.what()));
    }
    work(0);
    for (std::thread& other : others) other.join();
    return result_;
  }

 private:
  struct Slot {
    bool decoded = false;
    std::size_t shards_left = 0;
    std::size_t bytes = 0;
  };

  void give_up(Result<void> error) {
    const std::lock_guard lock(mutex_);
    if (result_.has_value()) result_ = std::move(error);
    wake_.notify_all();
  }

  [[nodiscard]] bool over() const { return !result_.has_value() || (ended_ && !reading_ && written_ == read_); }

  // What can be done now. The oldest batch first, which frees slots; reading last, so that no more is in flight than
  // need be.
  [[nodiscard]] Task find() const {
    if (over()) return {};
    if (!writing_ && written_ < decoded_ && slots_[written_ % slots_.size()].shards_left == 0) return {Work::write};
    Task task;
    std::uint64_t furthest_behind = decoded_;
    for (std::size_t shard = 0; shard < judged_.size(); ++shard) {
      if (busy_[shard] || judged_[shard] >= furthest_behind) continue;
      furthest_behind = judged_[shard];
      task = {Work::judge, shard};
    }
    if (task.work != Work::none) return task;
    if (!reading_ && !ended_ && read_ - written_ < slots_.size() && bytes_in_flight_ <= shape_.bytes_in_flight_max) {
      return {Work::read};
    }
    return {};
  }

  void work(std::size_t worker) {
    try {
      std::unique_lock lock(mutex_);
      for (;;) {
        const Task task = find();
        if (task.work == Work::none) {
          if (over()) break;
          ++waiting_;
          wake_.wait(lock);
          --waiting_;
          continue;
        }
        if (task.work == Work::write) write(lock);
        if (task.work == Work::judge) judge(lock, task.shard);
        if (task.work == Work::read) read(lock, worker);
      }
      wake_.notify_all();
    } catch (const std::bad_alloc&) {
      give_up(fail("out of memory: fewer threads (--threads) or shorter windows in the rules need less"));
    } catch (const std::exception& e) {
      give_up(fail(std::string("processing stopped: ") + e.what()));
    }
  }

  // To be called after a task was claimed: if there is more to do, one more worker is woken, which does the same in
  // turn. A worker that has finished a task looks for the next itself, so that nothing that can be done is left without
  // a worker awake.
  void release(std::unique_lock<std::mutex>& lock) {
    const bool more = waiting_ > 0 && find().work != Work::none;
    lock.unlock();
    if (more) wake_.notify_one();
  }

  void write(std::unique_lock<std::mutex>& lock) {
    const std::size_t slot = written_ % slots_.size();
    writing_ = true;
    release(lock);
    Result<void> result = stages_.write(slot);
    lock.lock();
    writing_ = false;
    if (!result && result_.has_value()) result_ = std::move(result);
    bytes_in_flight_ -= slots_[slot].bytes;
    ++written_;
  }

  void judge(std::unique_lock<std::mutex>& lock, std::size_t shard) {
    const std::size_t slot = judged_[shard] % slots_.size();
    busy_[shard] = true;
    release(lock);
    stages_.judge(slot, shard);
    lock.lock();
    busy_[shard] = false;
    ++judged_[shard];
    --slots_[slot].shards_left;
  }

  void read(std::unique_lock<std::mutex>& lock, std::size_t worker) {
    const std::size_t slot = read_ % slots_.size();
    reading_ = true;
    release(lock);
    const std::optional<std::size_t> bytes = stages_.read(slot);
    lock.lock();
    reading_ = false;
    if (!bytes) {
      ended_ = true;
      return;
    }
    slots_[slot] = {.decoded = false, .shards_left = judged_.size(), .bytes = *bytes};
    bytes_in_flight_ += *bytes;
    ++read_;
    release(lock);
    Result<void> result = stages_.decode(slot, worker);
    lock.lock();
    if (!result && result_.has_value()) result_ = std::move(result);
    slots_[slot].decoded = true;
    while (decoded_ < read_ && slots_[decoded_ % slots_.size()].decoded) ++decoded_;
  }

  Stages& stages_;
  const Shape shape_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::size_t waiting_ = 0;

  std::vector<Slot> slots_;
  std::vector<std::uint64_t> judged_;  // of each shard: how many batches
  std::vector<bool> busy_;             // of each shard: whether a worker has it
  std::uint64_t read_ = 0;
  std::uint64_t decoded_ = 0;  // all batches below are
  std::uint64_t written_ = 0;
  std::size_t bytes_in_flight_ = 0;
  bool reading_ = false;
  bool writing_ = false;
  bool ended_ = false;
  Result<void> result_;
};

}  // namespace

Result<void> run_stages(Stages& stages, const Shape& shape) {
  BANK_ASSERT(shape.threads > 0 && shape.shards > 0 && shape.slots > 0);
  return Scheduler(stages, shape).run();
}

}  // namespace bank::pipeline
