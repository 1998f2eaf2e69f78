#include "server/store_watch.h"

#include <fmt/format.h>

#include <chrono>

namespace bank::server {
namespace {

/// Where nothing is written for so long, the store is asked whether something could be.
constexpr std::int64_t look_again_ns = 3'000'000'000;
constexpr std::int64_t silent_ns = 10'000'000'000;
/// A store that fails for a reason says so sooner.
constexpr std::int64_t answer_ns = 1'000'000'000;
constexpr std::chrono::milliseconds pause{250};
constexpr std::chrono::seconds figures_patience{1};

}  // namespace

StoreWatch::StoreWatch(store::Store& store, Clock& clock)
    : store_(store), clock_(clock), answered_ns_(clock.monotonic_ns()), thread_([this] { run(); }) {}

StoreWatch::~StoreWatch() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void StoreWatch::note(std::string trouble, std::int64_t begun_ns) {
  const std::lock_guard lock(mutex_);
  trouble_ = std::move(trouble);
  const std::int64_t now_ns = clock_.monotonic_ns();
  if (trouble_.empty()) {
    silent_ = false;
  } else if (now_ns - begun_ns >= answer_ns) {
    silent_ = true;
  }
  if (!silent_) answered_ns_ = now_ns;
}

bool StoreWatch::hangs_locked() const { return clock_.monotonic_ns() - answered_ns_ > silent_ns; }

bool StoreWatch::hangs() const {
  const std::lock_guard lock(mutex_);
  return hangs_locked();
}

std::string StoreWatch::trouble() const {
  const std::lock_guard lock(mutex_);
  if (!trouble_.empty() || !hangs_locked()) return trouble_;
  return fmt::format("the store has not answered for {} s", (clock_.monotonic_ns() - answered_ns_) / 1'000'000'000);
}

std::vector<store::NotificationFigures> StoreWatch::notifications() {
  std::unique_lock lock(mutex_);
  if (hangs_locked()) return notifications_;
  const std::uint64_t mine = ++wanted_;
  changed_.notify_all();
  changed_.wait_for(lock, figures_patience, [&] { return stop_ || counted_ >= mine; });
  return notifications_;
}

void StoreWatch::run() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    const bool look_now = clock_.monotonic_ns() - answered_ns_ > look_again_ns;
    const std::uint64_t wanted = wanted_;
    const bool count_now = wanted != counted_;
    lock.unlock();
    if (look_now) look();
    if (count_now) count();
    lock.lock();
    if (count_now) {
      counted_ = wanted;
      changed_.notify_all();
    }
    changed_.wait_for(lock, pause, [&] { return stop_ || wanted_ != counted_; });
  }
}

void StoreWatch::look() {
  const std::int64_t begun_ns = clock_.monotonic_ns();
  const Result<void> probed = store_.probe(clock_.wall_us());
  note(probed ? std::string() : probed.error().message, begun_ns);
}

void StoreWatch::count() {
  auto figures = store_.notification_figures();
  if (!figures) return;
  const std::lock_guard lock(mutex_);
  notifications_ = std::move(*figures);
}

}  // namespace bank::server
