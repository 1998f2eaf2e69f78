// Alerts, cases, transactions, users and what was done: kept in SQLite or PostgreSQL, the same in both.
//
// Thread-safe; one caller at a time is served. Every change of an alert, case or user stands in the audit log, which
// the database itself keeps from being changed. A Result's error always means that the database can't do it now: it is
// full, locked or gone, and the same call may be tried again.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/alert_record.h"
#include "model/transaction.h"
#include "store/records.h"

namespace bank::store {

class Database;
class Rows;

/// Which alerts a receiver of notifications is told of.
struct NotificationRoute {
  std::string target;                       ///< The receiver's name.
  std::vector<model::Severity> severities;  ///< Empty: all.
  std::vector<std::string> rules;           ///< Empty: all.
  std::int64_t max_age_us = 0;              ///< Not of those that were detected longer ago.
};

struct Options {
  std::string location;  ///< A path, or `postgresql://…`.
  /// Alerts of one account that are no further apart than this belong to one case.
  std::int64_t case_window_us = 86'400'000'000;
  std::int64_t transactions_max = 1'000'000;  ///< Held; the oldest are dropped.
  std::vector<NotificationRoute> routes{};
};

/// A transaction that came in, with what was decided where that is known.
struct NewTransaction {
  model::Transaction transaction;
  std::optional<int> risk;
  std::optional<model::Decision> decision;
  std::string rules = "[]";
};

/// What a source gave, to be kept all together or not at all. Views live until ingest() returns.
struct Batch {
  std::vector<NewTransaction> transactions;
  std::vector<model::AlertRecord> alerts;
  /// Where each source stands when this is kept.
  std::vector<std::pair<std::string, std::string>> positions;
  bool past = false;  ///< It happened before anybody looked: nobody is notified of these alerts.
};

/// What of a batch was new: the rest was known already.
struct Ingested {
  std::vector<bool> transactions;  ///< For each of the batch.
  std::vector<AlertRow> alerts;    ///< The new ones.
  std::size_t notifications = 0;   ///< That were queued.
};

/// A page of something, and where the next one begins.
template <typename T>
struct Page {
  std::vector<T> items;
  std::optional<std::string> next;
};

/// What Store::account_window() gives at most.
inline constexpr std::size_t account_window_max = 10'000;

enum class Order : std::uint8_t { time, detected, score };

/// Empty: all of them.
struct AlertFilter {
  std::optional<std::string> account;  ///< A number, an account_ref, or `****1234`.
  std::vector<std::string> rules;
  std::vector<model::Severity> severities;
  std::vector<model::Decision> decisions;
  std::vector<Disposition> statuses;
  std::optional<std::string> assignee;  ///< Empty text: none.
  std::optional<std::int64_t> from_us;
  std::optional<std::int64_t> to_us;  ///< To before this.
  std::optional<std::string> text;    ///< Stands in the reason, the rule or an id.
  bool reasons = true;                ///< False: `text` is not looked for in reasons, which may hold account numbers.
  std::optional<std::string> case_id;
  Order order = Order::time;
  bool ascending = false;
};

struct CaseFilter {
  std::optional<std::string> account;
  std::vector<model::Severity> severities;
  std::vector<Disposition> statuses;
  std::optional<std::string> assignee;
};

struct AuditFilter {
  std::optional<std::string> user;
  std::optional<std::string> action;  ///< `alert` stands for every `alert.…`.
  std::optional<std::string> subject;
  std::optional<std::int64_t> from_us;
  std::optional<std::int64_t> to_us;
};

struct NotificationFilter {
  std::optional<std::string> target;
  std::optional<bool> dead;
};

struct PageWish {
  std::size_t limit = 50;
  std::string cursor;  ///< Page::next of the page before.
};

/// A change of an alert or case.
struct Change {
  std::optional<Disposition> status;
  std::optional<std::optional<std::string>> assignee;  ///< The inner one: nobody.
  std::optional<std::int64_t> version;                 ///< As it was read; unset: whatever it is.
};
enum class Changed : std::uint8_t { yes, no_such, other_version };

class Store {
 public:
  /// Makes the tables where they are missing. `clock` outlives it. Errors: it can't be opened, or is of a newer bank
  /// (config).
  [[nodiscard]] static Result<std::unique_ptr<Store>> open(const Options& options, const Clock& clock);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  [[nodiscard]] bool is_postgresql() const { return postgresql_; }
  /// The program is to end: a database that does not answer is waited for a few seconds and, from then on, not at all.
  void hurry();
  /// Whether something can be written now.
  [[nodiscard]] Result<void> probe(std::int64_t now_us);

