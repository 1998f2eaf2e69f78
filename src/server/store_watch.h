// Whether the store answers, for those who must not wait until it does: readiness, metrics, health.
//
// Thread-safe. A thread of its own asks the store; whoever wants to know is told what came of it last.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "store/store.h"

namespace bank::server {

class StoreWatch {
 public:
  /// The store, which answers now, and the clock outlive it.
  StoreWatch(store::Store& store, Clock& clock);
  ~StoreWatch();
  StoreWatch(const StoreWatch&) = delete;
  StoreWatch& operator=(const StoreWatch&) = delete;

  /// Somebody has written something, or could not: why; empty if it was written. `begun_ns`: when he began, by the
  /// clock's monotonic time. A failure that took long is no answer of the store's, and what fails after it, at once
  /// since nobody tries, is none either.
  void note(std::string trouble, std::int64_t begun_ns);

  /// Why nothing can be written now; empty if it can.
  [[nodiscard]] std::string trouble() const;
  /// It has said nothing, good or bad, for so long that nobody is to wait for it.
  [[nodiscard]] bool hangs() const;
  /// Store::notification_figures() as they are now; as they were last, where the store takes longer than a second.
  [[nodiscard]] std::vector<store::NotificationFigures> notifications();

 private:
  void run();
  void look();
  void count();
  [[nodiscard]] bool hangs_locked() const;

  store::Store& store_;
  Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string trouble_;
  std::int64_t answered_ns_ = 0;
  bool silent_ = false;  ///< The last that took its time failed.
  std::vector<store::NotificationFigures> notifications_;
  std::uint64_t wanted_ = 0;   ///< How often the figures were asked for,
  std::uint64_t counted_ = 0;  ///< and which of those have been answered.
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace bank::server
