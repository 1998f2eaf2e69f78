#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <unordered_map>

#include "store/database.h"

namespace bank::store {
namespace {

constexpr Dialect postgresql_dialect{.key = "BIGSERIAL PRIMARY KEY", .text = "TEXT COLLATE \"C\"", .integer = "BIGINT"};
/// Sets of values sent before their results are read: the server stops reading when nobody takes its answers.
constexpr std::size_t pipeline_length = 256;

/// How long nothing may come while an answer is waited for. The server itself ends its statements before that; one that
/// is stopped, or behind a network that swallows, does not.
constexpr int patience_ms = 20'000;
/// The same once the program is to end.
constexpr int last_patience_ms = 4'000;
constexpr int look_ms = 50;
/// After a connection that failed nobody tries again for so long: those who waited for that one fail with it.
constexpr std::int64_t connect_pause_ns = 200'000'000;

constexpr std::string_view session_settings =
    "SET client_encoding = 'UTF8'; SET statement_timeout = '15s'; SET lock_timeout = '5s';"
    "SET idle_in_transaction_session_timeout = '60s';";

/// What the address may say otherwise: how long a connection is tried, and when one is taken for dead.
constexpr std::array<std::pair<const char*, const char*>, 6> connection_defaults = {
    {{"connect_timeout", "5"},
     {"keepalives_idle", "10"},
     {"keepalives_interval", "5"},
     {"keepalives_count", "3"},
     {"tcp_user_timeout", "15000"},
     {"fallback_application_name", "bank"}}};

struct Finish {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Answer = std::unique_ptr<PGresult, Clear>;

/// Values as libpq wants them: texts that end in a zero byte. PostgreSQL has no zero byte in a text; U+FFFD is in its
/// place.
class Texts {
 public:
  explicit Texts(std::span<const Value> values) {
    kept_.reserve(values.size());
    pointers_.reserve(values.size());
    for (const Value& value : values) {
      if (const auto* number = std::get_if<std::int64_t>(&value)) {
        pointers_.push_back(kept_.emplace_back(std::to_string(*number)).c_str());
      } else if (const auto* text = std::get_if<std::string_view>(&value)) {
        pointers_.push_back(kept_.emplace_back(without_zeros(*text)).c_str());
      } else {
        pointers_.push_back(nullptr);
      }
    }
  }
  [[nodiscard]] int size() const { return static_cast<int>(pointers_.size()); }
  [[nodiscard]] const char* const* data() const { return pointers_.data(); }

 private:
  static std::string without_zeros(std::string_view text) {
    if (text.find('\0') == std::string_view::npos) return std::string(text);
    std::string out;
    for (const char c : text) {
      if (c == '\0') {
        out += "\xef\xbf\xbd";
      } else {
        out += c;
      }
    }
    return out;
  }

  std::vector<std::string> kept_;
  std::vector<const char*> pointers_;
};

class Postgresql final : public Database {
 public:
  Postgresql(std::string url, const Clock& clock) : url_(std::move(url)), clock_(clock) {}

  Result<void> open() {
    statements_.clear();
    std::vector<const char*> names;
    std::vector<const char*> values;
    for (const auto& [name, value] : connection_defaults) {
      names.push_back(name);
      values.push_back(value);
    }
    names.insert(names.end(), {"dbname", nullptr});
    values.insert(values.end(), {url_.c_str(), nullptr});
    connection_.reset(PQconnectdbParams(names.data(), values.data(), 1));
    if (PQstatus(connection_.get()) != CONNECTION_OK) return std::unexpected(lost("connect to"));
    PQsetNoticeProcessor(connection_.get(), [](void*, const char*) {}, nullptr);
    if (PQserverVersion(connection_.get()) < 130'000) {
      return fail_config("the store's PostgreSQL is older than 13; take a newer one");
    }
    // Nothing waits but wait(), which knows when to end it.
    if (PQsetnonblocking(connection_.get(), 1) != 0) return std::unexpected(lost("connect to"));
    return script(std::string(session_settings));
  }

  using Database::execute;
  using Database::query;

  Result<std::int64_t> execute(const std::string& sql, std::span<const Value> values) override {
    const Result<Answer> answer = ask(sql, values);
    if (!answer) return std::unexpected(answer.error());
    return changed(answer->get());
  }

  Result<std::vector<bool>> execute_many(const std::string& sql, std::size_t width,
                                         std::span<const Value> values) override {
    std::vector<bool> results;
    const Result<std::string> name = prepared(sql);
    if (!name) return std::unexpected(name.error());
    for (std::size_t at = 0; at < values.size();) {
      const std::size_t size = std::min(values.size() - at, pipeline_length * width);
      if (Result<void> done = pipeline(*name, width, values.subspan(at, size), results); !done) {
        return std::unexpected(done.error());
      }
      at += size;
    }
    return results;
  }