  // ---- what comes in (ingest.cpp)
  [[nodiscard]] Result<Ingested> ingest(const Batch& batch, std::int64_t now_us);
  /// Where a source stood; nullopt if it was never kept.
  [[nodiscard]] Result<std::optional<std::string>> position(std::string_view source);
  /// Sums over all that ever came: `transactions`, `decision:BLOCK`, `alert:HIGH:RULE`.
  [[nodiscard]] Result<std::vector<std::pair<std::string, std::int64_t>>> counters();

  // ---- alerts and cases, read (read.cpp). Not found: nullopt. A bad cursor: an empty page.
  [[nodiscard]] Result<Page<AlertRow>> alerts(const AlertFilter& filter, const PageWish& wish);
  [[nodiscard]] Result<std::optional<AlertRow>> alert(std::string_view alert_id);
  [[nodiscard]] Result<std::vector<AlertRow>> alerts_of_transaction(std::string_view transaction_id);
  [[nodiscard]] Result<std::optional<TransactionRow>> transaction(std::string_view transaction_id);
  [[nodiscard]] Result<Page<CaseRow>> cases(const CaseFilter& filter, const PageWish& wish);
  [[nodiscard]] Result<std::optional<CaseRow>> find_case(std::string_view case_id);
  [[nodiscard]] Result<std::vector<NoteRow>> notes(std::string_view subject);
  /// The account's number, by number or account_ref.
  [[nodiscard]] Result<std::optional<std::string>> account(std::string_view number_or_ref);
  [[nodiscard]] Result<AccountFigures> account_figures(std::string_view account);
  /// Newest first; with `around_us` half of them from that time on, and half before.
  [[nodiscard]] Result<std::vector<TransactionRow>> account_transactions(std::string_view account, std::size_t limit,
                                                                         std::optional<std::int64_t> around_us);
  /// All from `from_us` to `to_us`, both included, in the order of arrival; of more than `account_window_max` those
  /// with the latest times.
  [[nodiscard]] Result<std::vector<TransactionRow>> account_window(std::string_view account, std::int64_t from_us,
                                                                   std::int64_t to_us);
  /// The newest `limit`, in the order of arrival.
  [[nodiscard]] Result<std::vector<TransactionRow>> latest_transactions(std::size_t limit);
  [[nodiscard]] Result<std::vector<RuleFigures>> rule_figures();
  /// Alerts that are confirmed fraud or false positive; `after`: the alert_id of the last one of the page before.
  [[nodiscard]] Result<Page<LabelRow>> labels(const PageWish& wish);

  // ---- work on them (work.cpp)
  [[nodiscard]] Result<Changed> change_alert(std::string_view alert_id, const Change& change, const Actor& actor);
  /// The ids of those that were changed.
  [[nodiscard]] Result<std::vector<std::string>> change_alerts(std::span<const std::string> ids, const Change& change,
                                                               const std::optional<std::string>& note,
                                                               const Actor& actor);
  /// Its alerts', too; `changed` gets their ids.
  [[nodiscard]] Result<Changed> change_case(std::string_view case_id, const Change& change, const Actor& actor,
                                            std::vector<std::string>& changed);
  /// `kind`: `alert` or `case`.
  [[nodiscard]] Result<NoteRow> add_note(std::string_view kind, std::string_view subject, std::string_view text,
                                         const Actor& actor);
  [[nodiscard]] Result<void> audit(const Actor& actor, std::string_view action, std::string_view subject,
                                   const std::optional<std::string>& from = {},
                                   const std::optional<std::string>& to = {});
  [[nodiscard]] Result<Page<AuditRow>> audit_log(const AuditFilter& filter, const PageWish& wish);

