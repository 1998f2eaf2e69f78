#include "notify/notifier.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace bank::notify {
namespace {

constexpr std::size_t summed_max = 1000;
/// How long nobody need say that there is more, and it is looked for.
constexpr std::chrono::seconds look_again{10};
constexpr std::int64_t store_pause_ns = 1'000'000'000;

}  // namespace

Notifier::Notifier(store::Store& store, Clock& clock, std::vector<Target> targets, Sender sender, std::uint64_t seed,
                   const MakeTransport& make)
    : store_(store), clock_(clock), sender_(std::move(sender)) {
  for (Target& target : targets) {
    auto receiver = std::make_unique<Receiver>(std::move(target), make(), seed++, clock_.monotonic_ns());
    receiver->figures.name = receiver->target.name();
    receiver->figures.kind = receiver->target.kind;
    receivers_.push_back(std::move(receiver));
  }
}

Notifier::~Notifier() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  for (const auto& receiver : receivers_) {
    if (receiver->thread.joinable()) receiver->thread.join();
  }
}

Result<void> Notifier::start() {
  std::vector<std::string> names;
  for (const auto& receiver : receivers_) names.push_back(receiver->target.name());
  if (const auto given_up = store_.give_up_unknown_targets(names); !given_up) {
    return std::unexpected(given_up.error());
  }
  for (const auto& receiver : receivers_) receiver->thread = std::thread([this, &receiver] { run(*receiver); });
  return {};
}

void Notifier::wake() {
  {
    const std::lock_guard lock(mutex_);
    ++wakes_;
  }
  changed_.notify_all();
}

void Notifier::retry(const std::vector<std::string>& names) {
  {
    const std::lock_guard lock(mutex_);
    ++wakes_;
    for (const auto& receiver : receivers_) {
      if (std::ranges::find(names, receiver->target.name()) != names.end()) receiver->retry = true;
    }
  }
  changed_.notify_all();
}

std::vector<Notifier::Figures> Notifier::figures() const {
  const std::lock_guard lock(mutex_);
  std::vector<Figures> all;
  for (const auto& receiver : receivers_) all.push_back(receiver->figures);
  return all;
}

void Notifier::run(Receiver& receiver) {
  while (!stop_) {
    {
      const std::lock_guard lock(mutex_);
      receiver.seen = wakes_;
    }
    if (!pause(receiver, work(receiver))) return;
  }
}

std::int64_t Notifier::work(Receiver& receiver) {
  const std::int64_t now_ns = clock_.monotonic_ns();
  if (const std::int64_t wait_ns = receiver.bucket.wait_ns(now_ns); wait_ns > 0) return wait_ns;
  // With the last token goes all that waits, unless what is to be tried again comes before.
  const bool last = receiver.bucket.tokens(now_ns) < 2;
  const auto rows = store_.next_notifications(receiver.target.name(), last ? summed_max : 1);
  if (!rows) return store_pause_ns;
  if (rows->empty()) {
    wait_for_more(receiver);
    return 0;
  }
  const auto late = give_up_late(receiver, *rows);
  if (!late) return store_pause_ns;
  return *late ? 0 : send(receiver, *rows);
}

// Looked at here, and not when the receiver fails alone: it may be slow, or the program may have been away.
Result<bool> Notifier::give_up_late(const Receiver& receiver, const std::vector<store::NotificationRow>& rows) {
  const Target& target = receiver.target;
  const std::int64_t now_us = clock_.wall_us();
  const std::int64_t queued_us = now_us - target.give_up_us;
  if (std::ranges::any_of(rows, [&](const auto& row) { return row.queued_us < queued_us; })) {
    const auto given_up = store_.give_up_notifications(target.name(), queued_us);
    if (!given_up) return std::unexpected(given_up.error());
    return true;
  }
  std::vector<std::int64_t> old;
  const std::int64_t max_age_us = target.route.max_age_us;
  for (const store::NotificationRow& row : rows) {
    // What was too old already when it was queued was asked for again by somebody.
    const bool wanted = row.queued_us - row.alert.detected_us > max_age_us;
    if (!wanted && now_us - row.alert.detected_us > max_age_us) old.push_back(row.id);
  }
  if (old.empty()) return false;
  if (auto given_up = store_.give_up_notifications(old, "it was older than max_age before it could be sent");
      !given_up) {
    return std::unexpected(given_up.error());
  }
  return true;
}

std::int64_t Notifier::send(Receiver& receiver, const std::vector<store::NotificationRow>& rows) {
  std::vector<std::int64_t> ids;
  std::vector<store::AlertRow> alerts;
  for (const store::NotificationRow& row : rows) {
    ids.push_back(row.id);
    alerts.push_back(row.alert);
  }
  const Outcome outcome =
      receiver.transport->post(receiver.target, message_of(receiver.target, alerts, rows.front().key, sender_), stop_);
  receiver.bucket.take(clock_.monotonic_ns());
  if (outcome.what != Outcome::What::delivered && stop_) return 0;
  note(receiver, outcome, rows.size());
  if (outcome.what == Outcome::What::delivered) {
    receiver.backoff.succeeded();
    forget(receiver, ids);
    return 0;
  }
  const bool dead = outcome.what == Outcome::What::refused;
  const std::int64_t now_us = clock_.wall_us();
  // A failure that the store can't keep is tried again, after the pause as any other.
  const bool kept = store_.notifications_failed(ids, outcome.text, dead, now_us).has_value();
  if (dead && kept) return 0;
  static_cast<void>(store_.give_up_notifications(receiver.target.name(), now_us - receiver.target.give_up_us));
  return std::max(receiver.backoff.failed(), outcome.retry_after_us * 1000);
}

void Notifier::note(Receiver& receiver, const Outcome& outcome, std::size_t alerts) {
  const std::lock_guard lock(mutex_);
  Figures& figures = receiver.figures;
  if (outcome.what == Outcome::What::delivered) {
    ++figures.messages;
    figures.alerts += alerts;
    figures.trouble.clear();
  } else {
    ++figures.failures;
    figures.trouble = outcome.text;
  }
}

// What was sent must be known to be, or it would be sent again: this goes on until the store can.
void Notifier::forget(Receiver& receiver, const std::vector<std::int64_t>& ids) {
  while (!store_.notifications_delivered(ids)) {
    if (!pause(receiver, store_pause_ns)) return;
  }
}

bool Notifier::pause(Receiver& receiver, std::int64_t ns) {
  std::unique_lock lock(mutex_);
  if (ns > 0) changed_.wait_for(lock, std::chrono::nanoseconds(ns), [&] { return stop_ || receiver.retry; });
  if (std::exchange(receiver.retry, false)) receiver.backoff.succeeded();
  return !stop_;
}

void Notifier::wait_for_more(Receiver& receiver) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, look_again, [&] { return stop_ || wakes_ != receiver.seen; });
}

}  // namespace bank::notify
