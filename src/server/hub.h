// What is going on now, for every browser at once: sums, rates, and events that go to whoever listens.
//
// Thread-safe. Work is done once, whoever listens: a tick is written twice, with account numbers and without. A client
// that does not read loses what is waiting for it and is told so; nobody waits for it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json_writer.h"
#include "server/http.h"
#include "store/store.h"

namespace bank::server {

inline constexpr std::size_t severity_count = 4;
inline constexpr std::size_t decision_count = 3;

struct HubOptions {
  std::string mode;                                          ///< `demo`, `file`, `kafka`
  std::string version;                                       ///< Of the program.
  std::function<std::string(std::string_view)> account_ref;  ///< Store::account_ref().
  std::size_t clients_max = 600;
  std::size_t feed_events_max = 512;  ///< Waiting for one client; and bytes:
  std::size_t feed_bytes_max = 2 << 20;
  std::size_t kept_events_max = 2000;  ///< For clients that come back.
  std::size_t alerts_per_s_max = 50;   ///< Sent one by one.
};

/// Who is sent events, and for how long.
struct Listener {
  std::string user;
  std::string credential;     ///< The hash of a session or token.
  bool masked = true;         ///< Account numbers are not for them.
  std::int64_t until_us = 0;  ///< Then it ends, as the session or token does.
};

/// Sums over all that ever came.
struct Totals {
  struct Rule {
    model::Severity severity = model::Severity::low;
    std::int64_t count = 0;
  };
  std::int64_t transactions = 0;
  std::int64_t alerts = 0;
  std::array<std::int64_t, decision_count> by_decision{};
  std::array<std::int64_t, severity_count> by_severity{};
  std::map<std::string, Rule> by_rule;
};

class Hub {
 public:
  /// `clock` outlives it.
  Hub(HubOptions options, const Clock& clock);

  /// Store::counters(), before anything is added.
  void load(const std::vector<std::pair<std::string, std::int64_t>>& counters);
  /// What a batch came to: it is in the store. What is past is counted where it happened, and nobody is told.
  void add(const store::Batch& batch, const store::Ingested& ingested);
  void alert_changed(const store::AlertRow& alert);
  /// A document for everybody: `health`.
  void announce(std::string_view event, const std::string& json);
  void set_lag(std::optional<std::int64_t> records);
  /// To be called about every 250 ms.
  void tick();

  /// A feed that begins with a snapshot, and, with the id of an event that is still kept, what came after it. Null:
  /// there are too many already.
  [[nodiscard]] std::shared_ptr<EventFeed> subscribe(Listener listener, std::string_view last_event_id);
  /// Ends the feeds of a user, or of one session or token, with what still waits in them.
  void end_feeds_of_user(std::string_view user);
  void end_feeds_of_credential(std::string_view hash);

  [[nodiscard]] std::string statistics(int minutes) const;
  [[nodiscard]] Totals totals() const;
  [[nodiscard]] std::optional<std::int64_t> lag() const;
  [[nodiscard]] std::size_t clients() const;
  [[nodiscard]] std::uint64_t dropped() const;
  [[nodiscard]] std::int64_t started_us() const { return started_us_; }

 private:
  static constexpr std::int64_t second_us = 1'000'000;
  static constexpr std::size_t sample_max = 20;  ///< Transactions in a tick.

  class Feed;
  struct Event {
    std::uint64_t id = 0;  ///< 0: has none, and is not kept.
    std::shared_ptr<const std::string> clear;
    std::shared_ptr<const std::string> masked;
  };
  struct Second {
    std::int64_t transactions = 0;
    std::int64_t alerts = 0;
  };
  struct SinceTick {
    std::int64_t transactions = 0;
    std::int64_t alerts = 0;
    std::int64_t dropped = 0;
    std::map<std::string, Totals::Rule> by_rule;
    std::vector<store::TransactionRow> fraud;
    std::vector<store::TransactionRow> other;
  };

  void add_past(const store::Batch& batch, const store::Ingested& ingested);
  void add_alert(const store::AlertRow& alert);
  [[nodiscard]] Second* past_second(std::int64_t time_us);
  void publish(Event event);
  void end_feeds(const std::function<bool(const Listener&)>& which);
  void note(const store::NewTransaction& transaction);
  [[nodiscard]] Second last_seconds(int seconds) const;
  void write_rates(JsonWriter& json) const;
  [[nodiscard]] std::string tick_json(bool masked) const;
  [[nodiscard]] std::string statistics_locked(int minutes) const;
  [[nodiscard]] std::string id_text(std::uint64_t id) const;
  [[nodiscard]] Second& second_of(std::int64_t now_us);

  const HubOptions options_;
  const Clock& clock_;
  const std::int64_t started_us_;
  mutable std::mutex mutex_;
  Totals totals_;
  std::deque<Second> seconds_;  ///< One for each second up to `newest_second_`.
  std::int64_t newest_second_ = 0;
  SinceTick since_;
  std::int64_t alert_second_ = 0;  ///< For alerts_per_s_max.
  std::size_t alerts_in_second_ = 0;
  std::int64_t quiet_ticks_ = 0;
  std::optional<std::int64_t> lag_;
  std::uint64_t next_id_ = 1;
  std::deque<Event> kept_;
  std::vector<std::weak_ptr<Feed>> feeds_;
  std::shared_ptr<std::atomic<std::uint64_t>> dropped_;
};

}  // namespace bank::server
