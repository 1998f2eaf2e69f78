#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/closest.h"
#include "codec/csv.h"
#include "codec/decode.h"
#include "codec/record.h"
#include "codec/utf8.h"

namespace bank::codec {
namespace {

constexpr std::size_t no_field = field_count;

struct Cell {
  std::string_view text;  // without the quotes around it
  bool doubled = false;   // it has doubled quotes
};

std::string_view without_carriage_return(std::string_view row) {
  if (row.ends_with('\r')) row.remove_suffix(1);
  return row;
}

// Cuts a row into its cells. False: a quote stands where none may.
bool split_cells(std::string_view row, std::vector<Cell>& cells) {
  cells.clear();
  std::size_t at = 0;
  for (;;) {
    Cell cell;
    std::size_t end;
    if (at < row.size() && row[at] == '"') {
      std::size_t quote = row.find('"', at + 1);
      while (quote != std::string_view::npos && quote + 1 < row.size() && row[quote + 1] == '"') {
        cell.doubled = true;
        quote = row.find('"', quote + 2);
      }
      if (quote == std::string_view::npos) return false;
      cell.text = row.substr(at + 1, quote - at - 1);
      end = quote + 1;
      if (end < row.size() && row[end] != ',') return false;
    } else {
      end = std::min(row.find(',', at), row.size());
      cell.text = row.substr(at, end - at);
      if (cell.text.find('"') != std::string_view::npos) return false;
    }
    cells.push_back(cell);
    if (end == row.size()) return true;
    at = end + 1;
  }
}

std::string undouble(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    if (text[i] == '"') ++i;
  }
  return out;
}

std::string cell_text(const Cell& cell) { return cell.doubled ? undouble(cell.text) : std::string(cell.text); }

std::unexpected<Error> no_such_column(std::size_t field, bool mapped, std::string_view column,
                                      const std::vector<Cell>& cells) {
  std::vector<std::string> there;
  for (const Cell& cell : cells) there.push_back(cell_text(cell));
  const std::vector<std::string_view> views(there.begin(), there.end());
  const std::string_view close = closest(column, views);
  if (there.size() == 1 && there[0].find_first_of(";\t|") != std::string::npos) {
    return fail_config(fmt::format("the CSV header is one column, '{}': fields are parted by commas, not by '{}'",
                                   there[0], there[0][there[0].find_first_of(";\t|")]));
  }
  return fail_config(
      fmt::format("the CSV header has no column '{}'{}; {}it has: {}. If the column has another name, map it with "
                  "--map {}={}",
                  column, mapped ? fmt::format(", to which {} is mapped", contract_fields[field]) : "",
                  close.empty() ? "" : fmt::format("did you mean '{}'? ", close), fmt::join(there, ","),
                  contract_fields[field], close.empty() ? "COLUMN" : close));
}

}  // namespace

class CsvDecoder::Impl {
 public:
  Result<void> read_header(std::string_view header, const FieldNames& names) {
    if (header.starts_with("\xef\xbb\xbf")) header.remove_prefix(3);
    header = without_carriage_return(header);
    if (!is_utf8(header)) return fail_config("the CSV header is not UTF-8");
    std::vector<Cell> cells;
    if (!split_cells(header, cells)) return fail_config("the CSV header has a quote where none may stand");

    fields_.assign(cells.size(), no_field);
    for (std::size_t field = 0; field < field_count; ++field) {
      const std::string& column = names.columns()[field];
      bool found = false;
      for (std::size_t i = 0; i < cells.size(); ++i) {
        if (cell_text(cells[i]) != column) continue;
        if (found) return fail_config(fmt::format("the CSV header names the column '{}' twice", column));
        found = true;
        fields_[i] = field;
      }
      if (!found && (names.mapped(field) || field < required_field_count))
        return no_such_column(field, names.mapped(field), column, cells);
    }
    return {};
  }

  Decoded decode(std::string_view row, TextArena& arena) {
    using model::Reason;
    if (row.size() > model::max_record_bytes) return std::unexpected(model::Rejection{Reason::too_long, {}});
    if (!is_utf8(row)) return std::unexpected(model::Rejection{Reason::not_utf8, {}});
    if (!split_cells(without_carriage_return(row), cells_) || cells_.size() != fields_.size()) {
      return std::unexpected(model::Rejection{Reason::bad_csv, {}});
    }
    RawFields fields;
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      const std::size_t field = fields_[i];
      if (field == no_field) continue;
      const Cell& cell = cells_[i];
      if (cell.text.empty()) {
        fields[field].kind = FieldKind::null;
      } else {
        fields[field].kind = field == amount_index ? FieldKind::number : FieldKind::text;
        fields[field].text = cell.doubled ? arena.keep(undouble(cell.text)) : cell.text;
      }
    }
    Decoded out;
    finish(fields, out);
    return out;
  }

 private:
  std::vector<std::size_t> fields_;  // of each column: the field that it holds, or no_field
  std::vector<Cell> cells_;
};

CsvDecoder::CsvDecoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CsvDecoder::~CsvDecoder() = default;
CsvDecoder::CsvDecoder(CsvDecoder&&) noexcept = default;
CsvDecoder& CsvDecoder::operator=(CsvDecoder&&) noexcept = default;

Result<CsvDecoder> CsvDecoder::make(std::string_view header, const FieldNames& names) {
  auto impl = std::make_unique<Impl>();
  if (Result<void> read = impl->read_header(header, names); !read) return std::unexpected(read.error());
  return CsvDecoder(std::move(impl));
}

Decoded CsvDecoder::decode(std::string_view row, TextArena& arena) { return impl_->decode(row, arena); }

}  // namespace bank::codec
