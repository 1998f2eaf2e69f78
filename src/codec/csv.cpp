#include "codec/csv.h"

#include <cstring>

#include "model/transaction.h"

namespace bank::codec {
namespace {

std::size_t find_byte(std::string_view text, char c, std::size_t from) {
  if (from >= text.size()) return std::string_view::npos;
  const void* found = std::memchr(text.data() + from, c, text.size() - from);
  return found == nullptr ? std::string_view::npos
                          : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

// The index of the quote that closes the cell whose opening quote stands before `from`.
std::size_t find_closing_quote(std::string_view text, std::size_t from) {
  for (;;) {
    const std::size_t quote = find_byte(text, '"', from);
    if (quote == std::string_view::npos || quote + 1 >= text.size() || text[quote + 1] != '"') return quote;
    from = quote + 2;
  }
}

bool may_follow_cell(char c) { return c == ',' || c == '\r' || c == '\n'; }

}  // namespace

std::size_t find_row_end(std::string_view text, std::size_t from, bool at_end) {
  constexpr std::size_t npos = std::string_view::npos;
  const std::size_t first_newline = find_byte(text, '\n', from);
  const std::string_view line = text.substr(from, first_newline == npos ? npos : first_newline - from);
  if (find_byte(line, '"', 0) == npos) return first_newline;

  // Only what lies within the longest row counts, however much more text there is: the answer must not depend on it.
  const bool limit_reached = text.size() - from > model::max_record_bytes;
  const std::string_view row = text.substr(from, model::max_record_bytes + 1);
  bool cell_begins = true;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const char c = row[i];
    if (c == '"' && cell_begins) {
      const std::size_t quote = find_closing_quote(row, i + 1);
      if (quote == npos) return limit_reached || at_end ? first_newline : npos;
      if (quote + 1 < row.size() && !may_follow_cell(row[quote + 1])) return first_newline;
      i = quote;
      cell_begins = false;
    } else if (c == '\n') {
      return from + i;
    } else {
      cell_begins = c == ',';
    }
  }
  return limit_reached && first_newline != npos ? first_newline : npos;
}

void append_csv_cell(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

}  // namespace bank::codec
