#include <fmt/format.h>
#include <sys/random.h>

#include <array>

#include "base/sha256.h"
#include "store/database.h"
#include "store/store.h"

namespace bank::store {
namespace {

constexpr std::int64_t schema_version = 2;

std::string schema(const Database& database) {
  const Dialect& dialect = database.dialect();
  std::string sql = fmt::format(
      R"(
CREATE TABLE IF NOT EXISTS meta (name {text} PRIMARY KEY, value {text} NOT NULL);
CREATE TABLE IF NOT EXISTS counters (name {text} PRIMARY KEY, value {integer} NOT NULL);
CREATE TABLE IF NOT EXISTS positions (source {text} PRIMARY KEY, position {text} NOT NULL);
CREATE TABLE IF NOT EXISTS transactions (
  seq {key}, transaction_id {text} NOT NULL UNIQUE, account {text} NOT NULL, account_ref {text} NOT NULL,
  type {text} NOT NULL, amount {integer} NOT NULL, given_time {text} NOT NULL, time_us {integer} NOT NULL,
  location {text}, merchant {text}, status {text}, risk {integer}, decision {integer}, rules {text} NOT NULL);
CREATE INDEX IF NOT EXISTS transactions_account ON transactions (account, time_us);
CREATE TABLE IF NOT EXISTS alerts (
  alert_id {text} PRIMARY KEY, rule {text} NOT NULL, severity {integer} NOT NULL, score {integer} NOT NULL,
  reason {text} NOT NULL, transaction_id {text} NOT NULL, account {text} NOT NULL, account_ref {text} NOT NULL,
  amount {integer} NOT NULL, given_time {text} NOT NULL, time_us {integer} NOT NULL, rules_version {text} NOT NULL,
  detected_us {integer} NOT NULL, source {text} NOT NULL, decision {integer}, risk {integer},
  status {integer} NOT NULL, assignee {text}, case_id {text}, updated_us {integer} NOT NULL, version {integer} NOT NULL,
  decided_us {integer}, decided_by {text});
CREATE INDEX IF NOT EXISTS alerts_time ON alerts (time_us, alert_id);
CREATE INDEX IF NOT EXISTS alerts_detected ON alerts (detected_us, alert_id);
CREATE INDEX IF NOT EXISTS alerts_account ON alerts (account, time_us);
CREATE INDEX IF NOT EXISTS alerts_account_ref ON alerts (account_ref, time_us);
CREATE INDEX IF NOT EXISTS alerts_transaction ON alerts (transaction_id);
CREATE INDEX IF NOT EXISTS alerts_case ON alerts (case_id);
CREATE INDEX IF NOT EXISTS alerts_rule ON alerts (rule, status);
CREATE TABLE IF NOT EXISTS cases (
  case_id {text} PRIMARY KEY, account {text} NOT NULL, account_ref {text} NOT NULL, status {integer} NOT NULL,
  assignee {text}, severity {integer} NOT NULL, alerts {integer} NOT NULL, score {integer} NOT NULL,
  rules {text} NOT NULL, first_us {integer} NOT NULL, last_us {integer} NOT NULL, updated_us {integer} NOT NULL,
  version {integer} NOT NULL);
CREATE INDEX IF NOT EXISTS cases_account ON cases (account, last_us);
CREATE INDEX IF NOT EXISTS cases_last ON cases (last_us, case_id);
CREATE TABLE IF NOT EXISTS notes (
  id {key}, subject {text} NOT NULL, at_us {integer} NOT NULL, author {text} NOT NULL, body {text} NOT NULL);
CREATE INDEX IF NOT EXISTS notes_subject ON notes (subject, id);
CREATE TABLE IF NOT EXISTS audit (
  id {key}, at_us {integer} NOT NULL, author {text} NOT NULL, action {text} NOT NULL, subject {text} NOT NULL,
  before {text}, after {text}, remote {text});
CREATE INDEX IF NOT EXISTS audit_subject ON audit (subject, id);
CREATE TABLE IF NOT EXISTS notifications (
  id {key}, alert_id {text} NOT NULL, target {text} NOT NULL, dead {integer} NOT NULL, attempts {integer} NOT NULL,
  queued_us {integer} NOT NULL, tried_us {integer}, error {text}, UNIQUE (alert_id, target));
CREATE INDEX IF NOT EXISTS notifications_target ON notifications (target, dead, id);
CREATE TABLE IF NOT EXISTS users (
  name {text} PRIMARY KEY, password_hash {text} NOT NULL, role {text} NOT NULL, disabled {integer} NOT NULL,
  created_us {integer} NOT NULL, last_login_us {integer});
CREATE TABLE IF NOT EXISTS sessions (
  hash {text} PRIMARY KEY, name {text} NOT NULL, csrf {text} NOT NULL, created_us {integer} NOT NULL,
  expires_us {integer} NOT NULL);
CREATE TABLE IF NOT EXISTS tokens (
  id {text} PRIMARY KEY, label {text} NOT NULL, name {text} NOT NULL, hash {text} NOT NULL UNIQUE,
  scopes {text} NOT NULL, created_us {integer} NOT NULL, expires_us {integer}, used_us {integer});
)",
      fmt::arg("text", dialect.text), fmt::arg("integer", dialect.integer), fmt::arg("key", dialect.key));
  return sql + database.append_only("audit");
}

/// What a store of version 1 lacks; its tables are made as they were then.
constexpr std::string_view version_2 = R"(
ALTER TABLE notifications ADD COLUMN message_key TEXT;
CREATE INDEX notifications_message ON notifications (target, message_key) WHERE message_key IS NOT NULL;
CREATE INDEX notifications_figures ON notifications (target, dead, queued_us);
UPDATE meta SET value = '2' WHERE name = 'schema';
)";

