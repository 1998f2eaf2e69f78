// Who is still to be told of which alert.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <thread>

#include "base/sha256.h"
#include "store/conditions.h"
#include "store/rows.h"
#include "store/store.h"

namespace bank::store {
namespace {

constexpr std::string_view notification_columns = "id, target, dead, attempts, queued_us, tried_us, error, message_key";
constexpr std::size_t key_bytes_max = 255;  // PagerDuty's dedup_key
/// Given up in one transaction; and sent again or discarded, as one entry of the audit log names them all.
constexpr std::int64_t piece = 1000;
constexpr std::size_t logged_piece = 200;
/// Between two pieces: whoever waits for the store gets it. (A mutex alone is often had again by who had it last.)
constexpr std::chrono::milliseconds way{1};

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
          .key = rows.text(row, first + 7),
          .alert = alert_of(rows, row)};
}

std::string select(std::string_view rest) {
  return fmt::format("SELECT {}, {} FROM notifications JOIN alerts USING (alert_id){}", alert_columns,
                     notification_columns, rest);
}

/// Does what changes a piece at most, each time in a transaction of its own, until it changes nothing more.
Result<std::int64_t> in_pieces(std::mutex& mutex, Database& database, const std::string& sql,
                               std::span<const Value> values) {
  std::int64_t sum = 0;
  for (;;) {
    {
      const std::lock_guard lock(mutex);
      Result<Transaction> transaction = Transaction::begin(database);
      if (!transaction) return std::unexpected(transaction.error());
      const auto changed = database.execute(sql, values);
      if (!changed) return std::unexpected(changed.error());
      if (auto committed = transaction->commit(); !committed) return std::unexpected(committed.error());
      sum += *changed;
      if (*changed < piece) return sum;
    }
    std::this_thread::sleep_for(way);
  }
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

std::string message_key(std::span<const AlertRow> alerts) {
  const auto plain = [](char c) { return c > ' ' && c < '\x7f'; };
  if (alerts.size() == 1 && alerts.front().alert_id.size() <= key_bytes_max &&
      std::ranges::all_of(alerts.front().alert_id, plain)) {
    return alerts.front().alert_id;
  }
  std::string ids;
  for (const AlertRow& alert : alerts) ids += alert.alert_id + '\n';
  return "bank-" + sha256_hex(ids);
}

Result<std::vector<NotificationRow>> Store::next_notifications(std::string_view target, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  // Two questions, so that the first is answered by the index alone, however many wait.
  constexpr std::string_view waiting =
      "SELECT message_key, id, attempts / 3 FROM notifications WHERE target = $1 AND dead = 0";
  auto oldest = database_->query(fmt::format("{} AND attempts < 3 ORDER BY id LIMIT 1", waiting), {target});
  if (oldest && oldest->empty()) {
    oldest = database_->query(fmt::format("{} ORDER BY attempts / 3, id LIMIT 1", waiting), {target});
  }
  if (!oldest) return std::unexpected(oldest.error());
  if (oldest->empty()) return std::vector<NotificationRow>();
  if (const auto& key = oldest->cell(0, 0)) {
    const auto rows =
        database_->query(select(" WHERE target = $1 AND message_key = $2 AND dead = 0 ORDER BY id"), {target, *key});
    if (!rows) return std::unexpected(rows.error());
    return all_of(*rows, notification_of);
  }
  return new_message(target, oldest->integer(0, 1), oldest->integer(0, 2), limit);
}

// From the one of this id on, of those that were tried about as often.
Result<std::vector<NotificationRow>> Store::new_message(std::string_view target, std::int64_t first_id,
                                                        std::int64_t attempts_by_three, std::size_t limit) {
  Result<Transaction> transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  const auto found = database_->query(
      select(" WHERE target = $1 AND dead = 0 AND id >= $2 AND message_key IS NULL AND attempts / 3 = $3 "
             "ORDER BY id LIMIT $4"),
      {target, first_id, attempts_by_three, static_cast<std::int64_t>(limit)});
  if (!found) return std::unexpected(found.error());
  auto rows = all_of(*found, notification_of);
  std::vector<AlertRow> alerts;
  for (const NotificationRow& row : rows) alerts.push_back(row.alert);
  const std::string key = message_key(alerts);
  std::vector<Value> values;
  for (NotificationRow& row : rows) {
    row.key = key;
    values.insert(values.end(), {key, row.id});
  }
  const auto kept = database_->execute_many("UPDATE notifications SET message_key = $1 WHERE id = $2", 2, values);
  if (!kept) return std::unexpected(kept.error());
  if (auto committed = transaction->commit(); !committed) return std::unexpected(committed.error());
  return rows;
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
  const auto done = database_->execute_many(
      "UPDATE notifications SET dead = 1, message_key = NULL, error = $1 WHERE id = $2", 2, values);
  if (!done) return std::unexpected(done.error());
  return transaction->commit();
}

Result<void> Store::notifications_failed(std::span<const std::int64_t> ids, std::string_view error, bool dead,
                                         std::int64_t now_us) {
  std::vector<Value> values;
  for (const std::int64_t id : ids) values.insert(values.end(), {now_us, error, id});
  const std::lock_guard lock(mutex_);
  Result<Transaction> transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  // What is dead is in no message any more: if it is asked for again, it goes in a new one.
  const auto done = database_->execute_many(
      fmt::format("UPDATE notifications SET {}attempts = attempts + 1, tried_us = $1, error = $2 WHERE id = $3",
                  dead ? "dead = 1, message_key = NULL, " : ""),
      3, values);
  if (!done) return std::unexpected(done.error());
  return transaction->commit();
}

Result<std::int64_t> Store::give_up_notifications(std::string_view target, std::int64_t queued_before_us) {
  return in_pieces(mutex_, *database_,
                   "UPDATE notifications SET dead = 1, message_key = NULL, "
                   "error = coalesce(error, 'its receiver took nothing for too long') WHERE id IN (SELECT id FROM "
                   "notifications WHERE target = $1 AND dead = 0 AND queued_us < $2 LIMIT $3)",
                   std::array<Value, 3>{target, queued_before_us, piece});
}

Result<std::int64_t> Store::give_up_unknown_targets(std::span<const std::string> targets) {
  Conditions conditions;
  conditions.add("dead = {}", {std::int64_t{0}});
  for (const std::string& target : targets) conditions.add("target <> {}", {target});
  const std::string limit = conditions.place(piece);
  return in_pieces(
      mutex_, *database_,
      fmt::format("UPDATE notifications SET dead = 1, message_key = NULL, error = 'there is no receiver of "
                  "that name any more' WHERE id IN (SELECT id FROM notifications{} LIMIT {})",
                  conditions.where(), limit),
      conditions.values());
}

Result<std::int64_t> Store::resend_notifications(std::span<const std::int64_t> ids,
                                                 const std::vector<std::string>& targets, const Actor& actor) {
  return change_dead(true, ids, targets, actor);
}

Result<std::int64_t> Store::discard_notifications(std::span<const std::int64_t> ids,
                                                  const std::vector<std::string>& targets, const Actor& actor) {
  return change_dead(false, ids, targets, actor);
}

// One piece of them: id, alert_id.
Result<Rows> Store::dead_notifications(std::span<const std::int64_t> ids, const std::vector<std::string>& targets,
                                       std::int64_t behind_id) {
  Conditions conditions;
  conditions.add("dead = {}", {std::int64_t{1}});
  conditions.add_any("target", targets);
  if (ids.empty()) {
    conditions.add("id > {}", {behind_id});
    const std::string limit = conditions.place(static_cast<std::int64_t>(logged_piece));
    return database_->query(
        fmt::format("SELECT id, alert_id FROM notifications{} ORDER BY id LIMIT {}", conditions.where(), limit),
        conditions.values());
  }
  const std::string id = conditions.place(Value());
  const std::string sql = fmt::format("SELECT id, alert_id FROM notifications{} AND id = {}", conditions.where(), id);
  std::vector<Value> values(conditions.values().begin(), conditions.values().end());
  Rows all(2);
  for (const std::int64_t each : ids) {
    values.back() = each;
    const auto found = database_->query(sql, values);
    if (!found) return std::unexpected(found.error());
    if (found->empty()) continue;
    all.add(found->cell(0, 0));
    all.add(found->cell(0, 1));
  }
  return all;
}

// One piece, with its entry in the audit log; `last_id` gets the last one's, and begins behind it.
Result<std::size_t> Store::change_dead_piece(bool again, std::span<const std::int64_t> ids,
                                             const std::vector<std::string>& targets, const Actor& actor,
                                             std::int64_t& last_id) {
  const std::lock_guard lock(mutex_);
  Result<Transaction> transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  const auto rows = dead_notifications(ids, targets, last_id);
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty() && last_id > 0) return 0;  // the piece before was the last
  std::vector<Value> values;
  std::string alerts;
  for (std::size_t i = 0; i < rows->size(); ++i) {
    last_id = rows->integer(i, 0);
    if (again) values.emplace_back(actor.at_us);
    values.emplace_back(last_id);
    alerts += (alerts.empty() ? "" : ", ") + rows->text(i, 1);
  }
  const auto changed =
      again ? database_->execute_many("UPDATE notifications SET dead = 0, attempts = 0, queued_us = $1 WHERE id = $2",
                                      2, values)
            : database_->execute_many("DELETE FROM notifications WHERE id = $1", 1, values);
  if (!changed) return std::unexpected(changed.error());
  const std::string count = std::to_string(rows->size());
  const auto logged = database_->execute(
      "INSERT INTO audit (at_us, author, action, subject, before, after, remote) VALUES ($1, $2, $3, $4, $5, $6, $7)",
      {actor.at_us, actor.user, std::string_view(again ? "notification.resend" : "notification.discard"),
       std::string_view(targets.size() == 1 ? targets[0] : "*"), alerts.empty() ? Value() : Value(alerts), count,
       actor.remote.empty() ? Value() : Value(actor.remote)});
  if (!logged) return std::unexpected(logged.error());
  if (auto committed = transaction->commit(); !committed) return std::unexpected(committed.error());
  return rows->size();
}

