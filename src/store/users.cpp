// Users, their sessions and tokens.
#include <fmt/format.h>

#include "store/rows.h"
#include "store/store.h"

namespace bank::store {
namespace {

constexpr std::string_view user_columns = "name, password_hash, role, disabled, created_us, last_login_us";
constexpr std::string_view token_columns = "id, label, name, hash, scopes, created_us, expires_us, used_us";

UserRow user_of(const Rows& rows, std::size_t i) {
  return {.name = rows.text(i, 0),
          .password_hash = rows.text(i, 1),
          .role = rows.text(i, 2),
          .disabled = rows.integer(i, 3) != 0,
          .created_us = rows.integer(i, 4),
          .last_login_us = rows.maybe_integer(i, 5)};
}

TokenRow token_of(const Rows& rows, std::size_t i) {
  return {.id = rows.text(i, 0),
          .name = rows.text(i, 1),
          .user = rows.text(i, 2),
          .hash = rows.text(i, 3),
          .scopes = rows.text(i, 4),
          .created_us = rows.integer(i, 5),
          .expires_us = rows.maybe_integer(i, 6),
          .used_us = rows.maybe_integer(i, 7)};
}

/// Several statements in one transaction, the audit's among them; the first error ends it.
class Steps {
 public:
  Steps(Database& database, const Actor& actor) : database_(database), actor_(actor) {}
  Steps& execute(const std::string& sql, std::initializer_list<Value> values) {
    if (error_) return *this;
    const auto done = database_.execute(sql, values);
    if (!done) {
      error_ = done.error();
    } else {
      changed_ = *done;
    }
    return *this;
  }
  Steps& audit(std::string_view action, std::string_view subject, const std::optional<std::string>& from,
               const std::optional<std::string>& to) {
    return execute(
        "INSERT INTO audit (at_us, author, action, subject, before, after, remote) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        {actor_.at_us, actor_.user, action, subject, value_of(from), value_of(to),
         actor_.remote.empty() ? Value() : Value(actor_.remote)});
  }
  [[nodiscard]] std::int64_t changed() const { return changed_; }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  [[nodiscard]] Result<void> commit(Transaction& transaction) const {
    if (error_) return std::unexpected(*error_);
    return transaction.commit();
  }

 private:
  Database& database_;
  const Actor& actor_;
  std::int64_t changed_ = 0;
  std::optional<Error> error_;
};

}  // namespace

Result<std::vector<UserRow>> Store::users() {
  const std::lock_guard lock(mutex_);
  const auto rows = database_->query(fmt::format("SELECT {} FROM users ORDER BY name", user_columns));
  if (!rows) return std::unexpected(rows.error());
  return all_of(*rows, user_of);
}

Result<std::optional<UserRow>> Store::user(std::string_view name) {
  const std::lock_guard lock(mutex_);
  const auto rows = database_->query(fmt::format("SELECT {} FROM users WHERE name = $1", user_columns), {name});
  if (!rows) return std::unexpected(rows.error());
  return rows->empty() ? std::nullopt : std::optional(user_of(*rows, 0));
}

Result<bool> Store::create_user(const UserRow& user, bool only_first, const Actor& actor) {
  const std::lock_guard lock(mutex_);
  Result<Transaction> transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  if (only_first) {
    const auto any = database_->query("SELECT 1 FROM users LIMIT 1");
    if (!any) return std::unexpected(any.error());
    if (!any->empty()) return false;
  }
  Steps steps(*database_, actor);
  steps.execute(
      "INSERT INTO users (name, password_hash, role, disabled, created_us) VALUES ($1, $2, $3, 0, $4) "
      "ON CONFLICT DO NOTHING",
      {user.name, user.password_hash, user.role, actor.at_us});
  if (!steps.error() && steps.changed() == 0) return false;
  steps.audit("user.create", user.name, {}, user.role);
  if (auto done = steps.commit(*transaction); !done) return std::unexpected(done.error());
  return true;
}

Result<Store::UserChanged> Store::change_user(std::string_view name, const std::optional<std::string>& role,
                                              std::optional<bool> disabled,
                                              const std::optional<std::string>& password_hash, const Actor& actor) {
  const std::lock_guard lock(mutex_);
  Result<Transaction> transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  const auto rows = database_->query(fmt::format("SELECT {} FROM users WHERE name = $1", user_columns), {name});
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return UserChanged::no_such;
  const UserRow before = user_of(*rows, 0);
  Steps steps(*database_, actor);
  if (role && *role != before.role) {
    steps.execute("UPDATE users SET role = $1 WHERE name = $2", {*role, name});
    steps.audit("user.role", name, before.role, role);
  }
  if (disabled && *disabled != before.disabled) {
    steps.execute("UPDATE users SET disabled = $1 WHERE name = $2", {std::int64_t{*disabled}, name});
    steps.audit("user.disabled", name, before.disabled ? "true" : "false", *disabled ? "true" : "false");
  }
  if (password_hash) {
    steps.execute("UPDATE users SET password_hash = $1 WHERE name = $2", {*password_hash, name});
    steps.audit("user.password", name, {}, {});
  }
  if (password_hash || disabled.value_or(false)) steps.execute("DELETE FROM sessions WHERE name = $1", {name});
  const auto admins = database_->query("SELECT 1 FROM users WHERE role = 'admin' AND disabled = 0 LIMIT 1");
  if (!admins) return std::unexpected(admins.error());
  if (!steps.error() && admins->empty()) return UserChanged::last_admin;
  if (auto done = steps.commit(*transaction); !done) return std::unexpected(done.error());
  return UserChanged::yes;
}

