// What people do with alerts and cases, and the log of it.
#include <fmt/format.h>

#include <charconv>

#include "store/conditions.h"
#include "store/rows.h"
#include "store/store.h"

namespace bank::store {
namespace {

bool decides(Disposition status) {
  return status == Disposition::confirmed_fraud || status == Disposition::false_positive;
}

std::optional<std::string> word(Disposition status) { return std::string(to_string(status)); }

bool differs(const AlertRow& row, const Change& change) {
  return (change.status && *change.status != row.status) || (change.assignee && *change.assignee != row.assignee);
}

Result<void> write_audit(Database& database, const Actor& actor, std::string_view action, std::string_view subject,
                         const std::optional<std::string>& from, const std::optional<std::string>& to) {
  const auto written = database.execute(
      "INSERT INTO audit (at_us, author, action, subject, before, after, remote) VALUES ($1, $2, $3, $4, $5, $6, $7)",
      {actor.at_us, actor.user, action, subject, value_of(from), value_of(to),
       actor.remote.empty() ? Value() : Value(actor.remote)});
  if (!written) return std::unexpected(written.error());
  return {};
}

}  // namespace

Result<void> Store::update_alert(const AlertRow& before, const Change& change, const Actor& actor) {
  const Disposition status = change.status.value_or(before.status);
  const std::optional<std::string> assignee = change.assignee.value_or(before.assignee);
  const bool decided = decides(status);
  const auto updated = database_->execute(
      "UPDATE alerts SET status = $1, assignee = $2, updated_us = $3, version = version + 1, decided_us = $4, "
      "decided_by = $5 WHERE alert_id = $6",
      {static_cast<std::int64_t>(status), value_of(assignee), actor.at_us, decided ? Value(actor.at_us) : Value(),
       decided ? Value(actor.user) : Value(), before.alert_id});
  if (!updated) return std::unexpected(updated.error());
  if (status != before.status) {
    auto done = write_audit(*database_, actor, "alert.status", before.alert_id, word(before.status), word(status));
    if (!done) return done;
  }
  if (assignee == before.assignee) return {};
  return write_audit(*database_, actor, "alert.assignee", before.alert_id, before.assignee, assignee);
}

Result<Changed> Store::change_alert(std::string_view alert_id, const Change& change, const Actor& actor) {
  const std::lock_guard lock(mutex_);
  Result<Transaction> transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  const auto rows =
      database_->query(fmt::format("SELECT {} FROM alerts WHERE alert_id = $1", alert_columns), {alert_id});
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return Changed::no_such;
  const AlertRow before = alert_of(*rows, 0);
  if (change.version && *change.version != before.version) return Changed::other_version;
  if (!differs(before, change)) return Changed::yes;
  if (auto done = update_alert(before, change, actor); !done) return std::unexpected(done.error());
  if (auto done = transaction->commit(); !done) return std::unexpected(done.error());
  return Changed::yes;
}

Result<std::vector<std::string>> Store::change_alerts(std::span<const std::string> ids, const Change& change,
                                                      const std::optional<std::string>& note, const Actor& actor) {
  const std::lock_guard lock(mutex_);
  Result<Transaction> transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  std::vector<std::string> changed;
  for (const std::string& id : ids) {
    const auto rows = database_->query(fmt::format("SELECT {} FROM alerts WHERE alert_id = $1", alert_columns), {id});
    if (!rows) return std::unexpected(rows.error());
    if (rows->empty()) continue;
    const AlertRow before = alert_of(*rows, 0);
    const bool other = differs(before, change);
    if (other) {
      if (auto done = update_alert(before, change, actor); !done) return std::unexpected(done.error());
    }
    if (note) {
      if (auto done = insert_note("alert", id, *note, actor); !done) return std::unexpected(done.error());
    }
    if (other || note) changed.push_back(id);
  }
  if (auto done = transaction->commit(); !done) return std::unexpected(done.error());
  return changed;
}

Result<Changed> Store::change_case(std::string_view case_id, const Change& change, const Actor& actor,
                                   std::vector<std::string>& changed) {
  const std::lock_guard lock(mutex_);
  Result<Transaction> transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  const auto found = database_->query(fmt::format("SELECT {} FROM cases WHERE case_id = $1", case_columns), {case_id});
  if (!found) return std::unexpected(found.error());
  if (found->empty()) return Changed::no_such;
  const CaseRow before = case_of(*found, 0);
  if (change.version && *change.version != before.version) return Changed::other_version;
  const Disposition status = change.status.value_or(before.status);
  const std::optional<std::string> assignee = change.assignee.value_or(before.assignee);
  const auto updated = database_->execute(
      "UPDATE cases SET status = $1, assignee = $2, updated_us = $3, version = version + 1 WHERE case_id = $4",
      {static_cast<std::int64_t>(status), value_of(assignee), actor.at_us, case_id});
  if (!updated) return std::unexpected(updated.error());
  if (status != before.status) {
    const auto done = write_audit(*database_, actor, "case.status", case_id, word(before.status), word(status));
    if (!done) return std::unexpected(done.error());
  }
  if (assignee != before.assignee) {
    const auto done = write_audit(*database_, actor, "case.assignee", case_id, before.assignee, assignee);
    if (!done) return std::unexpected(done.error());
  }
  const auto rows = database_->query(
      fmt::format("SELECT {} FROM alerts WHERE case_id = $1 ORDER BY alert_id", alert_columns), {case_id});
  if (!rows) return std::unexpected(rows.error());
  for (std::size_t i = 0; i < rows->size(); ++i) {
    const AlertRow alert = alert_of(*rows, i);
    if (!differs(alert, change)) continue;
    if (auto done = update_alert(alert, change, actor); !done) return std::unexpected(done.error());
    changed.push_back(alert.alert_id);
  }
  if (auto done = transaction->commit(); !done) return std::unexpected(done.error());
  return Changed::yes;
}

Result<NoteRow> Store::insert_note(std::string_view kind, std::string_view subject, std::string_view text,
                                   const Actor& actor) {
  const auto rows =
      database_->query("INSERT INTO notes (subject, at_us, author, body) VALUES ($1, $2, $3, $4) RETURNING id",
                       {subject, actor.at_us, actor.user, text});
  if (!rows) return std::unexpected(rows.error());
  const auto done = write_audit(*database_, actor, fmt::format("{}.note", kind), subject, {}, std::string(text));
  if (!done) return std::unexpected(done.error());
  return NoteRow{.id = rows->integer(0, 0), .at_us = actor.at_us, .user = actor.user, .text = std::string(text)};
}

Result<NoteRow> Store::add_note(std::string_view kind, std::string_view subject, std::string_view text,
                                const Actor& actor) {
  const std::lock_guard lock(mutex_);
  Result<Transaction> transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  Result<NoteRow> note = insert_note(kind, subject, text, actor);
  if (!note) return note;
  if (auto done = transaction->commit(); !done) return std::unexpected(done.error());
  return note;
}

Result<void> Store::audit(const Actor& actor, std::string_view action, std::string_view subject,
                          const std::optional<std::string>& from, const std::optional<std::string>& to) {
  const std::lock_guard lock(mutex_);
  Result<Transaction> transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  if (auto done = write_audit(*database_, actor, action, subject, from, to); !done) return done;
  return transaction->commit();
}

Result<Page<AuditRow>> Store::audit_log(const AuditFilter& filter, const PageWish& wish) {
  Conditions conditions;
  if (filter.user) conditions.add("author = {}", {*filter.user});
  if (filter.action) {
    conditions.add("(action = {} OR action LIKE {} ESCAPE '\\')",
                   {*filter.action, conditions.keep(like_text(*filter.action) + ".%")});
  }
  if (filter.subject) conditions.add("subject = {}", {*filter.subject});
  if (filter.from_us) conditions.add("at_us >= {}", {*filter.from_us});
  if (filter.to_us) conditions.add("at_us < {}", {*filter.to_us});
  if (!wish.cursor.empty()) {
    std::int64_t before = 0;
    std::from_chars(wish.cursor.data(), wish.cursor.data() + wish.cursor.size(), before);
    conditions.add("id < {}", {before});
  }
  const std::string limit = conditions.place(static_cast<std::int64_t>(wish.limit + 1));
  const std::lock_guard lock(mutex_);
  const auto rows = database_->query(
      fmt::format("SELECT id, at_us, author, action, subject, before, after, remote FROM audit{} ORDER BY id DESC "
                  "LIMIT {}",
                  conditions.where(), limit),
      conditions.values());
  if (!rows) return std::unexpected(rows.error());
  Page<AuditRow> page{.items = all_of(*rows,
                                      [](const Rows& all, std::size_t i) {
                                        return AuditRow{.id = all.integer(i, 0),
                                                        .at_us = all.integer(i, 1),
                                                        .user = all.text(i, 2),
                                                        .action = all.text(i, 3),
                                                        .subject = all.text(i, 4),
                                                        .from = all.cell(i, 5),
                                                        .to = all.cell(i, 6),
                                                        .remote = all.cell(i, 7)};
                                      }),
                      .next = {}};
  if (page.items.size() > wish.limit) {
    page.items.resize(wish.limit);
    page.next = std::to_string(page.items.back().id);
  }
  return page;
}

}  // namespace bank::store
