#include "server/hub.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>

#include "server/render.h"

namespace bank::server {
namespace {

constexpr std::size_t seconds_kept = 3600 + 1;
constexpr int ticks_a_second = 4;

std::string event_text(std::string_view name, std::string_view id, std::string_view json) {
  return id.empty() ? fmt::format("event: {}\ndata: {}\n\n", name, json)
                    : fmt::format("event: {}\nid: {}\ndata: {}\n\n", name, id, json);
}

std::shared_ptr<const std::string> shared(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

store::TransactionRow row_of(const store::NewTransaction& incoming, std::string account_ref) {
  const model::Transaction& t = incoming.transaction;
  store::TransactionRow row;
  row.account_ref = std::move(account_ref);
  row.transaction_id = t.transaction_id;
  row.account = t.account_number;
  row.type = t.transaction_type;
  row.amount = t.amount;
  row.timestamp = t.timestamp;
  row.time_us = t.time.us();
  row.location = t.location;
  row.merchant = t.merchant;
  if (t.status != model::Status::none) row.status = model::to_string(t.status);
  row.risk = incoming.risk;
  row.decision = incoming.decision;
  row.rules = incoming.rules;
  return row;
}

void tally(std::map<std::string, Totals::Rule>& by_rule, const store::AlertRow& alert) {
  Totals::Rule& rule = by_rule[alert.rule];
  rule.severity = alert.severity;
  ++rule.count;
}

}  // namespace

/// What waits for one client.
class Hub::Feed final : public EventFeed {
 public:
  Feed(const HubOptions& options, Listener listener, std::shared_ptr<std::atomic<std::uint64_t>> dropped)
      : events_max_(options.feed_events_max),
        bytes_max_(options.feed_bytes_max),
        listener_(std::move(listener)),
        all_dropped_(std::move(dropped)) {}

  void push(const Event& event) {
    const std::lock_guard lock(mutex_);
    const auto& text = listener_.masked ? event.masked : event.clear;
    if (waiting_.size() >= events_max_ || bytes_ + text->size() > bytes_max_) {
      *all_dropped_ += waiting_.size();
      dropped_ += waiting_.size();
      waiting_.clear();
      bytes_ = 0;
    }
    bytes_ += text->size();
    waiting_.push_back(text);
    if (wake_) wake_();
  }

  void end() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    waiting_.clear();
    bytes_ = 0;
    dropped_ = 0;
    if (wake_) wake_();
  }
  [[nodiscard]] bool ended() const override {
    const std::lock_guard lock(mutex_);
    return ended_;
  }
  [[nodiscard]] const Listener& listener() const { return listener_; }

  std::vector<std::shared_ptr<const std::string>> take() override {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<const std::string>> out;
    if (dropped_ > 0) {
      out.push_back(shared(event_text("dropped", {}, fmt::format(R"({{"events": {}}})", dropped_))));
      dropped_ = 0;
    }
    out.insert(out.end(), waiting_.begin(), waiting_.end());
    waiting_.clear();
    bytes_ = 0;
    return out;
  }

  void on_more(std::function<void()> wake) override {
    const std::lock_guard lock(mutex_);
    wake_ = std::move(wake);
  }

 private:
  const std::size_t events_max_;
  const std::size_t bytes_max_;
  const Listener listener_;
  const std::shared_ptr<std::atomic<std::uint64_t>> all_dropped_;
  mutable std::mutex mutex_;
  bool ended_ = false;
  std::vector<std::shared_ptr<const std::string>> waiting_;
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
  std::function<void()> wake_;
};

Hub::Hub(HubOptions options, const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      started_us_(clock.wall_us()),
      newest_second_(started_us_ / second_us),
      dropped_(std::make_shared<std::atomic<std::uint64_t>>(0)) {
  seconds_.emplace_back();
}

void Hub::load(const std::vector<std::pair<std::string, std::int64_t>>& counters) {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, value] : counters) {
    const std::string_view text = name;
    if (text == "transactions") totals_.transactions = value;
    if (text.starts_with("decision:")) {
      if (const auto decision = store::decision_of(text.substr(9))) {
        totals_.by_decision[static_cast<std::size_t>(*decision)] = value;
      }
    }
    if (!text.starts_with("alert:")) continue;
    const std::size_t colon = text.find(':', 6);
    const auto severity = store::severity_of(text.substr(6, colon - 6));
    if (!severity || colon == std::string_view::npos) continue;
    totals_.alerts += value;
    totals_.by_severity[static_cast<std::size_t>(*severity)] += value;
    Totals::Rule& rule = totals_.by_rule[std::string(text.substr(colon + 1))];
    rule.severity = *severity;
    rule.count += value;
  }
}