  Result<Rows> query(const std::string& sql, std::span<const Value> values) override {
    const Result<Answer> answer = ask(sql, values);
    if (!answer) return std::unexpected(answer.error());
    const PGresult* result = answer->get();
    const int columns = PQnfields(result);
    Rows rows(static_cast<std::size_t>(columns));
    for (int row = 0; row < PQntuples(result); ++row) {
      for (int i = 0; i < columns; ++i) {
        if (PQgetisnull(result, row, i) != 0) {
          rows.add(std::nullopt);
        } else {
          rows.add(std::string(PQgetvalue(result, row, i), static_cast<std::size_t>(PQgetlength(result, row, i))));
        }
      }
    }
    return rows;
  }

  Result<void> script(const std::string& sql) override {
    const int sent = connection_ == nullptr ? 0 : PQsendQuery(connection_.get(), sql.c_str());
    const Result<Answer> answer = last_answer(sent, "ask");
    if (!answer) return std::unexpected(answer.error());
    return {};
  }

  Result<void> begin() override {
    if (Result<void> there = connected(); !there) return there;
    Result<void> begun = script("BEGIN");
    if (begun || (connection_ != nullptr && PQstatus(connection_.get()) == CONNECTION_OK)) return begun;
    // Only asking shows that the server has gone; it may be back.
    if (Result<void> again = connected(); !again) return again;
    return script("BEGIN");
  }
  Result<void> commit() override {
    const int sent = connection_ == nullptr ? 0 : PQsendQuery(connection_.get(), "COMMIT");
    const Result<Answer> answer = last_answer(sent, "commit to");
    if (!answer) return std::unexpected(answer.error());
    // A transaction that has failed answers COMMIT by rolling back, and does not call that an error.
    if (std::string_view(PQcmdStatus(answer->get())) == "COMMIT") return {};
    return std::unexpected(error("commit to"));
  }
  void rollback() override {
    if (connection_ == nullptr || PQtransactionStatus(connection_.get()) == PQTRANS_IDLE) return;
    static_cast<void>(script("ROLLBACK"));
  }
  void hurry() override { hurried_ = true; }

  [[nodiscard]] const Dialect& dialect() const override { return postgresql_dialect; }
  [[nodiscard]] std::string append_only(std::string_view table) const override {
    return fmt::format(
        "CREATE OR REPLACE FUNCTION {0}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '{0} only grows'; END $$;"
        "DROP TRIGGER IF EXISTS {0}_append_only ON {0};"
        "CREATE TRIGGER {0}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {0} "
        "FOR EACH STATEMENT EXECUTE FUNCTION {0}_refuse();",
        table);
  }

 private:
  [[nodiscard]] static bool good(const PGresult* result) {
    const ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
  }
  [[nodiscard]] static std::int64_t changed(PGresult* result) {
    const std::string_view text = PQcmdTuples(result);
    std::int64_t rows = 0;
    std::from_chars(text.data(), text.data() + text.size(), rows);
    return rows;
  }

  Result<void> connected() {
    if (connection_ != nullptr && PQstatus(connection_.get()) == CONNECTION_OK) return {};
    // Whoever else waits for the end would wait as long again.
    if (over_) return fail("cannot connect to the store: it did not answer, and the program is to end");
    if (failed_ && clock_.monotonic_ns() - failed_ns_ < connect_pause_ns) return std::unexpected(*failed_);
    failed_.reset();
    Result<void> opened = open();
    if (!opened) {
      failed_ = opened.error();
      failed_ns_ = clock_.monotonic_ns();
    }
    return opened;
  }

  Result<std::string> prepared(const std::string& sql) {
    if (Result<void> there = connected(); !there) return std::unexpected(there.error());
    const auto known = statements_.find(sql);
    if (known != statements_.end()) return known->second;
    if (statements_.size() >= statements_max) {
      if (Result<void> gone = script("DEALLOCATE ALL"); !gone) return std::unexpected(gone.error());
      statements_.clear();
    }
    std::string name = fmt::format("s{}", statements_.size());
    const int sent = PQsendPrepare(connection_.get(), name.c_str(), sql.c_str(), 0, nullptr);
    const Result<Answer> answer = last_answer(sent, "ask");
    if (!answer) return std::unexpected(answer.error());
    statements_.emplace(sql, name);
    return name;
  }

  Result<Answer> ask(const std::string& sql, std::span<const Value> values) {
    const Result<std::string> name = prepared(sql);
    if (!name) return std::unexpected(name.error());
    const Texts texts(values);
    const int sent =
        PQsendQueryPrepared(connection_.get(), name->c_str(), texts.size(), texts.data(), nullptr, nullptr, 0);
    return last_answer(sent, "ask");
  }

