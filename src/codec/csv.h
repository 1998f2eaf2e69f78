// CSV text to rows and cells (RFC 4180: comma, double quotes, CRLF or LF), and a cell back to text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bank::codec {

/// Where the row that starts at text[from] ends: the index of its newline (the row is text[from, index); a carriage
/// return before the newline is the decoder's to drop), or npos while `text` doesn't hold all of the row. A newline
/// within a quoted cell doesn't end a row. A quote opens a quoted cell only where a cell begins; anywhere else it is a
/// byte like any other (and the row is refused by the decoder).
///
/// Where a quoted cell isn't closed within model::max_record_bytes of the row's start, or not before the end of the
/// input (`at_end`: `text` reaches it), or what follows its closing quote is neither a comma nor a line break, the
/// quote that opened it was a mistake: the row then ends at its first newline. So a stray quote costs one row, unless
/// the next quote of the text stands where it may close a cell; then it costs the rows up to there, 1 MiB at most. The
/// answer doesn't depend on how the input is cut into chunks: npos means ask again, from the same start, with more
/// text. At the end of the input npos means that the row has no newline and is all that is left.
[[nodiscard]] std::size_t find_row_end(std::string_view text, std::size_t from, bool at_end = false);

/// Appends `text` as a cell, quoted where it holds a comma, a quote or a line break. An empty text reads back as null:
/// CSV has but one empty cell.
void append_csv_cell(std::string& out, std::string_view text);

}  // namespace bank::codec
