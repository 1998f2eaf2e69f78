// Who is told of alerts, and what could not be told.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "server/api.h"
#include "server/render.h"

namespace bank::server {
namespace {

constexpr std::size_t ids_max = 1000;

void write_notification(JsonWriter& json, const store::NotificationRow& row) {
  json.begin_object().member("id", std::to_string(row.id)).member("receiver", row.target);
  json.member("state", row.dead ? "dead" : "waiting").member("attempts", row.attempts);
  json.member("queued_at", time_text(row.queued_us));
  write_maybe_time(json, "tried_at", row.tried_us);
  write_maybe(json, "error", row.error);
  json.member("alert_id", row.alert.alert_id).member("alert_type", row.alert.rule);
  json.member("severity", model::to_string(row.alert.severity)).end_object();
}

std::optional<std::int64_t> id_of(const std::string& text) {
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return id;
}

/// Which dead letters a body names.
struct Wish {
  std::vector<std::int64_t> ids;  ///< Empty: all.
  std::optional<std::string> receiver;
};

std::expected<Wish, Problem> wish_of(const std::string& text) {
  const auto body = Body::parse(text, {"ids", "receiver"});
  if (!body) return bad_request(body.error().message);
  const auto ids = body->texts("ids");
  if (!ids) return bad_request(ids.error().message);
  const auto receiver = body->text("receiver");
  if (!receiver) return bad_request(receiver.error().message);
  Wish wish{.ids = {}, .receiver = *receiver};
  if (!*ids) return wish;
  if ((*ids)->empty() || (*ids)->size() > ids_max) return bad_request("ids are 1 to 1000 ids of notifications");
  for (const std::string& each : **ids) {
    const auto id = id_of(each);
    if (!id) return bad_request(fmt::format("'{}' is no id of a notification", each));
    wish.ids.push_back(*id);
  }
  return wish;
}

const store::NotificationFigures* find(const std::vector<store::NotificationFigures>& all, std::string_view target) {
  const auto found = std::ranges::find(all, target, &store::NotificationFigures::target);
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

Answered Api::get_notifications(const Call& call) {
  store::NotificationFilter filter;
  filter.target = call.maybe("receiver");
  if (const auto state = call.maybe("state")) {
    if (*state != "dead" && *state != "waiting") return bad_request("state must be dead or waiting");
    filter.dead = *state == "dead";
  }
  const auto wish = page_wish(call.query);
  if (!wish) return std::unexpected(wish.error());
  const auto page = parts_.store.notifications(filter, *wish);
  if (!page) return unavailable(page.error());
  const auto queues = parts_.store.notification_figures();
  if (!queues) return unavailable(queues.error());
  return json_of([&](JsonWriter& json) {
    json.begin_object().key("receivers").begin_array();
    for (const notify::Notifier::Figures& one : parts_.notifier.figures()) {
      const store::NotificationFigures* queue = find(*queues, one.name);
      json.begin_object().member("name", one.name).member("kind", to_string(one.kind));
      json.member("waiting", queue == nullptr ? 0 : queue->waiting).member("dead", queue == nullptr ? 0 : queue->dead);
      write_maybe_time(json, "oldest_at", queue == nullptr ? std::nullopt : queue->oldest_us);
      json.member("messages", one.messages).member("alerts", one.alerts).member("failures", one.failures);
      write_maybe(json, "trouble", one.trouble.empty() ? std::nullopt : std::optional(one.trouble));
      json.end_object();
    }
    json.end_array().key("items").begin_array();
    for (const store::NotificationRow& row : page->items) write_notification(json, row);
    json.end_array();
    write_maybe(json, "next_cursor", page->next);
    json.end_object();
  });
}

Answered Api::post_resend(const Call& call) {
  const auto wish = wish_of(call.request.body);
  if (!wish) return std::unexpected(wish.error());
  std::vector<std::string> targets;
  for (const notify::Notifier::Figures& one : parts_.notifier.figures()) {
    if (!wish->receiver || *wish->receiver == one.name) targets.push_back(one.name);
  }
  if (targets.empty() && wish->receiver) return not_found("receiver");
  // What was for receivers that are no more can't be sent.
  std::int64_t resent = 0;
  if (!targets.empty()) {
    const auto count = parts_.store.resend_notifications(wish->ids, targets, actor(call));
    if (!count) return unavailable(count.error());
    resent = *count;
  }
  if (resent > 0) parts_.notifier.retry(targets);
  return json_of([&](JsonWriter& json) { json.begin_object().member("resent", resent).end_object(); });
}

Answered Api::post_discard(const Call& call) {
  const auto wish = wish_of(call.request.body);
  if (!wish) return std::unexpected(wish.error());
  if (wish->ids.empty() && !wish->receiver) return bad_request("say what is to be discarded: give ids or a receiver");
  std::vector<std::string> targets;
  if (wish->receiver) targets.push_back(*wish->receiver);
  const auto count = parts_.store.discard_notifications(wish->ids, targets, actor(call));
  if (!count) return unavailable(count.error());
  return json_of([&](JsonWriter& json) { json.begin_object().member("discarded", *count).end_object(); });
}

std::string Api::notification_trouble(bool whole) {
  for (const notify::Notifier::Figures& one : parts_.notifier.figures()) {
    if (one.trouble.empty()) continue;
    return whole ? fmt::format("{} is not reached: {}", one.name, one.trouble)
                 : fmt::format("{} is not reached; an admin sees why", one.name);
  }
  std::int64_t dead = 0;
  for (const store::NotificationFigures& queue : parts_.watch.notifications()) dead += queue.dead;
  return dead == 0 ? std::string() : fmt::format("{} could not be delivered, and wait to be sent again", dead);
}

void Api::write_notification_metrics(MetricsText& out) {
  const auto receivers = parts_.notifier.figures();
  const auto queues = parts_.watch.notifications();
  if (receivers.empty() && queues.empty()) return;
  using Figures = notify::Notifier::Figures;
  const auto family = [&](std::string_view name, std::string_view help, std::uint64_t Figures::* member) {
    out.family(name, "counter", help);
    for (const Figures& one : receivers) out.sample(one.*member, {{"receiver", one.name}});
  };
  family("bank_notification_messages_total", "Messages that receivers took.", &Figures::messages);
  family("bank_notification_alerts_total", "Alerts that those messages told of.", &Figures::alerts);
  family("bank_notification_failures_total", "Messages that receivers did not take, each try.", &Figures::failures);
  const auto gauge = [&](std::string_view name, std::string_view help,
                         std::int64_t store::NotificationFigures::* member) {
    out.family(name, "gauge", help);
    for (const Figures& one : receivers) {
      const store::NotificationFigures* queue = find(queues, one.name);
      out.sample(queue == nullptr ? std::int64_t{0} : queue->*member, {{"receiver", one.name}});
    }
    for (const store::NotificationFigures& queue : queues) {
      if (std::ranges::find(receivers, queue.target, &Figures::name) == receivers.end()) {
        out.sample(queue.*member, {{"receiver", queue.target}});
      }
    }
  };
  gauge("bank_notifications_waiting", "Notifications that are still to be sent.", &store::NotificationFigures::waiting);
  gauge("bank_notifications_dead", "Notifications that were given up, and can be sent again.",
        &store::NotificationFigures::dead);
}

}  // namespace bank::server