  // What was asked is to be sent, and its answer to come. False: it won't.
  bool wait() {
    PGconn* connection = connection_.get();
    int quiet_ms = 0;
    while (PQisBusy(connection) != 0) {
      const int unsent = PQflush(connection);
      const auto events = static_cast<short>(unsent == 1 ? POLLIN | POLLOUT : POLLIN);
      pollfd socket{.fd = PQsocket(connection), .events = events, .revents = 0};
      const int ready = ::poll(&socket, 1, look_ms);
      if (ready < 0 && errno != EINTR) return false;
      if (ready > 0 && PQconsumeInput(connection) != 1) return false;
      quiet_ms = ready > 0 ? 0 : quiet_ms + look_ms;
      if (quiet_ms >= (hurried_ ? last_patience_ms : patience_ms)) {
        silent_ = true;
        return false;
      }
    }
    return true;
  }

  // `sent`: what the PQsend function said.
  Result<Answer> last_answer(int sent, std::string_view doing) {
    if (sent != 1) return std::unexpected(connection_ == nullptr ? error(doing) : lost(doing));
    Answer last;
    for (;;) {
      if (!wait()) return std::unexpected(lost(doing));
      Answer next(PQgetResult(connection_.get()));
      if (next == nullptr) break;
      // A script has one answer for each statement, up to the first that fails.
      if (last == nullptr || good(last.get())) last = std::move(next);
    }
    if (good(last.get())) return last;
    return std::unexpected(error(doing));
  }

  Result<void> pipeline(const std::string& name, std::size_t width, std::span<const Value> values,
                        std::vector<bool>& results) {
    PGconn* connection = connection_.get();
    if (PQenterPipelineMode(connection) != 1) return std::unexpected(error("ask"));
    bool sent = true;
    for (std::size_t at = 0; sent && at < values.size(); at += width) {
      const Texts texts(values.subspan(at, width));
      sent = PQsendQueryPrepared(connection, name.c_str(), texts.size(), texts.data(), nullptr, nullptr, 0) == 1;
    }
    if (!sent || PQpipelineSync(connection) != 1) return std::unexpected(lost("ask"));
    std::optional<Error> wrong;
    for (;;) {
      if (!wait()) return std::unexpected(lost("ask"));
      const Answer answer(PQgetResult(connection));
      if (answer == nullptr) {  // parts one statement's results from the next one's
        if (PQstatus(connection) != CONNECTION_OK) return std::unexpected(lost("ask"));
        continue;
      }
      if (PQresultStatus(answer.get()) == PGRES_PIPELINE_SYNC) break;
      if (good(answer.get())) {
        results.push_back(changed(answer.get()) > 0);
      } else if (!wrong) {
        wrong = error("ask");
      }
    }
    if (PQexitPipelineMode(connection) != 1 && !wrong) wrong = error("ask");
    if (wrong) return std::unexpected(*std::move(wrong));
    return {};
  }

  // What was sent can't be taken back, and what will come is not known: the connection ends with it.
  [[nodiscard]] Error lost(std::string_view doing) {
    Error why = error(doing);
    connection_.reset();
    silent_ = false;
    over_ = hurried_;
    return why;
  }

  // The address may hold a password: messages name the host only.
  [[nodiscard]] Error error(std::string_view doing) const {
    const char* host = PQhost(connection_.get());
    std::string reason = silent_ ? "it does not answer" : PQerrorMessage(connection_.get());
    if (connection_ == nullptr) reason = "the connection is gone";
    while (!reason.empty() && reason.back() == '\n') reason.pop_back();
    std::ranges::replace(reason, '\n', ' ');
    return {ErrorKind::runtime,
            fmt::format("cannot {} the store (PostgreSQL at {}): {}", doing, host == nullptr ? "?" : host, reason)};
  }

  const std::string url_;
  const Clock& clock_;
  std::unique_ptr<PGconn, Finish> connection_;
  std::unordered_map<std::string, std::string> statements_;
  bool silent_ = false;  // it was waited for in vain
  std::atomic<bool> hurried_ = false;
  bool over_ = false;            // it was, and has failed since
  std::optional<Error> failed_;  // of the last try to connect
  std::int64_t failed_ns_ = 0;
};

}  // namespace

Result<std::unique_ptr<Database>> open_postgresql(const std::string& url, const Clock& clock) {
  auto database = std::make_unique<Postgresql>(url, clock);
  if (Result<void> opened = database->open(); !opened) return std::unexpected(opened.error());
  return database;
}

}  // namespace bank::store