Result<void> Store::put_session(const SessionRow& session, const Actor& actor) {
  const std::lock_guard lock(mutex_);
  Result<Transaction> transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  Steps steps(*database_, actor);
  steps.execute("DELETE FROM sessions WHERE expires_us <= $1", {actor.at_us});
  steps.execute("INSERT INTO sessions (hash, name, csrf, created_us, expires_us) VALUES ($1, $2, $3, $4, $5)",
                {session.hash, session.user, session.csrf, session.created_us, session.expires_us});
  steps.execute("UPDATE users SET last_login_us = $1 WHERE name = $2", {actor.at_us, session.user});
  steps.audit("session.login", session.user, {}, {});
  return steps.commit(*transaction);
}

Result<std::optional<SessionRow>> Store::session(std::string_view hash, std::int64_t now_us) {
  const std::lock_guard lock(mutex_);
  const auto rows = database_->query(
      "SELECT hash, name, csrf, created_us, expires_us FROM sessions WHERE hash = $1 AND expires_us > $2",
      {hash, now_us});
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) return std::nullopt;
  return SessionRow{.hash = rows->text(0, 0),
                    .user = rows->text(0, 1),
                    .csrf = rows->text(0, 2),
                    .created_us = rows->integer(0, 3),
                    .expires_us = rows->integer(0, 4)};
}

Result<void> Store::delete_session(std::string_view hash, const Actor& actor) {
  const std::lock_guard lock(mutex_);
  Result<Transaction> transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  Steps steps(*database_, actor);
  steps.execute("DELETE FROM sessions WHERE hash = $1", {hash});
  steps.audit("session.logout", actor.user, {}, {});
  return steps.commit(*transaction);
}

Result<std::vector<TokenRow>> Store::tokens(const std::optional<std::string>& user) {
  const std::lock_guard lock(mutex_);
  const auto rows = database_->query(
      fmt::format("SELECT {} FROM tokens WHERE $1 = '' OR name = $1 ORDER BY created_us, id", token_columns),
      {std::string_view(user ? *user : "")});
  if (!rows) return std::unexpected(rows.error());
  return all_of(*rows, token_of);
}

Result<std::optional<TokenRow>> Store::token(std::string_view hash) {
  const std::lock_guard lock(mutex_);
  const auto rows = database_->query(fmt::format("SELECT {} FROM tokens WHERE hash = $1", token_columns), {hash});
  if (!rows) return std::unexpected(rows.error());
  return rows->empty() ? std::nullopt : std::optional(token_of(*rows, 0));
}

Result<void> Store::put_token(const TokenRow& token, const Actor& actor) {
  const std::lock_guard lock(mutex_);
  Result<Transaction> transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  Steps steps(*database_, actor);
  steps.execute(
      "INSERT INTO tokens (id, label, name, hash, scopes, created_us, expires_us) VALUES ($1, $2, $3, $4, $5, $6, $7)",
      {token.id, token.name, token.user, token.hash, token.scopes, token.created_us, value_of(token.expires_us)});
  steps.audit("token.create", token.id, {}, token.name + ": " + token.scopes);
  return steps.commit(*transaction);
}

Result<bool> Store::delete_token(std::string_view id, const std::optional<std::string>& user, const Actor& actor) {
  const std::lock_guard lock(mutex_);
  Result<Transaction> transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  Steps steps(*database_, actor);
  steps.execute("DELETE FROM tokens WHERE id = $1 AND ($2 = '' OR name = $2)",
                {id, std::string_view(user ? *user : "")});
  if (!steps.error() && steps.changed() == 0) return false;
  steps.audit("token.delete", id, {}, {});
  if (auto done = steps.commit(*transaction); !done) return std::unexpected(done.error());
  return true;
}

Result<void> Store::token_used(std::string_view id, std::int64_t at_us) {
  const std::lock_guard lock(mutex_);
  const auto done = database_->execute("UPDATE tokens SET used_us = $1 WHERE id = $2", {at_us, id});
  if (!done) return std::unexpected(done.error());
  return {};
}

}  // namespace bank::store
