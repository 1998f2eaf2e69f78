// Alerts, cases and accounts, as pages show them.
#include <fmt/format.h>

#include <charconv>

#include "store/conditions.h"
#include "store/rows.h"
#include "store/store.h"

namespace bank::store {
namespace {

/// `number|id`: where a page ended.
struct Cursor {
  std::int64_t number = 0;
  std::string id;
};

std::string text_of(std::int64_t number, std::string_view id) { return fmt::format("{}|{}", number, id); }

std::optional<Cursor> cursor_of(std::string_view text) {
  const std::size_t bar = text.find('|');
  if (bar == std::string_view::npos) return std::nullopt;
  Cursor cursor;
  const auto [end, error] = std::from_chars(text.data(), text.data() + bar, cursor.number);
  if (error != std::errc() || end != text.data() + bar) return std::nullopt;
  cursor.id = text.substr(bar + 1);
  return cursor;
}

void add_account(Conditions& conditions, const std::optional<std::string>& account) {
  if (!account) return;
  if (account->starts_with("acct_")) {
    conditions.add("account_ref = {}", {*account});
  } else if (account->starts_with("****")) {
    // Of a number no longer than what is shown of others, nothing is.
    conditions.add("account LIKE {} ESCAPE '\\' AND length(account) > 4",
                   {conditions.keep("%" + like_text(account->substr(4)))});
  } else {
    conditions.add("account = {}", {*account});
  }
}

void add_assignee(Conditions& conditions, const std::optional<std::string>& assignee) {
  if (!assignee) return;
  if (assignee->empty()) {
    conditions.add("assignee IS NULL", {});
  } else {
    conditions.add("assignee = {}", {*assignee});
  }
}

void add_alert_filter(Conditions& conditions, const AlertFilter& filter) {
  add_account(conditions, filter.account);
  conditions.add_any("rule", filter.rules);
  conditions.add_any("severity", filter.severities);
  conditions.add_any("decision", filter.decisions);
  conditions.add_any("status", filter.statuses);
  add_assignee(conditions, filter.assignee);
  if (filter.from_us) conditions.add("time_us >= {}", {*filter.from_us});
  if (filter.to_us) conditions.add("time_us < {}", {*filter.to_us});
  if (filter.case_id) conditions.add("case_id = {}", {*filter.case_id});
  if (filter.text) {
    const Value like = conditions.keep("%" + like_text(*filter.text) + "%");
    const std::string reason = filter.reasons ? "lower(reason) LIKE lower({0}) ESCAPE '\\' OR " : "";
    conditions.add(
        "(" + reason + "lower(rule) LIKE lower({0}) ESCAPE '\\' OR lower(alert_id) LIKE lower({0}) ESCAPE '\\')",
        {like});
  }
}

std::int64_t order_value(const AlertRow& row, Order order) {
  if (order == Order::detected) return row.detected_us;
  return order == Order::score ? row.score : row.time_us;
}

}  // namespace

Result<Page<AlertRow>> Store::alerts(const AlertFilter& filter, const PageWish& wish) {
  constexpr std::array columns = {"time_us", "detected_us", "score"};
  const std::string_view column = columns[static_cast<std::size_t>(filter.order)];
  const std::string_view direction = filter.ascending ? "ASC" : "DESC";
  Conditions conditions;
  add_alert_filter(conditions, filter);
  std::optional<Cursor> cursor;
  if (!wish.cursor.empty()) {
    cursor = cursor_of(wish.cursor);
    if (!cursor) return Page<AlertRow>{};
    conditions.add(fmt::format("({}, alert_id) {} ({{}}, {{}})", column, filter.ascending ? '>' : '<'),
                   {cursor->number, cursor->id});
  }
  const std::string limit = conditions.place(static_cast<std::int64_t>(wish.limit + 1));
  const std::lock_guard lock(mutex_);
  const auto rows =
      database_->query(fmt::format("SELECT {} FROM alerts{} ORDER BY {} {}, alert_id {} LIMIT {}", alert_columns,
                                   conditions.where(), column, direction, direction, limit),
                       conditions.values());
  if (!rows) return std::unexpected(rows.error());
  Page<AlertRow> page{.items = all_of(*rows, alert_of), .next = {}};
  if (page.items.size() > wish.limit) {
    page.items.resize(wish.limit);
    page.next = text_of(order_value(page.items.back(), filter.order), page.items.back().alert_id);
  }
  return page;
}

Result<std::optional<AlertRow>> Store::alert(std::string_view alert_id) {
  const std::lock_guard lock(mutex_);
  const auto rows =
      database_->query(fmt::format("SELECT {} FROM alerts WHERE alert_id = $1", alert_columns), {alert_id});
  if (!rows) return std::unexpected(rows.error());
  return rows->empty() ? std::nullopt : std::optional(alert_of(*rows, 0));
}

Result<std::vector<AlertRow>> Store::alerts_of_transaction(std::string_view transaction_id) {
  const std::lock_guard lock(mutex_);
  const auto rows = database_->query(
      fmt::format("SELECT {} FROM alerts WHERE transaction_id = $1 ORDER BY alert_id LIMIT 1000", alert_columns),
      {transaction_id});
  if (!rows) return std::unexpected(rows.error());
  return all_of(*rows, alert_of);
}

Result<std::optional<TransactionRow>> Store::transaction(std::string_view transaction_id) {
  const std::lock_guard lock(mutex_);
  const auto rows = database_->query(
      fmt::format("SELECT {} FROM transactions WHERE transaction_id = $1", transaction_columns), {transaction_id});
  if (!rows) return std::unexpected(rows.error());
  return rows->empty() ? std::nullopt : std::optional(transaction_of(*rows, 0));
}

Result<Page<CaseRow>> Store::cases(const CaseFilter& filter, const PageWish& wish) {
  Conditions conditions;
  add_account(conditions, filter.account);
  conditions.add_any("severity", filter.severities);
  conditions.add_any("status", filter.statuses);
  add_assignee(conditions, filter.assignee);
  std::optional<Cursor> cursor;
  if (!wish.cursor.empty()) {
    cursor = cursor_of(wish.cursor);
    if (!cursor) return Page<CaseRow>{};
    conditions.add("(last_us, case_id) < ({}, {})", {cursor->number, cursor->id});
  }
  const std::string limit = conditions.place(static_cast<std::int64_t>(wish.limit + 1));
  const std::lock_guard lock(mutex_);
  const auto rows = database_->query(fmt::format("SELECT {} FROM cases{} ORDER BY last_us DESC, case_id DESC LIMIT {}",
                                                 case_columns, conditions.where(), limit),
                                     conditions.values());
  if (!rows) return std::unexpected(rows.error());
  Page<CaseRow> page{.items = all_of(*rows, case_of), .next = {}};
  if (page.items.size() > wish.limit) {
    page.items.resize(wish.limit);
    page.next = text_of(page.items.back().last_us, page.items.back().case_id);
  }
  return page;
}

Result<std::optional<CaseRow>> Store::find_case(std::string_view case_id) {
  const std::lock_guard lock(mutex_);
  const auto rows = database_->query(fmt::format("SELECT {} FROM cases WHERE case_id = $1", case_columns), {case_id});
  if (!rows) return std::unexpected(rows.error());
  return rows->empty() ? std::nullopt : std::optional(case_of(*rows, 0));
}

Result<std::vector<NoteRow>> Store::notes(std::string_view subject) {
  const std::lock_guard lock(mutex_);
  const auto rows = database_->query(
      "SELECT id, at_us, author, body FROM notes WHERE subject = $1 ORDER BY id LIMIT 1000", {subject});
  if (!rows) return std::unexpected(rows.error());
  return all_of(*rows, [](const Rows& all, std::size_t i) {
    return NoteRow{.id = all.integer(i, 0), .at_us = all.integer(i, 1), .user = all.text(i, 2), .text = all.text(i, 3)};
  });
}

Result<std::optional<std::string>> Store::account(std::string_view number_or_ref) {
  const std::lock_guard lock(mutex_);
  const std::string_view column = number_or_ref.starts_with("acct_") ? "account_ref" : "account";
  for (const std::string_view table : {"alerts", "transactions"}) {
    const auto rows =
        database_->query(fmt::format("SELECT account FROM {} WHERE {} = $1 LIMIT 1", table, column), {number_or_ref});
    if (!rows) return std::unexpected(rows.error());
    if (!rows->empty()) return rows->cell(0, 0);
  }
  return std::nullopt;
}

Result<AccountFigures> Store::account_figures(std::string_view account) {
  const std::lock_guard lock(mutex_);
  const auto rows = database_->query(
      "SELECT count(*), CAST(coalesce(sum(amount), 0) AS TEXT), min(time_us), max(time_us) FROM transactions "
      "WHERE account = $1",
      {account});
  if (!rows) return std::unexpected(rows.error());
  const auto alerts = database_->query("SELECT count(*) FROM alerts WHERE account = $1", {account});
  if (!alerts) return std::unexpected(alerts.error());
  return AccountFigures{.transactions = rows->integer(0, 0),
                        .alerts = alerts->integer(0, 0),
                        .amount = model::Amount::from_units(rows->integer(0, 1)),
                        .first_us = rows->maybe_integer(0, 2),
                        .last_us = rows->maybe_integer(0, 3)};
}

Result<std::vector<TransactionRow>> Store::account_transactions(std::string_view account, std::size_t limit,
                                                                std::optional<std::int64_t> around_us) {
  const std::lock_guard lock(mutex_);
  std::vector<TransactionRow> out;
  std::int64_t before = static_cast<std::int64_t>(limit);
  if (around_us) {
    const auto rows = database_->query(
        fmt::format("SELECT {} FROM transactions WHERE account = $1 AND time_us > $2 ORDER BY time_us, seq LIMIT $3",
                    transaction_columns),
        {account, *around_us, before / 2});
    if (!rows) return std::unexpected(rows.error());
    for (std::size_t i = rows->size(); i > 0; --i) out.push_back(transaction_of(*rows, i - 1));
    before -= static_cast<std::int64_t>(rows->size());
  }
  const auto rows = database_->query(
      fmt::format("SELECT {} FROM transactions WHERE account = $1 AND time_us <= $2 ORDER BY time_us DESC, seq DESC "
                  "LIMIT $3",
                  transaction_columns),
      {account, around_us.value_or(std::numeric_limits<std::int64_t>::max()), before});
  if (!rows) return std::unexpected(rows.error());
  for (std::size_t i = 0; i < rows->size(); ++i) out.push_back(transaction_of(*rows, i));
  return out;
}

Result<std::vector<TransactionRow>> Store::account_window(std::string_view account, std::int64_t from_us,
                                                          std::int64_t to_us) {
  const std::lock_guard lock(mutex_);
  const auto rows = database_->query(
      fmt::format("SELECT {} FROM (SELECT * FROM transactions WHERE account = $1 AND time_us >= $2 AND time_us <= $3 "
                  "ORDER BY time_us DESC, seq DESC LIMIT $4) AS latest ORDER BY seq",
                  transaction_columns),
      {account, from_us, to_us, static_cast<std::int64_t>(account_window_max)});
  if (!rows) return std::unexpected(rows.error());
  return all_of(*rows, transaction_of);
}

Result<std::vector<TransactionRow>> Store::latest_transactions(std::size_t limit) {
  const std::lock_guard lock(mutex_);
  const auto rows = database_->query(
      fmt::format("SELECT {} FROM (SELECT * FROM transactions ORDER BY seq DESC LIMIT $1) AS latest ORDER BY seq",
                  transaction_columns),
      {static_cast<std::int64_t>(limit)});
  if (!rows) return std::unexpected(rows.error());
  return all_of(*rows, transaction_of);
}

Result<std::vector<RuleFigures>> Store::rule_figures() {
  const std::lock_guard lock(mutex_);
  const auto rows = database_->query(
      "SELECT rule, max(severity), count(*), max(time_us), "
      "sum(CASE WHEN status = $1 THEN 1 ELSE 0 END), sum(CASE WHEN status = $2 THEN 1 ELSE 0 END) "
      "FROM alerts GROUP BY rule ORDER BY rule",
      {static_cast<std::int64_t>(Disposition::confirmed_fraud),
       static_cast<std::int64_t>(Disposition::false_positive)});
  if (!rows) return std::unexpected(rows.error());
  return all_of(*rows, [](const Rows& all, std::size_t i) {
    RuleFigures figures{.rule = all.text(i, 0),
                        .severity = static_cast<model::Severity>(all.integer(i, 1)),
                        .hits = all.integer(i, 2),
                        .last_hit_us = all.maybe_integer(i, 3),
                        .confirmed_fraud = all.integer(i, 4),
                        .false_positive = all.integer(i, 5)};
    figures.undecided = figures.hits - figures.confirmed_fraud - figures.false_positive;
    return figures;
  });
}

Result<Page<LabelRow>> Store::labels(const PageWish& wish) {
  Conditions conditions;
  conditions.add_any("status", std::vector{Disposition::confirmed_fraud, Disposition::false_positive});
  std::optional<Cursor> cursor;
  if (!wish.cursor.empty()) {
    cursor = cursor_of(wish.cursor);
    if (!cursor) return Page<LabelRow>{};
    conditions.add("(decided_us, alert_id) > ({}, {})", {cursor->number, cursor->id});
  }
  const std::string limit = conditions.place(static_cast<std::int64_t>(wish.limit + 1));
  const std::lock_guard lock(mutex_);
  const auto rows = database_->query(
      fmt::format("SELECT transaction_id, account, alert_id, rule, status, decided_us, decided_by FROM alerts{} "
                  "ORDER BY decided_us, alert_id LIMIT {}",
                  conditions.where(), limit),
      conditions.values());
  if (!rows) return std::unexpected(rows.error());
  Page<LabelRow> page{.items = all_of(*rows,
                                      [](const Rows& all, std::size_t i) {
                                        return LabelRow{.transaction_id = all.text(i, 0),
                                                        .account = all.text(i, 1),
                                                        .alert_id = all.text(i, 2),
                                                        .rule = all.text(i, 3),
                                                        .status = static_cast<Disposition>(all.integer(i, 4)),
                                                        .decided_us = all.integer(i, 5),
                                                        .decided_by = all.cell(i, 6)};
                                      }),
                      .next = {}};
  if (page.items.size() > wish.limit) {
    page.items.resize(wish.limit);
    page.next = text_of(page.items.back().decided_us, page.items.back().alert_id);
  }
  return page;
}

}  // namespace bank::store
