// The one way in: what sources and decisions give is kept, and only then counted, shown and acknowledged.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "codec/decode.h"
#include "server/hub.h"
#include "store/store.h"

namespace bank::server {

/// Lines as the detectors write them. 64 readable bytes follow each line.
struct Lines {
  std::vector<std::string_view> processed;
  std::vector<std::string_view> alerts;
  std::vector<std::pair<std::string, std::string>> positions;  ///< As in store::Batch.
  bool past = false;                                           ///< As in store::Batch.
};

/// Thread-safe.
class Intake {
 public:
  /// `followed`: told of each transaction that is new and was judged by somebody else; `queued`: called when the store
  /// has notifications to send. Either may be empty. All outlive it.
  Intake(store::Store& store, Hub& hub, Clock& clock, std::function<void(const model::Transaction&)> followed = {},
         std::function<void()> queued = {});
  ~Intake();
  Intake(const Intake&) = delete;
  Intake& operator=(const Intake&) = delete;

  /// Keeps all of it, however long the store takes: while it can't, this tries again, and trouble() says why. False:
  /// `stop` was raised before. `judged_here`: nobody needs to be told of them.
  bool take(const Lines& lines, const std::atomic<bool>& stop, bool judged_here);

  /// Whether so much waits to be kept that nothing more is to be judged.
  [[nodiscard]] bool behind();
  /// The same as take() later, by a thread of its own.
  void offer(std::string_view processed, std::string_view alerts);

  /// Why nothing can be kept now; empty if it can. Looks at the store itself where nothing was kept for a while.
  [[nodiscard]] std::string trouble();
  /// Records that were left out since they are not what they should be.
  [[nodiscard]] std::uint64_t unreadable() const { return unreadable_; }

 private:
  void run();
  void read(const Lines& lines, store::Batch& batch, codec::TextArena& arena);
  [[nodiscard]] bool keep(const store::Batch& batch, const std::atomic<bool>& stop, store::Ingested& out);
  void note(std::string trouble);

  store::Store& store_;
  Hub& hub_;
  Clock& clock_;
  const std::function<void(const model::Transaction&)> followed_;
  const std::function<void()> queued_;
  std::atomic<std::uint64_t> unreadable_ = 0;

  std::mutex decoding_;
  codec::JsonDecoder decoder_;

  std::mutex mutex_;
  std::string trouble_;
  std::int64_t looked_ns_ = 0;

  std::mutex offered_mutex_;
  std::condition_variable offered_more_;
  std::string offered_processed_;
  std::string offered_alerts_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace bank::server
