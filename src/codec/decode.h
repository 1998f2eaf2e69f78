// Bytes to transactions. Every rule of the contract is checked here; what passes is a valid Transaction.
//
// The verdict on a record is a function of its bytes alone. Of several faults the first in this order is the reason:
// too_long, not_utf8, not_json (or bad_csv), not_object, duplicate_key (a field of the contract before an unknown key),
// then the fields in the order of the contract, each by presence, type, and value.
#pragma once

#include <array>
#include <deque>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/rejection.h"
#include "model/transaction.h"

namespace bank::codec {

inline constexpr std::size_t field_count = 8;

/// Which input column (JSON key or CSV header cell) holds each field of the contract. By default each is named as
/// itself.
class FieldNames {
 public:
  FieldNames();
  /// Applies `account_number=cc_num,amount=amt`. Errors (config): unknown field, a field or a column named twice, an
  /// empty name.
  [[nodiscard]] Result<void> map(std::string_view spec);
  /// The columns in the order of the fields in the contract (transaction_id … status).
  [[nodiscard]] const std::array<std::string, field_count>& columns() const { return columns_; }
  /// Whether map() named the column of a field, by its place in the contract.
  [[nodiscard]] bool mapped(std::size_t field) const { return mapped_[field]; }

 private:
  std::array<bool, field_count> mapped_{};
  std::array<std::string, field_count> columns_;
};

/// Keeps the few strings that can't be views of the record (those with escapes, or quotes in CSV) until it is cleared.
class TextArena {
 public:
  [[nodiscard]] std::string_view keep(std::string text) { return kept_.emplace_back(std::move(text)); }
  void clear() { kept_.clear(); }

 private:
  std::deque<std::string> kept_;
};

/// Decodes JSON objects. Not thread-safe (it remembers the layout of the last record to be fast on the next): one a
/// thread.
class JsonDecoder {
 public:
  explicit JsonDecoder(const FieldNames& names);
  ~JsonDecoder();
  JsonDecoder(JsonDecoder&&) noexcept;
  JsonDecoder& operator=(JsonDecoder&&) noexcept;

  /// `record`: one JSON text, with at least 64 readable bytes behind it. The strings of the result are views of
  /// `record` or kept in `arena`.
  [[nodiscard]] std::expected<model::Transaction, model::Rejection> decode(std::string_view record, TextArena& arena);

  /// The same by the plain parser alone: what decode() falls back to, and is tested against.
  [[nodiscard]] std::expected<model::Transaction, model::Rejection> decode_plain(std::string_view record,
                                                                                 TextArena& arena);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// Decodes CSV rows (RFC 4180: comma, double quotes, CRLF or LF) under a header. An empty cell is null, quoted or not.
class CsvDecoder {
 public:
  /// `header`: the first row, without its newline (a carriage return is dropped, a byte order mark too). Cells name
  /// their columns to the letter; columns that no field is mapped to are ignored, as are optional fields without a
  /// column, unless it was mapped. Errors (config): a required or mapped column is missing, or stands there twice.
  [[nodiscard]] static Result<CsvDecoder> make(std::string_view header, const FieldNames& names);

  /// `row`: one row, without its newline (see csv.h for where it ends). The strings of the result are views of `row` or
  /// kept in `arena`.
  [[nodiscard]] std::expected<model::Transaction, model::Rejection> decode(std::string_view row, TextArena& arena);
  ~CsvDecoder();
  CsvDecoder(CsvDecoder&&) noexcept;
  CsvDecoder& operator=(CsvDecoder&&) noexcept;

 private:
  class Impl;
  explicit CsvDecoder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bank::codec