Hub::Second& Hub::second_of(std::int64_t now_us) {
  const std::int64_t second = now_us / second_us;
  if (second > newest_second_ + static_cast<std::int64_t>(seconds_kept)) {
    seconds_.clear();
    newest_second_ = second - 1;
  }
  while (newest_second_ < second) {
    seconds_.emplace_back();
    ++newest_second_;
  }
  if (seconds_.empty()) seconds_.emplace_back();
  while (seconds_.size() > seconds_kept) seconds_.pop_front();
  return seconds_.back();
}

void Hub::note(const store::NewTransaction& transaction) {
  auto& rows = transaction.rules == "[]" ? since_.other : since_.fraud;
  if (rows.size() >= sample_max) return;
  rows.push_back(row_of(transaction, options_.account_ref(transaction.transaction.account_number)));
}

void Hub::add(const store::Batch& batch, const store::Ingested& ingested) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < ingested.transactions.size(); ++i) {
    if (!ingested.transactions[i]) continue;
    ++totals_.transactions;
    const auto& decision = batch.transactions[i].decision;
    if (decision) ++totals_.by_decision[static_cast<std::size_t>(*decision)];
  }
  for (const store::AlertRow& alert : ingested.alerts) {
    ++totals_.alerts;
    ++totals_.by_severity[static_cast<std::size_t>(alert.severity)];
    tally(totals_.by_rule, alert);
  }
  if (batch.past) {
    add_past(batch, ingested);
    return;
  }
  Second& second = second_of(clock_.wall_us());
  for (std::size_t i = 0; i < ingested.transactions.size(); ++i) {
    if (!ingested.transactions[i]) continue;
    ++second.transactions;
    ++since_.transactions;
    note(batch.transactions[i]);
  }
  second.alerts += std::ssize(ingested.alerts);
  for (const store::AlertRow& alert : ingested.alerts) add_alert(alert);
}

void Hub::add_past(const store::Batch& batch, const store::Ingested& ingested) {
  for (std::size_t i = 0; i < ingested.transactions.size(); ++i) {
    Second* second = past_second(batch.transactions[i].transaction.time.us());
    if (ingested.transactions[i] && second != nullptr) ++second->transactions;
  }
  for (const store::AlertRow& alert : ingested.alerts) {
    if (Second* second = past_second(alert.time_us); second != nullptr) ++second->alerts;
  }
}

Hub::Second* Hub::past_second(std::int64_t time_us) {
  static_cast<void>(second_of(clock_.wall_us()));
  const std::int64_t ago = newest_second_ - time_us / second_us;
  if (ago < 0 || ago >= static_cast<std::int64_t>(seconds_kept)) return nullptr;
  while (std::ssize(seconds_) <= ago) seconds_.emplace_front();
  return &seconds_[seconds_.size() - 1 - static_cast<std::size_t>(ago)];
}

void Hub::add_alert(const store::AlertRow& alert) {
  ++since_.alerts;
  tally(since_.by_rule, alert);
  if (alert_second_ != newest_second_) {
    alert_second_ = newest_second_;
    alerts_in_second_ = 0;
  }
  if (++alerts_in_second_ > options_.alerts_per_s_max) {
    ++since_.dropped;
    return;
  }
  Event event{.id = next_id_++, .clear = nullptr, .masked = nullptr};
  for (const bool masked : {false, true}) {
    std::string json;
    JsonWriter writer(json, 0);
    write_alert(writer, alert, masked);
    (masked ? event.masked : event.clear) = shared(event_text("alert", id_text(event.id), json));
  }
  publish(std::move(event));
}

void Hub::alert_changed(const store::AlertRow& alert) {
  const std::lock_guard lock(mutex_);
  std::string json;
  JsonWriter writer(json, 0);
  writer.begin_object().member("alert_id", alert.alert_id).member("status", store::to_string(alert.status));
  write_maybe(writer, "assignee", alert.assignee);
  write_maybe(writer, "case_id", alert.case_id);
  writer.member("version", alert.version).member("updated_at", time_text(alert.updated_us)).end_object();
  Event event{.id = next_id_++, .clear = nullptr, .masked = nullptr};
  event.clear = event.masked = shared(event_text("alert_changed", id_text(event.id), json));
  publish(std::move(event));
}