  // ---- notifications (notifications.cpp): one for each alert and receiver, queued in the transaction that keeps the
  // alert, and dropped when the receiver has it.
  /// What goes to `target` in its next message: the oldest that waits, with those of the message that it is in already,
  /// or, if it is in none, with the next ones up to `limit`, which are one message from then on, with its key, until
  /// they are delivered or given up. What was tried three times in vain, only if nothing else waits.
  [[nodiscard]] Result<std::vector<NotificationRow>> next_notifications(std::string_view target, std::size_t limit);
  [[nodiscard]] Result<void> notifications_delivered(std::span<const std::int64_t> ids);
  /// `dead`: they are not tried again.
  [[nodiscard]] Result<void> notifications_failed(std::span<const std::int64_t> ids, std::string_view error, bool dead,
                                                  std::int64_t now_us);
  /// Gives up what waits for `target` and was queued before `queued_before_us`; how many. As all that may be about
  /// many, it goes piece by piece, and lets others in between.
  [[nodiscard]] Result<std::int64_t> give_up_notifications(std::string_view target, std::int64_t queued_before_us);
  /// Gives up these, which were not tried once more.
  [[nodiscard]] Result<void> give_up_notifications(std::span<const std::int64_t> ids, std::string_view why);
  /// Gives up what waits for others than `targets`; how many.
  [[nodiscard]] Result<std::int64_t> give_up_unknown_targets(std::span<const std::string> targets);
  /// Those that were given up wait again, as if queued now: those of `ids` (empty: all) that are for one of `targets`
  /// (empty: all); how many. The audit log names their alerts.
  [[nodiscard]] Result<std::int64_t> resend_notifications(std::span<const std::int64_t> ids,
                                                          const std::vector<std::string>& targets, const Actor& actor);
  /// The same are dropped for good.
  [[nodiscard]] Result<std::int64_t> discard_notifications(std::span<const std::int64_t> ids,
                                                           const std::vector<std::string>& targets, const Actor& actor);
  /// Newest first.
  [[nodiscard]] Result<Page<NotificationRow>> notifications(const NotificationFilter& filter, const PageWish& wish);
  [[nodiscard]] Result<std::vector<NotificationFigures>> notification_figures();

  // ---- users (users.cpp)
  [[nodiscard]] Result<std::vector<UserRow>> users();
  [[nodiscard]] Result<std::optional<UserRow>> user(std::string_view name);
  /// False: there is one of the name. `only_first`: or there is any.
  [[nodiscard]] Result<bool> create_user(const UserRow& user, bool only_first, const Actor& actor);
  enum class UserChanged : std::uint8_t { yes, no_such, last_admin };
  /// Ends the user's sessions if the password changes or the user is disabled.
  [[nodiscard]] Result<UserChanged> change_user(std::string_view name, const std::optional<std::string>& role,
                                                std::optional<bool> disabled,
                                                const std::optional<std::string>& password_hash, const Actor& actor);
  [[nodiscard]] Result<void> put_session(const SessionRow& session, const Actor& actor);
  [[nodiscard]] Result<std::optional<SessionRow>> session(std::string_view hash, std::int64_t now_us);
  [[nodiscard]] Result<void> delete_session(std::string_view hash, const Actor& actor);
  [[nodiscard]] Result<std::vector<TokenRow>> tokens(const std::optional<std::string>& user);
  [[nodiscard]] Result<std::optional<TokenRow>> token(std::string_view hash);
  [[nodiscard]] Result<void> put_token(const TokenRow& token, const Actor& actor);
  /// False: none of the id, or it is another user's.
  [[nodiscard]] Result<bool> delete_token(std::string_view id, const std::optional<std::string>& user,
                                          const Actor& actor);
  [[nodiscard]] Result<void> token_used(std::string_view id, std::int64_t at_us);

  /// Stands for an account in links: the same for the same store, and not to be guessed without it.
  [[nodiscard]] std::string account_ref(std::string_view account) const;

 private:
  Store(std::unique_ptr<Database> database, const Options& options);
  Result<void> set_up();
  Result<void> ingest_transactions(const Batch& batch, Ingested& out);
  Result<void> ingest_alerts(const Batch& batch, std::int64_t now_us, Ingested& out);
  Result<void> join_cases(std::vector<AlertRow>& alerts, std::int64_t now_us);
  Result<void> write_case(const CaseRow& one);
  Result<NoteRow> insert_note(std::string_view kind, std::string_view subject, std::string_view text,
                              const Actor& actor);
  Result<void> update_alert(const AlertRow& before, const Change& change, const Actor& actor);
  Result<std::int64_t> change_dead(bool again, std::span<const std::int64_t> ids,
                                   const std::vector<std::string>& targets, const Actor& actor);
  Result<std::vector<NotificationRow>> new_message(std::string_view target, std::int64_t first_id,
                                                   std::int64_t attempts_by_three, std::size_t limit);
  Result<std::size_t> change_dead_piece(bool again, std::span<const std::int64_t> ids,
                                        const std::vector<std::string>& targets, const Actor& actor,
                                        std::int64_t& last_id);
  Result<Rows> dead_notifications(std::span<const std::int64_t> ids, const std::vector<std::string>& targets,
                                  std::int64_t behind_id);
  Result<void> queue_notifications(std::int64_t now_us, Ingested& out);
  Result<void> count(const Batch& batch, const Ingested& ingested);
  Result<void> drop_old();

  std::mutex mutex_;
  const std::unique_ptr<Database> database_;
  const Options options_;
  const bool postgresql_;
  std::string secret_;           // of account_ref
  std::int64_t since_drop_ = 0;  // transactions that came since old ones were dropped
};

}  // namespace bank::store