Result<std::string> random_hex() {
  std::array<unsigned char, 16> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != std::ssize(bytes)) return fail("the system gives no random bytes");
  std::string hex;
  for (const unsigned char byte : bytes) hex += fmt::format("{:02x}", byte);
  return hex;
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const Options& options, const Clock& clock) {
  const bool postgresql = options.location.starts_with("postgresql://") || options.location.starts_with("postgres://");
  Result<std::unique_ptr<Database>> database =
      postgresql ? open_postgresql(options.location, clock) : open_sqlite(options.location);
  if (!database) return std::unexpected(database.error());
  std::unique_ptr<Store> store(new Store(std::move(*database), options));
  if (Result<void> done = store->set_up(); !done) return std::unexpected(done.error());
  return store;
}

Store::Store(std::unique_ptr<Database> database, const Options& options)
    : database_(std::move(database)), options_(options), postgresql_(options.location.starts_with("postgres")) {}
Store::~Store() = default;

Result<void> Store::set_up() {
  Result<Transaction> transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  if (Result<void> made = database_->script(schema(*database_)); !made) return made;
  const Result<std::string> secret = random_hex();
  if (!secret) return std::unexpected(secret.error());
  const std::string insert = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";
  if (auto done = database_->execute(insert, {"schema", "1"}); !done) return std::unexpected(done.error());
  if (auto done = database_->execute(insert, {"account_secret", *secret}); !done) return std::unexpected(done.error());
  // Two that begin at the same time must not both change the tables.
  const Result<Rows> rows = database_->query(postgresql_ ? "SELECT name, value FROM meta ORDER BY name FOR UPDATE"
                                                         : "SELECT name, value FROM meta");
  if (!rows) return std::unexpected(rows.error());
  std::int64_t version = 1;
  for (std::size_t i = 0; i < rows->size(); ++i) {
    if (rows->text(i, 0) == "account_secret") secret_ = rows->text(i, 1);
    if (rows->text(i, 0) == "schema") version = rows->integer(i, 1);
  }
  if (version > schema_version) {
    return fail_config(fmt::format("the store has tables of version {}, and this bank knows {}; take a newer bank",
                                   version, schema_version));
  }
  if (version < 2) {
    if (Result<void> done = database_->script(std::string(version_2)); !done) return done;
  }
  return transaction->commit();
}

void Store::hurry() { database_->hurry(); }

Result<void> Store::probe(std::int64_t now_us) {
  const std::lock_guard lock(mutex_);
  Result<Transaction> transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  const std::string now = std::to_string(now_us);
  auto written = database_->execute(
      "INSERT INTO meta (name, value) VALUES ('probed_at', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      {now});
  if (!written) return std::unexpected(written.error());
  return transaction->commit();
}

std::string Store::account_ref(std::string_view account) const {
  constexpr std::size_t digits = 24;
  return "acct_" + sha256_hex(secret_ + std::string(account)).substr(0, digits);
}

}  // namespace bank::store
