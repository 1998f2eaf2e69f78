// Tells receivers of the alerts that the store has queued for them.
//
// Each receiver has a thread of its own, so that none waits for another, and nobody who takes alerts in waits for any.
// What is delivered leaves the queue; what fails is tried again, at growing intervals or when the receiver says, and
// becomes a dead letter when the receiver refuses it, takes nothing for too long, or it is too old to be told. When the
// receiver's tokens run out, what waits is summed up in one message for the next one. A restart loses nothing; what was
// sent just before a crash may be sent again, with the same key.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "notify/pace.h"
#include "notify/target.h"
#include "notify/transport.h"
#include "store/store.h"

namespace bank::notify {

class Notifier {
 public:
  using MakeTransport = std::function<std::unique_ptr<Transport>()>;

  /// `seed`: of the random part of pauses. `store` and `clock` outlive it.
  Notifier(store::Store& store, Clock& clock, std::vector<Target> targets, Sender sender, std::uint64_t seed,
           const MakeTransport& make = http_transport);
  /// Ends what is on its way, which will be sent again.
  ~Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  /// Gives up what waits for receivers that are no more, and begins.
  [[nodiscard]] Result<void> start();
  /// The queue has something new.
  void wake();
  /// Somebody asked for these receivers' dead letters again: what they are paused for after a failure is over.
  void retry(const std::vector<std::string>& names);

  /// What came of one receiver since the start.
  struct Figures {
    std::string name;
    Kind kind = Kind::webhook;
    std::uint64_t messages = 0;  ///< Delivered.
    std::uint64_t alerts = 0;    ///< That they told of.
    std::uint64_t failures = 0;  ///< Messages that were not taken, each try.
    std::string trouble;         ///< Why the last try failed; empty if it did not.
  };
  [[nodiscard]] std::vector<Figures> figures() const;

 private:
  struct Receiver {
    Receiver(Target to, std::unique_ptr<Transport> by, std::uint64_t seed, std::int64_t now_ns)
        : target(std::move(to)),
          transport(std::move(by)),
          bucket(target.per_minute, target.burst, now_ns),
          backoff(seed) {}
    Target target;
    std::unique_ptr<Transport> transport;
    TokenBucket bucket;
    Backoff backoff;
    std::uint64_t seen = 0;  ///< wakes_ when it last looked.
    Figures figures;         ///< Under mutex_.
    bool retry = false;      ///< Under mutex_: its pause is over.
    std::thread thread;
  };

  void run(Receiver& receiver);
  /// The pause before what comes next.
  [[nodiscard]] std::int64_t work(Receiver& receiver);
  [[nodiscard]] std::int64_t send(Receiver& receiver, const std::vector<store::NotificationRow>& rows);
  /// Gives up those of `rows` for which it is too late; whether there were some.
  [[nodiscard]] Result<bool> give_up_late(const Receiver& receiver, const std::vector<store::NotificationRow>& rows);
  void note(Receiver& receiver, const Outcome& outcome, std::size_t alerts);
  void forget(Receiver& receiver, const std::vector<std::int64_t>& ids);
  /// False: it is over.
  bool pause(Receiver& receiver, std::int64_t ns);
  void wait_for_more(Receiver& receiver);

  store::Store& store_;
  Clock& clock_;
  const Sender sender_;
  std::vector<std::unique_ptr<Receiver>> receivers_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t wakes_ = 1;
  std::atomic<bool> stop_ = false;
};

}  // namespace bank::notify