Result<std::int64_t> Store::change_dead(bool again, std::span<const std::int64_t> ids,
                                        const std::vector<std::string>& targets, const Actor& actor) {
  std::int64_t count = 0;
  std::int64_t last_id = 0;
  for (std::size_t at = 0;; at += logged_piece) {
    const auto rest = ids.subspan(std::min(at, ids.size()));
    const auto changed =
        change_dead_piece(again, rest.first(std::min(rest.size(), logged_piece)), targets, actor, last_id);
    if (!changed) return std::unexpected(changed.error());
    count += static_cast<std::int64_t>(*changed);
    if (ids.empty() ? *changed < logged_piece : rest.size() <= logged_piece) return count;
    std::this_thread::sleep_for(way);
  }
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
      "SELECT target, dead, count(*), min(queued_us) FROM notifications GROUP BY target, dead ORDER BY target, dead");
  if (!rows) return std::unexpected(rows.error());
  std::vector<NotificationFigures> all;
  for (std::size_t i = 0; i < rows->size(); ++i) {
    if (all.empty() || all.back().target != rows->text(i, 0)) all.emplace_back().target = rows->text(i, 0);
    NotificationFigures& figures = all.back();
    const bool dead = rows->integer(i, 1) != 0;
    (dead ? figures.dead : figures.waiting) = rows->integer(i, 2);
    if (!dead) figures.oldest_us = rows->maybe_integer(i, 3);
  }
  return all;
}

}  // namespace bank::store
