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
#include "server/store_watch.h"
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
  Intake(store::Store& store, StoreWatch& watch, Hub& hub, Clock& clock,
         std::function<void(const model::Transaction&)> followed = {}, std::function<void()> queued = {});
  ~Intake();
  Intake(const Intake&) = delete;
  Intake& operator=(const Intake&) = delete;

  /// Keeps all of it, however long the store takes: while it can't, this tries again, and the watch says why. False:
  /// `stop` was raised before. `judged_here`: nobody needs to be told of them.
  bool take(const Lines& lines, const std::atomic<bool>& stop, bool judged_here);

  /// Whether so much waits to be kept that nothing more is to be judged.
  [[nodiscard]] bool behind();
  /// The same as take() later, by a thread of its own.
  void offer(std::string_view processed, std::string_view alerts);
  /// Keeps what was offered, if the store can within a few seconds, and ends; how many of its transactions are not
  /// kept. Nothing is to be offered any more.
  std::size_t end();

  /// Records that were left out since they are not what they should be.
  [[nodiscard]] std::uint64_t unreadable() const { return unreadable_; }

 private:
  void run();
  [[nodiscard]] bool take(const Lines& lines, const std::atomic<bool>& stop, bool judged_here, std::int64_t patience_ns,
                          std::size_t& kept);
  void read(const Lines& lines, store::Batch& batch, codec::TextArena& arena);
  [[nodiscard]] bool keep(const store::Batch& batch, const std::atomic<bool>& stop, std::int64_t patience_ns,
                          store::Ingested& out, bool& again);

  store::Store& store_;
  StoreWatch& watch_;
  Hub& hub_;
  Clock& clock_;
  const std::function<void(const model::Transaction&)> followed_;
  const std::function<void()> queued_;
  std::atomic<std::uint64_t> unreadable_ = 0;

  std::mutex decoding_;
  codec::JsonDecoder decoder_;

  std::mutex offered_mutex_;
  std::condition_variable offered_more_;
  std::string offered_processed_;
  std::string offered_alerts_;
  std::atomic<bool> stop_ = false;
  std::size_t lost_ = 0;  // of its thread, until that has ended
  std::thread thread_;
};

}  // namespace bank::server
