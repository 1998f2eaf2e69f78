// What comes in: transactions, alerts, the cases that they make, and where the sources stand, in one transaction.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "base/sha256.h"
#include "store/rows.h"
#include "store/store.h"

namespace bank::store {
namespace {

/// How often old transactions are looked for: a deletion costs more than a line.
constexpr std::int64_t drop_every = 5'000;

Value number(std::optional<int> maybe) { return maybe ? Value(std::int64_t{*maybe}) : Value(); }
template <typename Enum>
Value number_of(Enum value) {
  return static_cast<std::int64_t>(value);
}
template <typename Enum>
Value number_of(std::optional<Enum> value) {
  return value ? number_of(*value) : Value();
}

AlertRow row_of(const model::AlertRecord& alert, std::string account_ref, std::int64_t now_us) {
  AlertRow row;
  row.alert_id = alert.alert_id;
  row.rule = alert.rule_id;
  row.severity = alert.severity;
  row.score = alert.score;
  row.reason = alert.reason;
  row.transaction_id = alert.transaction_id;
  row.account = alert.account_number;
  row.account_ref = std::move(account_ref);
  row.amount = alert.amount;
  row.timestamp = alert.timestamp;
  row.time_us = alert.time.us();
  row.rules_version = alert.rules_version;
  row.detected_us = alert.detected_at_us;
  row.source = alert.source;
  row.updated_us = now_us;
  return row;
}

}  // namespace

Result<Ingested> Store::ingest(const Batch& batch, std::int64_t now_us) {
  const std::lock_guard lock(mutex_);
  Result<Transaction> transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  Ingested ingested;
  if (auto done = ingest_transactions(batch, ingested); !done) return std::unexpected(done.error());
  if (auto done = ingest_alerts(batch, now_us, ingested); !done) return std::unexpected(done.error());
  if (!batch.past) {
    if (auto done = queue_notifications(now_us, ingested); !done) return std::unexpected(done.error());
  }
  if (auto done = count(batch, ingested); !done) return std::unexpected(done.error());
  for (const auto& [source, position] : batch.positions) {
    const auto done = database_->execute(
        "INSERT INTO positions (source, position) VALUES ($1, $2) "
        "ON CONFLICT (source) DO UPDATE SET position = excluded.position",
        {source, position});
    if (!done) return std::unexpected(done.error());
  }
  if (auto done = drop_old(); !done) return std::unexpected(done.error());
  if (auto done = transaction->commit(); !done) return std::unexpected(done.error());
  return ingested;
}

Result<void> Store::ingest_transactions(const Batch& batch, Ingested& out) {
  if (batch.transactions.empty()) return {};
  constexpr std::size_t width = 13;
  std::vector<std::string> refs;
  refs.reserve(batch.transactions.size());
  std::vector<Value> values;
  values.reserve(batch.transactions.size() * width);
  for (const NewTransaction& each : batch.transactions) {
    const model::Transaction& t = each.transaction;
    refs.push_back(account_ref(t.account_number));
    const std::string_view status = model::to_string(t.status);
    values.insert(values.end(),
                  {t.transaction_id, t.account_number, refs.back(), t.transaction_type, t.amount.units(), t.timestamp,
                   t.time.us(), value_of(t.location), value_of(t.merchant), status.empty() ? Value() : Value(status),
                   number(each.risk), number_of(each.decision), each.rules});
  }
  auto changed = database_->execute_many(
      fmt::format("INSERT INTO transactions ({}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) "
                  "ON CONFLICT (transaction_id) DO NOTHING",
                  transaction_columns),
      width, values);
  if (!changed) return std::unexpected(changed.error());
  out.transactions = std::move(*changed);

  // Alerts may have come before their transaction, from another topic.
  values.clear();
  for (const NewTransaction& each : batch.transactions) {
    if (each.rules == "[]" || !each.decision) continue;
    values.insert(values.end(), {number_of(each.decision), number(each.risk), each.transaction.transaction_id});
  }
  if (values.empty()) return {};
  const auto updated = database_->execute_many(
      "UPDATE alerts SET decision = $1, risk = $2 WHERE transaction_id = $3 AND decision IS NULL", 3, values);
  if (!updated) return std::unexpected(updated.error());
  return {};
}

Result<void> Store::ingest_alerts(const Batch& batch, std::int64_t now_us, Ingested& out) {
  if (batch.alerts.empty()) return {};
  std::unordered_map<std::string_view, const NewTransaction*> by_id;
  for (const NewTransaction& each : batch.transactions) by_id.emplace(each.transaction.transaction_id, &each);
  std::unordered_set<std::string_view> seen;
  std::vector<AlertRow> rows;
  for (const model::AlertRecord& alert : batch.alerts) {
    const auto known = database_->query("SELECT 1 FROM alerts WHERE alert_id = $1", {alert.alert_id});
    if (!known) return std::unexpected(known.error());
    if (!known->empty() || !seen.insert(alert.alert_id).second) continue;
    AlertRow row = row_of(alert, account_ref(alert.account_number), now_us);
    if (const auto found = by_id.find(alert.transaction_id); found != by_id.end() && found->second->decision) {
      row.decision = found->second->decision;
      row.risk = found->second->risk;
    } else {
      const auto decided =
          database_->query("SELECT decision, risk FROM transactions WHERE transaction_id = $1", {alert.transaction_id});
      if (!decided) return std::unexpected(decided.error());
      if (!decided->empty() && decided->maybe_integer(0, 0)) {
        row.decision = static_cast<model::Decision>(decided->integer(0, 0));
        row.risk = static_cast<int>(decided->integer(0, 1));
      }
    }
    rows.push_back(std::move(row));
  }
  if (auto joined = join_cases(rows, now_us); !joined) return joined;

  constexpr std::size_t width = 21;
  std::vector<Value> values;
  values.reserve(rows.size() * width);
  for (const AlertRow& row : rows) {
    values.insert(values.end(), {row.alert_id,
                                 row.rule,
                                 number_of(row.severity),
                                 std::int64_t{row.score},
                                 row.reason,
                                 row.transaction_id,
                                 row.account,
                                 row.account_ref,
                                 row.amount.units(),
                                 row.timestamp,
                                 row.time_us,
                                 row.rules_version,
                                 row.detected_us,
                                 row.source,
                                 number_of(row.decision),
                                 number(row.risk),
                                 number_of(row.status),
                                 value_of(row.assignee),
                                 value_of(row.case_id),
                                 row.updated_us,
                                 row.version});
  }
  const auto inserted =
      database_->execute_many(fmt::format("INSERT INTO alerts ({}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, "
                                          "$11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)",
                                          alert_columns),
                              width, values);
  if (!inserted) return std::unexpected(inserted.error());
  out.alerts = std::move(rows);
  return {};
}

// An alert joins the account's latest case that is not closed, if it is near enough to it; else it opens one.
Result<void> Store::join_cases(std::vector<AlertRow>& alerts, std::int64_t now_us) {
  std::map<std::string, CaseRow> touched;  // by account
  for (AlertRow& alert : alerts) {
    const auto near = [&](const CaseRow& other) {
      return alert.time_us >= other.first_us - options_.case_window_us &&
             alert.time_us <= other.last_us + options_.case_window_us;
    };
    auto found = touched.find(alert.account);
    if (found == touched.end()) {
      const auto rows = database_->query(
          fmt::format("SELECT {} FROM cases WHERE account = $1 AND status <> $2 AND first_us <= $3 AND last_us >= $4 "
                      "ORDER BY last_us DESC, case_id DESC LIMIT 1",
                      case_columns),
          {alert.account, number_of(Disposition::closed), alert.time_us + options_.case_window_us,
           alert.time_us - options_.case_window_us});
      if (!rows) return std::unexpected(rows.error());
      if (!rows->empty()) found = touched.emplace(alert.account, case_of(*rows, 0)).first;
    }
    if (found == touched.end() || !near(found->second)) {
      if (found != touched.end()) {  // the one that is left is complete as it is
        if (auto written = write_case(found->second); !written) return written;
        touched.erase(found);
      }
      CaseRow opened;
      opened.case_id = "case_" + sha256_hex(secret_ + alert.alert_id).substr(0, 12);
      opened.account = alert.account;
      opened.account_ref = alert.account_ref;
      opened.first_us = opened.last_us = alert.time_us;
      opened.version = 0;
      found = touched.emplace(alert.account, std::move(opened)).first;
    }
    CaseRow& one = found->second;
    one.first_us = std::min(one.first_us, alert.time_us);
    one.last_us = std::max(one.last_us, alert.time_us);
    one.severity = std::max(one.severity, alert.severity);
    one.score += alert.score;
    ++one.alerts;
    add_to_json_array(one.rules, alert.rule);
    one.updated_us = now_us;
    // What was decided of the case is not decided of an alert that comes later.
    if (one.status != Disposition::acknowledged) one.status = Disposition::open;
    ++one.version;
    alert.case_id = one.case_id;
    alert.assignee = one.assignee;
  }
  for (const auto& [account, one] : touched) {
    if (auto written = write_case(one); !written) return written;
  }
  return {};
}

Result<void> Store::write_case(const CaseRow& one) {
  const auto written = database_->execute(
      fmt::format("INSERT INTO cases ({}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) "
                  "ON CONFLICT (case_id) DO UPDATE SET status = excluded.status, severity = excluded.severity, "
                  "alerts = excluded.alerts, score = excluded.score, rules = excluded.rules, "
                  "first_us = excluded.first_us, last_us = excluded.last_us, updated_us = excluded.updated_us, "
                  "version = excluded.version",
                  case_columns),
      {one.case_id, one.account, one.account_ref, number_of(one.status), value_of(one.assignee),
       number_of(one.severity), one.alerts, one.score, one.rules, one.first_us, one.last_us, one.updated_us,
       one.version});
  if (!written) return std::unexpected(written.error());
  return {};
}

Result<void> Store::count(const Batch& batch, const Ingested& ingested) {
  std::map<std::string, std::int64_t> sums;
  for (std::size_t i = 0; i < ingested.transactions.size(); ++i) {
    if (!ingested.transactions[i]) continue;
    ++sums["transactions"];
    ++since_drop_;
    if (const auto& decision = batch.transactions[i].decision) {
      ++sums[fmt::format("decision:{}", model::to_string(*decision))];
    }
  }
  for (const AlertRow& alert : ingested.alerts) {
    ++sums[fmt::format("alert:{}:{}", model::to_string(alert.severity), alert.rule)];
  }
  for (const auto& [name, sum] : sums) {
    const auto done = database_->execute(
        "INSERT INTO counters (name, value) VALUES ($1, $2) "
        "ON CONFLICT (name) DO UPDATE SET value = counters.value + excluded.value",
        {name, sum});
    if (!done) return std::unexpected(done.error());
  }
  return {};
}

Result<void> Store::drop_old() {
  if (since_drop_ < drop_every) return {};
  since_drop_ = 0;
  const auto done = database_->execute("DELETE FROM transactions WHERE seq <= (SELECT max(seq) FROM transactions) - $1",
                                       {options_.transactions_max});
  if (!done) return std::unexpected(done.error());
  return {};
}

Result<std::optional<std::string>> Store::position(std::string_view source) {
  const std::lock_guard lock(mutex_);
  const auto rows = database_->query("SELECT position FROM positions WHERE source = $1", {source});
  if (!rows) return std::unexpected(rows.error());
  return rows->empty() ? std::nullopt : rows->cell(0, 0);
}

Result<std::vector<std::pair<std::string, std::int64_t>>> Store::counters() {
  const std::lock_guard lock(mutex_);
  const auto rows = database_->query("SELECT name, value FROM counters ORDER BY name");
  if (!rows) return std::unexpected(rows.error());
  return all_of(*rows, [](const Rows& all, std::size_t i) { return std::pair(all.text(i, 0), all.integer(i, 1)); });
}

}  // namespace bank::store
