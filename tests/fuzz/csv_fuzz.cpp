// Rows end where a slow reading of the rule says, however much of the text is at hand; and what a row holds survives
// being written and read again.
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "codec/csv.h"
#include "codec/decode.h"
#include "codec/encode.h"

namespace {

constexpr std::size_t npos = std::string_view::npos;

// One byte at a time; `text` is shorter than the longest row.
std::size_t find_row_end_slowly(std::string_view text) {
  enum { cell_begins, plain, quoted, quote_in_quoted } state = cell_begins;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (state == quoted) {
      if (c == '"') state = quote_in_quoted;
    } else if (c == '"' && state != plain) {
      state = quoted;  // opens a cell, or is the second of two
    } else if (c == '\n') {
      return i;
    } else if (state == quote_in_quoted && c != ',' && c != '\r') {
      return text.find('\n');
    } else {
      state = c == ',' ? cell_begins : plain;
    }
  }
  return state == quoted ? text.find('\n') : npos;
}

std::string in_words(const std::expected<bank::model::Transaction, bank::model::Rejection>& decoded) {
  if (!decoded) return std::string(to_string(decoded.error().reason)) + "/" + std::string(decoded.error().field);
  std::string out;
  bank::codec::append_transaction_csv(out, *decoded);
  return out;
}

}  // namespace

// A header, and rows.
// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bank::codec;
  if (size > 4096) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t header_end = find_row_end(input, 0, true);
  auto decoder = CsvDecoder::make(input.substr(0, header_end), FieldNames());
  std::string usual_header(csv_header());
  usual_header.pop_back();
  auto usual = CsvDecoder::make(usual_header, FieldNames()).value();

  TextArena arena;
  std::size_t from = header_end == npos ? size : header_end + 1;
  while (from < size) {
    const std::size_t end = find_row_end(input, from, true);
    BANK_ASSERT(end == npos || (end >= from && input[end] == '\n'));
    const std::size_t slow = find_row_end_slowly(input.substr(from));
    BANK_ASSERT(end == (slow == npos ? npos : from + slow));
    const std::size_t early = find_row_end(input, from);
    for (std::size_t n = from; n < size && n < from + 200; ++n) {
      const std::size_t cut = find_row_end(input.substr(0, n), from);
      BANK_ASSERT(cut == npos || cut == early);
    }
    const std::string_view row = input.substr(from, end == npos ? npos : end - from);
    for (CsvDecoder* one : {decoder ? &*decoder : nullptr, &usual}) {
      if (one == nullptr) continue;
      const std::string once = in_words(one->decode(row, arena));
      if (!once.ends_with('\n')) continue;
      BANK_ASSERT(in_words(usual.decode(std::string_view(once).substr(0, once.size() - 1), arena)) == once);
    }
    if (end == npos) break;
    from = end + 1;
  }
  return 0;
}
