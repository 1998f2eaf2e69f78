// Who is still to be told of which alert.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "store/conditions.h"
#include "store/rows.h"
#include "store/store.h"

namespace bank::store {
namespace {

constexpr std::string_view notification_columns = "id, target, dead, attempts, queued_us, tried_us, error";

bool wanted(const NotificationRoute& route, const AlertRow& alert, std::int64_t now_us) {
  const auto among = [](const auto& list, const auto& one) {
    return list.empty() || std::ranges::find(list, one) != list.end();
  };
  return among(route.severities, alert.severity) && among(route.rules, alert.rule) &&
         now_us - alert.detected_us <= route.max_age_us;
}

// The alert's columns, then notification_columns.
NotificationRow notification_of(const Rows& rows, std::size_t row) {
  static const auto first = static_cast<std::size_t>(std::ranges::count(alert_columns, ',')) + 1;
  return {.id = rows.integer(row, first),
          .target = rows.text(row, first + 1),
          .dead = rows.integer(row, first + 2) != 0,
          .attempts = rows.integer(row, first + 3),
          .queued_us = rows.integer(row, first + 4),
          .tried_us = rows.maybe_integer(row, first + 5),
          .error = rows.cell(row, first + 6),
          .alert = alert_of(rows, row)};
}

std::string select(std::string_view rest) {
  return fmt::format("SELECT {}, {} FROM notifications JOIN alerts USING (alert_id){}", alert_columns,
                     notification_columns, rest);
}

}  // namespace

Result<void> Store::queue_notifications(std::int64_t now_us, Ingested& out) {
  std::vector<Value> values;
  for (const AlertRow& alert : out.alerts) {
    for (const NotificationRoute& route : options_.routes) {
      if (wanted(route, alert, now_us)) values.insert(values.end(), {alert.alert_id, route.target, now_us});
    }
  }
  if (values.empty()) return {};
  const auto queued = database_->execute_many(
      "INSERT INTO notifications (alert_id, target, dead, attempts, queued_us) VALUES ($1, $2, 0, 0, $3) "
      "ON CONFLICT (alert_id, target) DO NOTHING",
      3, values);
  if (!queued) return std::unexpected(queued.error());
  out.notifications = static_cast<std::size_t>(std::ranges::count(*queued, true));
  return {};
}

Result<std::vector<NotificationRow>> Store::waiting_notifications(std::string_view target, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  // Two questions, so that the first is answered by the index alone, however many wait.
  const std::initializer_list<Value> values = {target, static_cast<std::int64_t>(limit)};
  auto rows = database_->query(select(" WHERE target = $1 AND dead = 0 AND attempts < 3 ORDER BY id LIMIT $2"), values);
  if (rows && rows->empty()) {
    rows = database_->query(select(" WHERE target = $1 AND dead = 0 ORDER BY attempts / 3, id LIMIT $2"), values);
  }
  if (!rows) return std::unexpected(rows.error());
  return all_of(*rows, notification_of);
}

Result<void> Store::notifications_delivered(std::span<const std::int64_t> ids) {
  const std::vector<Value> values(ids.begin(), ids.end());
  const std::lock_guard lock(mutex_);
  Result<Transaction> transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  const auto done = database_->execute_many("DELETE FROM notifications WHERE id = $1", 1, values);
  if (!done) return std::unexpected(done.error());
  return transaction->commit();
}

Result<void> Store::give_up_notifications(std::span<const std::int64_t> ids, std::string_view why) {
  std::vector<Value> values;
  for (const std::int64_t id : ids) values.insert(values.end(), {why, id});
  const std::lock_guard lock(mutex_);
  Result<Transaction> transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  const auto done = database_->execute_many("UPDATE notifications SET dead = 1, error = $1 WHERE id = $2", 2, values);
  if (!done) return std::unexpected(done.error());
  return transaction->commit();
}

Result<void> Store::notifications_failed(std::span<const std::int64_t> ids, std::string_view error, bool dead,
                                         std::int64_t now_us) {
  std::vector<Value> values;
  for (const std::int64_t id : ids) values.insert(values.end(), {std::int64_t{dead}, now_us, error, id});
  const std::lock_guard lock(mutex_);
  Result<Transaction> transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  const auto done = database_->execute_many(
      "UPDATE notifications SET dead = $1, attempts = attempts + 1, tried_us = $2, error = $3 WHERE id = $4", 4,
      values);
  if (!done) return std::unexpected(done.error());
  return transaction->commit();
}

Result<std::int64_t> Store::give_up_notifications(std::string_view target, std::int64_t queued_before_us) {
  const std::lock_guard lock(mutex_);
  Result<Transaction> transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  const auto done = database_->execute(
      "UPDATE notifications SET dead = 1, error = coalesce(error, 'its receiver took nothing for too long') "
      "WHERE target = $1 AND dead = 0 AND queued_us < $2",
      {target, queued_before_us});
  if (!done) return std::unexpected(done.error());
  if (auto committed = transaction->commit(); !committed) return std::unexpected(committed.error());
  return *done;
}

Result<std::int64_t> Store::give_up_unknown_targets(std::span<const std::string> targets) {
  Conditions conditions;
  conditions.add("dead = {}", {std::int64_t{0}});
  for (const std::string& target : targets) conditions.add("target <> {}", {target});
  const std::lock_guard lock(mutex_);
  Result<Transaction> transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  const auto done = database_->execute(
      fmt::format("UPDATE notifications SET dead = 1, error = 'there is no receiver of that name any more'{}",
                  conditions.where()),
      conditions.values());
  if (!done) return std::unexpected(done.error());
  if (auto committed = transaction->commit(); !committed) return std::unexpected(committed.error());
  return *done;
}

Result<std::int64_t> Store::resend_notifications(std::span<const std::int64_t> ids,
                                                 const std::vector<std::string>& targets, const Actor& actor) {
  return change_dead(true, ids, targets, actor);
}

Result<std::int64_t> Store::discard_notifications(std::span<const std::int64_t> ids,
                                                  const std::vector<std::string>& targets, const Actor& actor) {
  return change_dead(false, ids, targets, actor);
}

Result<std::int64_t> Store::change_dead(bool again, std::span<const std::int64_t> ids,
                                        const std::vector<std::string>& targets, const Actor& actor) {
  Conditions conditions;
  std::string sql = "DELETE FROM notifications";
  if (again) {
    sql = "UPDATE notifications SET dead = 0, attempts = 0, queued_us = " + conditions.place(actor.at_us);
  }
  conditions.add("dead = {}", {std::int64_t{1}});
  conditions.add_any("target", targets);
  sql += conditions.where();
  std::vector<Value> values(conditions.values().begin(), conditions.values().end());
  if (!ids.empty()) sql += fmt::format(" AND id = ${}", values.size() + 1);
  const std::lock_guard lock(mutex_);
  Result<Transaction> transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  std::int64_t count = 0;
  for (std::size_t i = 0; i < std::max<std::size_t>(ids.size(), 1); ++i) {
    std::vector<Value> each = values;
    if (!ids.empty()) each.emplace_back(ids[i]);
    const auto done = database_->execute(sql, each);
    if (!done) return std::unexpected(done.error());
    count += *done;
  }
  const std::string_view action = again ? "notification.resend" : "notification.discard";
  const auto logged = database_->execute(
      "INSERT INTO audit (at_us, author, action, subject, before, after, remote) VALUES ($1, $2, $3, $4, $5, $6, $7)",
      {actor.at_us, actor.user, action, std::string_view(targets.size() == 1 ? targets[0] : "*"), Value(),
       std::string_view(fmt::format("{}", count)), actor.remote.empty() ? Value() : Value(actor.remote)});
  if (!logged) return std::unexpected(logged.error());
  if (auto committed = transaction->commit(); !committed) return std::unexpected(committed.error());
  return count;
}

Result<Page<NotificationRow>> Store::notifications(const NotificationFilter& filter, const PageWish& wish) {
  Conditions conditions;
  if (filter.target) conditions.add("target = {}", {*filter.target});
  if (filter.dead) conditions.add("dead = {}", {std::int64_t{*filter.dead}});
  if (!wish.cursor.empty()) {
    std::int64_t before = 0;
    std::from_chars(wish.cursor.data(), wish.cursor.data() + wish.cursor.size(), before);
    conditions.add("id < {}", {before});
  }
  const std::string limit = conditions.place(static_cast<std::int64_t>(wish.limit + 1));
  const std::lock_guard lock(mutex_);
  const auto rows = database_->query(select(fmt::format("{} ORDER BY id DESC LIMIT {}", conditions.where(), limit)),
                                     conditions.values());
  if (!rows) return std::unexpected(rows.error());
  Page<NotificationRow> page{.items = all_of(*rows, notification_of), .next = {}};
  if (page.items.size() > wish.limit) {
    page.items.resize(wish.limit);
    page.next = std::to_string(page.items.back().id);
  }
  return page;
}

Result<std::vector<NotificationFigures>> Store::notification_figures() {
  const std::lock_guard lock(mutex_);
  const auto rows = database_->query(
      "SELECT target, sum(1 - dead), sum(dead), min(CASE WHEN dead = 0 THEN queued_us END) FROM notifications "
      "GROUP BY target ORDER BY target");
  if (!rows) return std::unexpected(rows.error());
  return all_of(*rows, [](const Rows& all, std::size_t i) {
    return NotificationFigures{.target = all.text(i, 0),
                               .waiting = all.integer(i, 1),
                               .dead = all.integer(i, 2),
                               .oldest_us = all.maybe_integer(i, 3)};
  });
}

}  // namespace bank::store
