#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <unordered_map>

#include "store/database.h"

namespace bank::store {
namespace {

constexpr Dialect postgresql_dialect{.key = "BIGSERIAL PRIMARY KEY", .text = "TEXT COLLATE \"C\"", .integer = "BIGINT"};
/// Sets of values sent before their results are read: the server stops reading when nobody takes its answers.
constexpr std::size_t pipeline_length = 256;

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
  explicit Postgresql(std::string url) : url_(std::move(url)) {}

  Result<void> open() {
    statements_.clear();
    connection_.reset(PQconnectdb(url_.c_str()));
    if (PQstatus(connection_.get()) != CONNECTION_OK) return std::unexpected(error("connect to"));
    PQsetNoticeProcessor(connection_.get(), [](void*, const char*) {}, nullptr);
    if (PQserverVersion(connection_.get()) < 130'000) {
      return fail_config("the store's PostgreSQL is older than 13; take a newer one");
    }
    return script("SET client_encoding = 'UTF8'; SET statement_timeout = '30s'; SET lock_timeout = '5s';");
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
    const Answer answer(PQexec(connection_.get(), sql.c_str()));
    if (good(answer.get())) return {};
    return std::unexpected(error("ask"));
  }

  Result<void> begin() override {
    if (Result<void> there = connected(); !there) return there;
    Result<void> begun = script("BEGIN");
    if (begun || PQstatus(connection_.get()) == CONNECTION_OK) return begun;
    // Only asking shows that the server has gone; it may be back.
    if (Result<void> again = connected(); !again) return again;
    return script("BEGIN");
  }
  Result<void> commit() override {
    const Answer answer(PQexec(connection_.get(), "COMMIT"));
    // A transaction that has failed answers COMMIT by rolling back, and does not call that an error.
    if (good(answer.get()) && std::string_view(PQcmdStatus(answer.get())) == "COMMIT") return {};
    return std::unexpected(error("commit to"));
  }
  void rollback() override {
    if (connection_ == nullptr || PQtransactionStatus(connection_.get()) == PQTRANS_IDLE) return;
    static_cast<void>(script("ROLLBACK"));
  }

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
    return open();
  }

  Result<std::string> prepared(const std::string& sql) {
    if (Result<void> there = connected(); !there) return std::unexpected(there.error());
    const auto known = statements_.find(sql);
    if (known != statements_.end()) return known->second;
    std::string name = fmt::format("s{}", statements_.size());
    const Answer answer(PQprepare(connection_.get(), name.c_str(), sql.c_str(), 0, nullptr));
    if (!good(answer.get())) return std::unexpected(error("ask"));
    statements_.emplace(sql, name);
    return name;
  }

  Result<Answer> ask(const std::string& sql, std::span<const Value> values) {
    const Result<std::string> name = prepared(sql);
    if (!name) return std::unexpected(name.error());
    const Texts texts(values);
    Answer answer(PQexecPrepared(connection_.get(), name->c_str(), texts.size(), texts.data(), nullptr, nullptr, 0));
    if (good(answer.get())) return answer;
    return std::unexpected(error("ask"));
  }

  Result<void> pipeline(const std::string& name, std::size_t width, std::span<const Value> values,
                        std::vector<bool>& results) {
    PGconn* connection = connection_.get();
    if (PQenterPipelineMode(connection) != 1) return std::unexpected(error("ask"));
    bool sent = true;
    std::size_t count = 0;
    for (std::size_t at = 0; sent && at < values.size(); at += width, ++count) {
      const Texts texts(values.subspan(at, width));
      sent = PQsendQueryPrepared(connection, name.c_str(), texts.size(), texts.data(), nullptr, nullptr, 0) == 1;
    }
    std::optional<Error> wrong;
    if (!sent || PQpipelineSync(connection) != 1) {
      wrong = error("ask");
      connection_.reset();  // what was sent can't be taken back
      return std::unexpected(*std::move(wrong));
    }
    while (PQstatus(connection) == CONNECTION_OK) {
      const Answer answer(PQgetResult(connection));
      if (answer == nullptr) continue;  // parts one statement's results from the next one's
      if (PQresultStatus(answer.get()) == PGRES_PIPELINE_SYNC) break;
      if (good(answer.get())) {
        results.push_back(changed(answer.get()) > 0);
      } else if (!wrong) {
        wrong = error("ask");
      }
    }
    if (!wrong && PQstatus(connection) != CONNECTION_OK) wrong = error("ask");
    if (PQexitPipelineMode(connection) != 1 && !wrong) wrong = error("ask");
    if (wrong) return std::unexpected(*std::move(wrong));
    return {};
  }

  // The address may hold a password: messages name the host only.
  [[nodiscard]] Error error(std::string_view doing) const {
    const char* host = PQhost(connection_.get());
    std::string reason = PQerrorMessage(connection_.get());
    while (!reason.empty() && reason.back() == '\n') reason.pop_back();
    std::ranges::replace(reason, '\n', ' ');
    return {ErrorKind::runtime,
            fmt::format("cannot {} the store (PostgreSQL at {}): {}", doing, host == nullptr ? "?" : host, reason)};
  }

  const std::string url_;
  std::unique_ptr<PGconn, Finish> connection_;
  std::unordered_map<std::string, std::string> statements_;
};

}  // namespace

Result<std::unique_ptr<Database>> open_postgresql(const std::string& url) {
  auto database = std::make_unique<Postgresql>(url);
  if (Result<void> opened = database->open(); !opened) return std::unexpected(opened.error());
  return database;
}

}  // namespace bank::store
