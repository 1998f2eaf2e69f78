// What the store keeps, as it is read back. Times are microseconds since 1970 UTC.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/alert.h"
#include "model/amount.h"

namespace bank::store {

/// What became of an alert or a case; a case's is its alerts'.
enum class Disposition : std::uint8_t { open, acknowledged, confirmed_fraud, false_positive, closed };
inline constexpr std::size_t disposition_count = 5;
[[nodiscard]] std::string_view to_string(Disposition disposition);  ///< `open` …
[[nodiscard]] std::optional<Disposition> disposition_of(std::string_view word);
[[nodiscard]] std::optional<model::Severity> severity_of(std::string_view word);
[[nodiscard]] std::optional<model::Decision> decision_of(std::string_view word);

struct AlertRow {
  std::string alert_id;
  std::string rule;
  model::Severity severity = model::Severity::low;
  int score = 0;
  std::string reason;
  std::string transaction_id;
  std::string account;
  std::string account_ref;
  model::Amount amount;
  std::string timestamp;
  std::int64_t time_us = 0;
  std::string rules_version;
  std::int64_t detected_us = 0;
  std::string source;
  std::optional<model::Decision> decision;
  std::optional<int> risk;
  Disposition status = Disposition::open;
  std::optional<std::string> assignee;
  std::optional<std::string> case_id;
  std::int64_t updated_us = 0;
  std::int64_t version = 1;  ///< Grows with each change.
};

struct TransactionRow {
  std::string transaction_id;
  std::string account;
  std::string account_ref;
  std::string type;
  model::Amount amount;
  std::string timestamp;
  std::int64_t time_us = 0;
  std::optional<std::string> location;
  std::optional<std::string> merchant;
  std::optional<std::string> status;
  std::optional<int> risk;
  std::optional<model::Decision> decision;
  std::string rules = "[]";  ///< Ids of those that fired, as a JSON array.
};

struct CaseRow {
  std::string case_id;
  std::string account;
  std::string account_ref;
  Disposition status = Disposition::open;
  std::optional<std::string> assignee;
  model::Severity severity = model::Severity::low;
  std::int64_t alerts = 0;
  std::int64_t score = 0;
  std::string rules = "[]";  ///< As a JSON array.
  std::int64_t first_us = 0;
  std::int64_t last_us = 0;
  std::int64_t updated_us = 0;
  std::int64_t version = 1;
};

struct NoteRow {
  std::int64_t id = 0;
  std::int64_t at_us = 0;
  std::string user;
  std::string text;
};

struct AuditRow {
  std::int64_t id = 0;
  std::int64_t at_us = 0;
  std::string user;
  std::string action;   ///< `alert.status` …
  std::string subject;  ///< What it was done to.
  std::optional<std::string> from;
  std::optional<std::string> to;
  std::optional<std::string> remote;  ///< The address it came from.
};

struct UserRow {
  std::string name;
  std::string password_hash;
  std::string role;
  bool disabled = false;
  std::int64_t created_us = 0;
  std::optional<std::int64_t> last_login_us;
};

/// A login; known by the hash of its cookie alone.
struct SessionRow {
  std::string hash;
  std::string user;
  std::string csrf;
  std::int64_t created_us = 0;
  std::int64_t expires_us = 0;
};

struct TokenRow {
  std::string id;
  std::string name;
  std::string user;
  std::string hash;
  std::string scopes;  ///< Parted by spaces.
  std::int64_t created_us = 0;
  std::optional<std::int64_t> expires_us;
  std::optional<std::int64_t> used_us;
};

struct LabelRow {
  std::string transaction_id;
  std::string account;
  std::string alert_id;
  std::string rule;
  Disposition status = Disposition::open;
  std::int64_t decided_us = 0;
  std::optional<std::string> decided_by;
};

/// An alert that a receiver is to be told of, or could not be told of.
struct NotificationRow {
  std::int64_t id = 0;
  std::string target;
  bool dead = false;  ///< Given up; until somebody asks for it again.
  std::int64_t attempts = 0;
  std::int64_t queued_us = 0;
  std::optional<std::int64_t> tried_us;
  std::optional<std::string> error;  ///< Of the last attempt.
  std::string key;  ///< message_key() of the message that it goes in, however often that is tried; empty: in none yet.
  AlertRow alert;
};

/// What tells a repeated message from a new one: the alert's id, or a hash of several, or of an odd one; ASCII without
/// blanks, 255 bytes at most.
[[nodiscard]] std::string message_key(std::span<const AlertRow> alerts);

/// What waits for one receiver.
struct NotificationFigures {
  std::string target;
  std::int64_t waiting = 0;
  std::int64_t dead = 0;
  std::optional<std::int64_t> oldest_us;  ///< Of those that wait.
};

/// Who does something, for the audit log.
struct Actor {
  std::string user;
  std::string remote;
  std::int64_t at_us = 0;
};

struct RuleFigures {
  std::string rule;
  model::Severity severity = model::Severity::low;
  std::int64_t hits = 0;
  std::optional<std::int64_t> last_hit_us;
  std::int64_t confirmed_fraud = 0;
  std::int64_t false_positive = 0;
  std::int64_t undecided = 0;
};

struct AccountFigures {
  std::int64_t transactions = 0;
  std::int64_t alerts = 0;
  model::Amount amount;
  std::optional<std::int64_t> first_us;
  std::optional<std::int64_t> last_us;
};

}  // namespace bank::store
