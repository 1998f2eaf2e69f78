// A database as SQL with bound values: what SQLite and PostgreSQL have in common. Private to this room.
//
// Values are `$1`, `$2` … in the text, and never stand in it themselves. A statement is prepared when it is first seen,
// and kept so among the last `statements_max`. One thread at a time, but for hurry().
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace bank::store {

/// A value to bind; null is std::monostate. Texts live until the call returns.
using Value = std::variant<std::monostate, std::int64_t, std::string_view>;

[[nodiscard]] inline Value value_of(const std::optional<std::string>& text) {
  return text ? Value(std::string_view(*text)) : Value();
}
[[nodiscard]] inline Value value_of(std::optional<std::string_view> text) { return text ? Value(*text) : Value(); }
[[nodiscard]] inline Value value_of(std::optional<std::int64_t> number) { return number ? Value(*number) : Value(); }

/// What a query found.
class Rows {
 public:
  explicit Rows(std::size_t columns = 0) : columns_(columns) {}
  void add(std::optional<std::string> cell) { cells_.push_back(std::move(cell)); }

  [[nodiscard]] std::size_t size() const { return columns_ == 0 ? 0 : cells_.size() / columns_; }
  [[nodiscard]] bool empty() const { return cells_.empty(); }
  [[nodiscard]] const std::optional<std::string>& cell(std::size_t row, std::size_t column) const {
    return cells_[row * columns_ + column];
  }
  /// Empty for null.
  [[nodiscard]] std::string text(std::size_t row, std::size_t column) const {
    return cell(row, column).value_or(std::string());
  }
  [[nodiscard]] std::int64_t integer(std::size_t row, std::size_t column) const;  ///< 0 for null.
  [[nodiscard]] std::optional<std::int64_t> maybe_integer(std::size_t row, std::size_t column) const;

 private:
  std::size_t columns_;
  std::vector<std::optional<std::string>> cells_;
};

/// Statements that are kept prepared; when there are more, all are let go.
inline constexpr std::size_t statements_max = 200;

/// Words in which the two differ.
struct Dialect {
  std::string_view key;      ///< A column that numbers the rows by itself.
  std::string_view text;     ///< The type of texts, compared by their bytes.
  std::string_view integer;  ///< The type of 64-bit numbers.
};

class Database {
 public:
  virtual ~Database() = default;

  /// Rows changed.
  [[nodiscard]] virtual Result<std::int64_t> execute(const std::string& sql, std::span<const Value> values) = 0;
  /// The same for many sets of values, `width` each; whether each changed a row.
  [[nodiscard]] virtual Result<std::vector<bool>> execute_many(const std::string& sql, std::size_t width,
                                                               std::span<const Value> values) = 0;
  [[nodiscard]] virtual Result<Rows> query(const std::string& sql, std::span<const Value> values) = 0;
  /// Statements without values, parted by semicolons; nothing of them is prepared.
  [[nodiscard]] virtual Result<void> script(const std::string& sql) = 0;
  /// Begins, after making sure that the database is still the one that was opened, or is to be had again.
  [[nodiscard]] virtual Result<void> begin() = 0;
  [[nodiscard]] virtual Result<void> commit() = 0;
  virtual void rollback() = 0;
  /// The program is to end: what does not answer is waited for a few seconds and, from then on, not at all. From any
  /// thread.
  virtual void hurry() = 0;

  [[nodiscard]] virtual const Dialect& dialect() const = 0;
  /// What stops an UPDATE or DELETE of a table, as a script.
  [[nodiscard]] virtual std::string append_only(std::string_view table) const = 0;

  Result<std::int64_t> execute(const std::string& sql, std::initializer_list<Value> values = {}) {
    return execute(sql, std::span(values.begin(), values.size()));
  }
  Result<Rows> query(const std::string& sql, std::initializer_list<Value> values = {}) {
    return query(sql, std::span(values.begin(), values.size()));
  }
};

/// `path`: made where there is none. Errors name it.
[[nodiscard]] Result<std::unique_ptr<Database>> open_sqlite(const std::string& path);
/// `url`: `postgresql://…`, as libpq takes it. `clock` outlives it.
[[nodiscard]] Result<std::unique_ptr<Database>> open_postgresql(const std::string& url, const Clock& clock);

/// A transaction that is undone unless it is committed.
class Transaction {
 public:
  [[nodiscard]] static Result<Transaction> begin(Database& database) {
    if (Result<void> begun = database.begin(); !begun) return std::unexpected(begun.error());
    return Transaction(database);
  }
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction() {
    if (database_ != nullptr) database_->rollback();
  }
  [[nodiscard]] Result<void> commit() {
    Result<void> done = database_->commit();
    if (done) database_ = nullptr;
    return done;
  }

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace bank::store
