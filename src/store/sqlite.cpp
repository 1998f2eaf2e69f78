#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <cstdlib>
#include <unordered_map>

#include "base/assert.h"
#include "store/database.h"

namespace bank::store {
namespace {

/// How long a lock of another process (a backup) is waited for before that is an error, which is then tried again.
constexpr int busy_ms = 250;

constexpr Dialect sqlite_dialect{.key = "INTEGER PRIMARY KEY AUTOINCREMENT", .text = "TEXT", .integer = "INTEGER"};

struct CloseDatabase {
  void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
};
struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

/// Which file it is, so that one that was taken away is noticed: SQLite would write on into the file without a name.
struct FileId {
  dev_t device = 0;
  ino_t inode = 0;
  friend bool operator==(const FileId&, const FileId&) = default;
};
std::optional<FileId> file_id(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return FileId{status.st_dev, status.st_ino};
}

class Sqlite final : public Database {
 public:
  explicit Sqlite(std::string path) : path_(std::move(path)) {}

  Result<void> open() {
    statements_.clear();
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(path_.c_str(), &handle,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, nullptr);
    handle_.reset(handle);
    if (code != SQLITE_OK) return std::unexpected(error("open"));
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, busy_ms);
    // No WAL: SQLite before 3.51.3 can damage a database in that mode, and other programs may have it open.
    Result<void> set = script(
        "PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
        "PRAGMA cache_size = -65536; PRAGMA trusted_schema = OFF;");
    if (!set) return set;
    file_ = file_id(path_);
    return {};
  }

  using Database::execute;
  using Database::query;

  Result<std::int64_t> execute(const std::string& sql, std::span<const Value> values) override {
    const Result<sqlite3_stmt*> statement = prepared(sql);
    if (!statement) return std::unexpected(statement.error());
    return run(*statement, values);
  }

  Result<std::vector<bool>> execute_many(const std::string& sql, std::size_t width,
                                         std::span<const Value> values) override {
    const Result<sqlite3_stmt*> statement = prepared(sql);
    if (!statement) return std::unexpected(statement.error());
    std::vector<bool> changed;
    changed.reserve(values.size() / width);
    for (std::size_t at = 0; at < values.size(); at += width) {
      const Result<std::int64_t> rows = run(*statement, values.subspan(at, width));
      if (!rows) return std::unexpected(rows.error());
      changed.push_back(*rows > 0);
    }
    return changed;
  }

  Result<Rows> query(const std::string& sql, std::span<const Value> values) override {
    const Result<sqlite3_stmt*> prepared_statement = prepared(sql);
    if (!prepared_statement) return std::unexpected(prepared_statement.error());
    sqlite3_stmt* statement = *prepared_statement;
    bind(statement, values);
    const int columns = sqlite3_column_count(statement);
    Rows rows(static_cast<std::size_t>(columns));
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
      for (int i = 0; i < columns; ++i) {
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, i));
        rows.add(text == nullptr ? std::nullopt : std::optional(std::string(text, size)));
      }
    }
    return finish(statement, code, std::move(rows));
  }

  Result<void> script(const std::string& sql) override {
    if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return {};
    return std::unexpected(error("set up"));
  }

  Result<void> begin() override {
    const std::optional<FileId> there = file_id(path_);
    if (!there) return fail(fmt::format("the store {} is gone; put it back", path_));
    if (there != file_) {
      if (Result<void> opened = open(); !opened) return opened;
    }
    // Immediate: whoever begins is going to write, and a lock that comes late can't be waited for.
    return script("BEGIN IMMEDIATE");
  }
  Result<void> commit() override { return script("COMMIT"); }
  void rollback() override {
    // Some errors have undone it already.
    if (sqlite3_get_autocommit(handle_.get()) == 0) static_cast<void>(script("ROLLBACK"));
  }
  void hurry() override {}  // a file has no network behind it, and a lock is waited for briefly anyway

  [[nodiscard]] const Dialect& dialect() const override { return sqlite_dialect; }
  [[nodiscard]] std::string append_only(std::string_view table) const override {
    std::string sql;
    for (const std::string_view event : {"UPDATE", "DELETE"}) {
      sql += fmt::format(
          "CREATE TRIGGER IF NOT EXISTS {0}_no_{1} BEFORE {1} ON {0} BEGIN SELECT RAISE(ABORT, '{0} only grows'); END;",
          table, event);
    }
    return sql;
  }

 private:
  Result<sqlite3_stmt*> prepared(const std::string& sql) {
    if (statements_.size() >= statements_max && !statements_.contains(sql)) statements_.clear();
    Statement& statement = statements_[sql];
    if (statement == nullptr) {
      sqlite3_stmt* made = nullptr;
      const int code = sqlite3_prepare_v3(handle_.get(), sql.c_str(), static_cast<int>(sql.size()),
                                          SQLITE_PREPARE_PERSISTENT, &made, nullptr);
      if (code != SQLITE_OK) {
        statements_.erase(sql);
        return std::unexpected(error("ask"));
      }
      statement.reset(made);
    }
    return statement.get();
  }

  // `$1` is a name to SQLite, and numbered by where it first stands.
  static void bind(sqlite3_stmt* statement, std::span<const Value> values) {
    for (int place = 1; place <= sqlite3_bind_parameter_count(statement); ++place) {
      const char* name = sqlite3_bind_parameter_name(statement, place);
      const auto number = static_cast<std::size_t>(std::atoi(name + 1));
      BANK_ASSERT(number >= 1 && number <= values.size());
      const Value& value = values[number - 1];
      if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        sqlite3_bind_int64(statement, place, *integer);
      } else if (const auto* text = std::get_if<std::string_view>(&value)) {
        const char* data = text->data() == nullptr ? "" : text->data();
        sqlite3_bind_text(statement, place, data, static_cast<int>(text->size()), SQLITE_STATIC);
      } else {
        sqlite3_bind_null(statement, place);
      }
    }
  }

  Result<std::int64_t> run(sqlite3_stmt* statement, std::span<const Value> values) {
    bind(statement, values);
    int code = SQLITE_ROW;
    while (code == SQLITE_ROW) code = sqlite3_step(statement);
    return finish(statement, code, std::int64_t{sqlite3_changes(handle_.get())});
  }

  template <typename T>
  Result<T> finish(sqlite3_stmt* statement, int code, T result) {
    std::optional<Error> wrong;
    if (code != SQLITE_DONE) wrong = error("ask");
    sqlite3_reset(statement);
    if (wrong) return std::unexpected(*std::move(wrong));
    return result;
  }

  [[nodiscard]] Error error(std::string_view doing) const {
    const int code = handle_ == nullptr ? SQLITE_NOMEM : sqlite3_errcode(handle_.get());
    std::string_view advice;
    if (code == SQLITE_FULL) advice = "; make room";
    if (code == SQLITE_BUSY) advice = ": another program holds it";
    return {ErrorKind::runtime,
            fmt::format("cannot {} the store {}: {}{}", doing, path_,
                        handle_ == nullptr ? "out of memory" : sqlite3_errmsg(handle_.get()), advice)};
  }

  const std::string path_;
  std::optional<FileId> file_;
  std::unique_ptr<sqlite3, CloseDatabase> handle_;
  std::unordered_map<std::string, Statement> statements_;
};

}  // namespace

Result<std::unique_ptr<Database>> open_sqlite(const std::string& path) {
  auto database = std::make_unique<Sqlite>(path);
  if (Result<void> opened = database->open(); !opened) return std::unexpected(opened.error());
  return database;
}

}  // namespace bank::store