void Hub::announce(std::string_view event, const std::string& json) {
  const std::lock_guard lock(mutex_);
  const auto text = shared(event_text(event, {}, json));
  publish({.id = 0, .clear = text, .masked = text});
}

void Hub::set_lag(std::optional<std::int64_t> records) {
  const std::lock_guard lock(mutex_);
  lag_ = records;
}

void Hub::publish(Event event) {
  std::erase_if(feeds_, [&](const std::weak_ptr<Feed>& weak) {
    const auto feed = weak.lock();
    if (feed != nullptr) feed->push(event);
    return feed == nullptr;
  });
  if (event.id == 0) return;
  kept_.push_back(std::move(event));
  if (kept_.size() > options_.kept_events_max) kept_.pop_front();
}

void Hub::end_feeds(const std::function<bool(const Listener&)>& which) {
  std::erase_if(feeds_, [&](const std::weak_ptr<Feed>& weak) {
    const auto feed = weak.lock();
    const bool over = feed != nullptr && which(feed->listener());
    if (over) feed->end();
    return feed == nullptr || over;
  });
}

void Hub::end_feeds_of_user(std::string_view user) {
  const std::lock_guard lock(mutex_);
  end_feeds([&](const Listener& listener) { return listener.user == user; });
}

void Hub::end_feeds_of_credential(std::string_view hash) {
  const std::lock_guard lock(mutex_);
  end_feeds([&](const Listener& listener) { return listener.credential == hash; });
}

void Hub::tick() {
  const std::lock_guard lock(mutex_);
  const std::int64_t now_us = clock_.wall_us();
  end_feeds([&](const Listener& listener) { return listener.until_us <= now_us; });
  static_cast<void>(second_of(now_us));
  // While nothing comes, once a second is enough for the rates to fall.
  if (since_.transactions == 0 && since_.alerts == 0 && ++quiet_ticks_ % ticks_a_second != 0) return;
  if (!feeds_.empty()) {
    publish({.id = 0,
             .clear = shared(event_text("tick", {}, tick_json(false))),
             .masked = shared(event_text("tick", {}, tick_json(true)))});
  }
  since_ = {};
}

std::shared_ptr<EventFeed> Hub::subscribe(Listener listener, std::string_view last_event_id) {
  const std::lock_guard lock(mutex_);
  std::erase_if(feeds_, [](const std::weak_ptr<Feed>& weak) { return weak.expired(); });
  if (feeds_.size() >= options_.clients_max) return nullptr;
  const auto feed = std::make_shared<Feed>(options_, std::move(listener), dropped_);
  const auto snapshot = shared("retry: 2000\n" + event_text("snapshot", {}, statistics_locked(15)));
  feed->push({.id = 0, .clear = snapshot, .masked = snapshot});
  // Ids of another start of the program say nothing about what was missed.
  const std::string prefix = fmt::format("{}-", started_us_);
  if (last_event_id.starts_with(prefix)) {
    const std::string_view digits = last_event_id.substr(prefix.size());
    std::uint64_t last = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), last);
    if (error == std::errc() && end == digits.data() + digits.size()) {
      if (!kept_.empty() && kept_.front().id > last + 1) {
        const auto told =
            shared(event_text("dropped", {}, fmt::format(R"({{"events": {}}})", kept_.front().id - last - 1)));
        feed->push({.id = 0, .clear = told, .masked = told});
      }
      for (const Event& event : kept_) {
        if (event.id > last) feed->push(event);
      }
    }
  } else if (!last_event_id.empty()) {
    const auto told = shared(event_text("dropped", {}, R"({"events": 0})"));
    feed->push({.id = 0, .clear = told, .masked = told});
  }
  feeds_.push_back(feed);
  return feed;
}

std::string Hub::id_text(std::uint64_t id) const { return fmt::format("{}-{}", started_us_, id); }

Totals Hub::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

std::optional<std::int64_t> Hub::lag() const {
  const std::lock_guard lock(mutex_);
  return lag_;
}

std::size_t Hub::clients() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::ranges::count_if(feeds_, [](const auto& feed) { return !feed.expired(); }));
}

std::uint64_t Hub::dropped() const { return *dropped_; }

}  // namespace bank::server
