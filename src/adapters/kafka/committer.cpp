#include "adapters/kafka/committer.h"

#include <chrono>
#include <utility>

#include "base/assert.h"

namespace bank::kafka {
namespace {

constexpr int pause_ms = 50;
constexpr std::size_t spare_chunks = 64;

}  // namespace

Result<std::unique_ptr<Committer>> Committer::start(CommitterOptions options, const Client& consumer,
                                                    const Clock& clock, const std::atomic<bool>& stop,
                                                    std::function<void(const Chunk&)> on_commit) {
  std::unique_ptr<Committer> committer(new Committer(std::move(options), consumer, clock, stop, std::move(on_commit)));
  if (Result<void> made = committer->make_producer(); !made) return std::unexpected(made.error());
  committer->started_ = true;
  committer->thread_ = std::thread([raw = committer.get()] { raw->run(); });
  return committer;
}

Committer::Committer(CommitterOptions options, const Client& consumer, const Clock& clock,
                     const std::atomic<bool>& stop, std::function<void(const Chunk&)> on_commit)
    : options_(std::move(options)), consumer_(consumer), clock_(clock), stop_(stop), on_commit_(std::move(on_commit)) {}

Committer::~Committer() {
  discard();
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

bool Committer::giving_up() const {
  if (give_up_.load(std::memory_order_relaxed)) return true;
  // A stop alone is no reason: what was judged is still to be committed, within the time that flush() gives.
  const std::int64_t deadline_ns = deadline_ns_.load(std::memory_order_relaxed);
  if (deadline_ns != std::numeric_limits<std::int64_t>::max()) return clock_.monotonic_ns() >= deadline_ns;
  return !started_ && stop_.load(std::memory_order_relaxed);
}

void Committer::pause(int milliseconds) const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::milliseconds(milliseconds));
}

void Committer::begin_assignment(GroupMetadata group, std::map<std::int32_t, std::int64_t> committed) {
  const std::lock_guard lock(mutex_);
  BANK_ASSERT(pending_.empty() && !busy_);
  group_ = std::move(group);
  committed_offsets_ = std::move(committed);
  lost_.store(false, std::memory_order_release);
  give_up_ = false;
}

std::unique_ptr<Chunk> Committer::take_chunk() {
  const std::lock_guard lock(mutex_);
  if (spare_.empty()) return std::make_unique<Chunk>();
  std::unique_ptr<Chunk> chunk = std::move(spare_.back());
  spare_.pop_back();
  return chunk;
}

bool Committer::add(std::unique_ptr<Chunk> chunk) {
  std::unique_lock lock(mutex_);
  // A stop ends the waiting, not the taking: what was judged is to be committed.
  while (pending_bytes_ > options_.pending_bytes_max && !lost() && !error_ && !stop_.load(std::memory_order_relaxed)) {
    changed_.wait_for(lock, std::chrono::milliseconds(pause_ms));
  }
  if (lost() || error_) return false;
  const bool first = pending_.empty();
  const bool crowded = pending_bytes_ <= options_.pending_bytes_max / 4;
  pending_bytes_ += chunk->bytes();
  pending_.push_back(std::move(chunk));
  if (first || (crowded && pending_bytes_ > options_.pending_bytes_max / 4)) changed_.notify_all();
  return true;
}

bool Committer::flush(std::int64_t deadline_ns) {
  std::unique_lock lock(mutex_);
  flush_ = true;
  deadline_ns_ = deadline_ns;
  changed_.notify_all();
  while ((!pending_.empty() || busy_) && !lost() && !error_ && clock_.monotonic_ns() < deadline_ns) {
    changed_.wait_for(lock, std::chrono::milliseconds(pause_ms));
  }
  flush_ = false;
  deadline_ns_ = std::numeric_limits<std::int64_t>::max();
  return pending_.empty() && !busy_ && !lost() && !error_;
}

void Committer::discard() {
  std::unique_lock lock(mutex_);
  // What comes after what is dropped must not be taken.
  lost_.store(true, std::memory_order_release);
  give_up_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this] { return !busy_; });
  pending_.clear();
  pending_bytes_ = 0;
  give_up_ = false;
}

std::optional<Error> Committer::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

Committed Committer::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

std::int64_t Committer::committed_offset(std::int32_t partition) const {
  const std::lock_guard lock(mutex_);
  const auto found = committed_offsets_.find(partition);
  return found == committed_offsets_.end() ? -1 : found->second;
}

std::string Committer::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

void Committer::run() {
  std::int64_t begun_ns = clock_.monotonic_ns() - options_.interval_ns;
  std::unique_lock lock(mutex_);
  while (!end_) {
    if (pending_.empty() || lost() || error_) {
      changed_.wait(lock);
      continue;
    }
    const std::int64_t wait_ns = begun_ns + options_.interval_ns - clock_.monotonic_ns();
    if (wait_ns > 0 && !flush_ && pending_bytes_ <= options_.pending_bytes_max / 4) {
      changed_.wait_for(lock, std::chrono::nanoseconds(wait_ns));
      continue;
    }
    begun_ns = clock_.monotonic_ns();
    Chunks chunks = std::exchange(pending_, {});
    pending_bytes_ = 0;
    busy_ = true;
    changed_.notify_all();
    lock.unlock();
    commit_until_settled(chunks);
    lock.lock();
    for (std::unique_ptr<Chunk>& chunk : chunks) {
      if (spare_.size() >= spare_chunks) break;
      chunk->clear();
      spare_.push_back(std::move(chunk));
    }
    busy_ = false;
    changed_.notify_all();
  }
}

// Until it is committed, or will never be.
void Committer::commit_until_settled(const Chunks& chunks) {
  Outcome outcome = Outcome::again;
  while (outcome == Outcome::again || outcome == Outcome::unknown) {
    if (giving_up()) {
      drop_producer();
      return;
    }
    outcome = outcome == Outcome::unknown ? settle_unknown(chunks) : try_commit(chunks);
    if (outcome == Outcome::again || outcome == Outcome::unknown) {
      {
        const std::lock_guard lock(mutex_);
        ++counts_.aborted;
      }
      pause(pause_ms);
    }
  }
  if (outcome == Outcome::lost) {
    drop_producer();
    lost_.store(true, std::memory_order_release);
    return;
  }
  if (outcome == Outcome::failed) {  // error_ is set
    drop_producer();
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    ++counts_.transactions;
    trouble_.clear();
    for (const std::unique_ptr<Chunk>& chunk : chunks) {
      counts_.records += chunk->records;
      counts_.messages += chunk->messages.size();
      committed_offsets_[chunk->partition] = chunk->next_offset;
    }
  }
  for (const std::unique_ptr<Chunk>& chunk : chunks) on_commit_(*chunk);
}

}  // namespace bank::kafka
