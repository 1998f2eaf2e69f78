#include "server/hub.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>

#include "server/render.h"

namespace bank::server {
namespace {

constexpr std::int64_t second_us = 1'000'000;
constexpr std::size_t seconds_kept = 3600 + 1;
constexpr std::size_t sample_max = 20;
constexpr int rate_seconds = 5;    ///< What a rate is taken over.
constexpr int share_seconds = 60;  ///< What the share of alerts is taken over.
constexpr int ticks_a_second = 4;

std::string event_text(std::string_view name, std::string_view id, std::string_view json) {
  return id.empty() ? fmt::format("event: {}\ndata: {}\n\n", name, json)
                    : fmt::format("event: {}\nid: {}\ndata: {}\n\n", name, id, json);
}

std::shared_ptr<const std::string> shared(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

template <typename Array, typename Name>
void write_counts(JsonWriter& json, const Array& counts, Name name) {
  json.begin_object();
  for (std::size_t i = 0; i < counts.size(); ++i) json.member(name(i), counts[i]);
  json.end_object();
}

void write_totals(JsonWriter& json, const Totals& totals) {
  json.member("transactions", totals.transactions).member("alerts", totals.alerts).key("by_decision");
  write_counts(json, totals.by_decision,
               [](std::size_t i) { return model::to_string(static_cast<model::Decision>(i)); });
  json.key("by_severity");
  write_counts(json, totals.by_severity,
               [](std::size_t i) { return model::to_string(static_cast<model::Severity>(i)); });
}

void write_rules(JsonWriter& json, const std::map<std::string, Totals::Rule>& rules) {
  json.key("by_rule").begin_array();
  for (const auto& [rule, tally] : rules) {
    json.begin_object().member("rule", rule).member("severity", model::to_string(tally.severity));
    json.member("count", tally.count).end_object();
  }
  json.end_array();
}

void write_lag(JsonWriter& json, std::optional<std::int64_t> lag) {
  json.key("lag_records");
  if (lag) {
    json.value(*lag);
  } else {
    json.null();
  }
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

}  // namespace

/// What waits for one client.
class Hub::Feed final : public EventFeed {
 public:
  Feed(const HubOptions& options, bool masked, std::shared_ptr<std::atomic<std::uint64_t>> dropped)
      : events_max_(options.feed_events_max),
        bytes_max_(options.feed_bytes_max),
        masked_(masked),
        all_dropped_(std::move(dropped)) {}

  void push(const Event& event) {
    const std::lock_guard lock(mutex_);
    const auto& text = masked_ ? event.masked : event.clear;
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
  const bool masked_;
  const std::shared_ptr<std::atomic<std::uint64_t>> all_dropped_;
  std::mutex mutex_;
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
  const std::int64_t now_us = clock_.wall_us();
  Second& second = second_of(now_us);
  for (std::size_t i = 0; i < ingested.transactions.size(); ++i) {
    if (!ingested.transactions[i]) continue;
    const store::NewTransaction& transaction = batch.transactions[i];
    ++totals_.transactions;
    ++second.transactions;
    ++since_.transactions;
    if (transaction.decision) ++totals_.by_decision[static_cast<std::size_t>(*transaction.decision)];
    note(transaction);
  }
  for (const store::AlertRow& alert : ingested.alerts) {
    ++totals_.alerts;
    ++second.alerts;
    ++since_.alerts;
    ++totals_.by_severity[static_cast<std::size_t>(alert.severity)];
    for (auto* rules : {&totals_.by_rule, &since_.by_rule}) {
      Totals::Rule& rule = (*rules)[alert.rule];
      rule.severity = alert.severity;
      ++rule.count;
    }
    if (alert_second_ != newest_second_) {
      alert_second_ = newest_second_;
      alerts_in_second_ = 0;
    }
    if (++alerts_in_second_ > options_.alerts_per_s_max) {
      ++since_.dropped;
      continue;
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

void Hub::tick() {
  const std::lock_guard lock(mutex_);
  static_cast<void>(second_of(clock_.wall_us()));
  // While nothing comes, once a second is enough for the rates to fall.
  if (since_.transactions == 0 && since_.alerts == 0 && ++quiet_ticks_ % ticks_a_second != 0) return;
  if (!feeds_.empty()) {
    publish({.id = 0,
             .clear = shared(event_text("tick", {}, tick_json(false))),
             .masked = shared(event_text("tick", {}, tick_json(true)))});
  }
  since_ = {};
}

std::string Hub::tick_json(bool masked) const {
  std::string out;
  JsonWriter json(out, 0);
  json.begin_object().member("at", time_text(clock_.wall_us()));
  json.member("transactions", since_.transactions).member("alerts", since_.alerts);
  write_rules(json, since_.by_rule);
  write_rates(json);
  json.key("totals").begin_object();
  write_totals(json, totals_);
  json.end_object();
  write_lag(json, lag_);
  json.key("sample").begin_array();
  std::size_t left = sample_max;
  for (const auto* rows : {&since_.fraud, &since_.other}) {
    for (std::size_t i = 0; i < rows->size() && left > 0; ++i, --left) write_transaction(json, (*rows)[i], masked);
  }
  json.end_array().member("dropped", since_.dropped).end_object();
  return out;
}

Hub::Second Hub::last_seconds(int seconds) const {
  Second sum;
  // The second that is under way would make every rate too low.
  const auto size = static_cast<std::int64_t>(seconds_.size());
  for (std::int64_t i = 1; i <= seconds && size - 1 - i >= 0; ++i) {
    const Second& second = seconds_[static_cast<std::size_t>(size - 1 - i)];
    sum.transactions += second.transactions;
    sum.alerts += second.alerts;
  }
  return sum;
}

void Hub::write_rates(JsonWriter& json) const {
  const Second now = last_seconds(rate_seconds);
  const Second minute = last_seconds(share_seconds);
  const double seconds = std::clamp(static_cast<double>(seconds_.size()) - 1, 1.0, static_cast<double>(rate_seconds));
  json.key("rates").begin_object();
  json.member("transactions_per_s", static_cast<double>(now.transactions) / seconds);
  json.member("alerts_per_s", static_cast<double>(now.alerts) / seconds);
  json.member("alert_share", minute.transactions == 0
                                 ? 0.0
                                 : static_cast<double>(minute.alerts) / static_cast<double>(minute.transactions));
  json.end_object();
}

std::shared_ptr<EventFeed> Hub::subscribe(bool masked, std::string_view last_event_id) {
  const std::lock_guard lock(mutex_);
  std::erase_if(feeds_, [](const std::weak_ptr<Feed>& weak) { return weak.expired(); });
  if (feeds_.size() >= options_.clients_max) return nullptr;
  const auto feed = std::make_shared<Feed>(options_, masked, dropped_);
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

std::string Hub::statistics(int minutes) const {
  const std::lock_guard lock(mutex_);
  return statistics_locked(minutes);
}

std::string Hub::statistics_locked(int minutes) const {
  const std::int64_t now_us = clock_.wall_us();
  std::string out;
  JsonWriter json(out, 0);
  json.begin_object().member("mode", options_.mode).member("version", options_.version);
  json.member("started_at", time_text(started_us_));
  json.member("uptime_s", static_cast<double>(now_us - started_us_) / 1e6);
  json.key("totals").begin_object();
  write_totals(json, totals_);
  write_rules(json, totals_.by_rule);
  json.end_object();
  write_rates(json);
  write_lag(json, lag_);
  const std::int64_t step = minutes <= 5 ? 1 : 5;
  json.member("series_step_s", step).key("series").begin_array();
  const auto first = newest_second_ - static_cast<std::int64_t>(seconds_.size()) + 1;
  const std::int64_t now_second = now_us / second_us;
  for (std::int64_t at = (now_second - minutes * 60) / step * step; at + step <= now_second; at += step) {
    Second sum;
    for (std::int64_t second = std::max(at, first); second < at + step && second <= newest_second_; ++second) {
      const Second& each = seconds_[static_cast<std::size_t>(second - first)];
      sum.transactions += each.transactions;
      sum.alerts += each.alerts;
    }
    json.begin_object().member("time", time_text(at * second_us));
    json.member("transactions", sum.transactions).member("alerts", sum.alerts).end_object();
  }
  json.end_array().end_object();
  return out;
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
