#include "pipeline/file_head.h"

#include <algorithm>

#include "codec/csv.h"
#include "pipeline/newlines.h"

namespace bank::pipeline {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

// What the name ends in, a compression's ending aside.
std::string_view ending(std::string_view name) {
  for (const std::string_view compressed : {".gz", ".zst", ".zstd"}) {
    if (name.ends_with(compressed)) name.remove_suffix(compressed.size());
  }
  const std::size_t dot = name.find_last_of("./");
  return dot == std::string_view::npos || name[dot] == '/' ? std::string_view() : name.substr(dot);
}

std::size_t skip_blank(std::string_view text) { return std::min(text.find_first_not_of(" \t\r\n"), text.size()); }

// The first row that is not blank, with the blank lines before it.
struct HeaderRow {
  std::string_view row;
  std::size_t end = 0;  // behind its newline
};
std::optional<HeaderRow> find_header(std::string_view head, bool at_end) {
  std::size_t begin = skip_blank(head);
  begin = head.substr(0, begin).rfind('\n') + 1;  // npos + 1 is 0
  const std::size_t row_end = codec::find_row_end(head, begin, at_end);
  if (row_end != std::string_view::npos) return HeaderRow{trim_line(head.substr(begin, row_end - begin)), row_end + 1};
  if (at_end || head.size() >= head_bytes_max) return HeaderRow{trim_line(head.substr(begin)), head.size()};
  return std::nullopt;
}

Layout guess(const HeadOptions& options, char first, std::string_view first_row, const codec::FieldNames& names) {
  const std::string_view kind = ending(options.name);
  if (kind == ".csv" && !options.never_csv) return Layout::csv;
  if (kind == ".jsonl" || kind == ".ndjson") return Layout::json_lines;
  if (first == '[') return Layout::json_array;
  if (first == '{' || kind == ".json" || options.never_csv) return Layout::json_lines;
  return codec::CsvDecoder::make(first_row, names) ? Layout::csv : Layout::json_lines;
}

}  // namespace

bool head_suffices(std::string_view head, std::optional<Layout> layout) {
  if (head.size() >= head_bytes_max) return true;
  if (head.size() < byte_order_mark.size()) return false;
  if (layout && *layout != Layout::csv) return true;
  if (head.starts_with(byte_order_mark)) head.remove_prefix(byte_order_mark.size());
  return skip_blank(head) < head.size() && find_header(head, false).has_value();
}

Result<FileHead> inspect_head(std::string_view head, const HeadOptions& options, const codec::FieldNames& names) {
  FileHead found;
  if (head.starts_with(byte_order_mark)) found.begin = byte_order_mark.size();
  const std::string_view text = head.substr(found.begin);
  const std::size_t first = skip_blank(text);
  if (first == text.size()) {  // nothing but blank lines so far
    found.layout = options.layout == Layout::csv ? Layout::csv : Layout::json_lines;
    return found;
  }
  const HeaderRow header = find_header(text, options.at_end).value_or(HeaderRow{});
  found.layout = options.layout.value_or(guess(options, text[first], header.row, names));
  found.records = true;
  if (found.layout != Layout::csv) return found;
  if (header.end == 0) {  // there is no record yet
    found.begin = head.size();
    found.records = false;
    return found;
  }
  if (const auto decoder = codec::CsvDecoder::make(header.row, names); !decoder)
    return std::unexpected(decoder.error());
  found.csv_header = header.row;
  found.line += static_cast<std::int64_t>(count_newlines(text.substr(0, header.end)));
  found.begin += header.end;
  return found;
}

}  // namespace bank::pipeline
