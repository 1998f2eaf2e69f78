#include "cli/table.h"

#include <algorithm>

#include "base/assert.h"

namespace bank::cli {

namespace {

void append_cell(std::string& out, const Stream& stream, const Table::Cell& cell, Align align, int width, bool last) {
  const auto padding = static_cast<std::size_t>(std::max(0, width - display_width(cell.text)));
  if (align == Align::right) out.append(padding, ' ');
  out += stream.paint(cell.style, cell.text);
  if (align == Align::left && !last) out.append(padding, ' ');
}

}  // namespace

int display_width(std::string_view text) {
  int width = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b') {  // a colour: up to its `m`
      while (i < text.size() && text[i] != 'm') ++i;
      continue;
    }
    width += (static_cast<unsigned char>(text[i]) & 0xc0) != 0x80 ? 1 : 0;
  }
  return width;
}

std::string shortened(std::string_view text, int columns) {
  if (display_width(text) <= columns) return std::string(text);
  std::size_t end = 0;
  for (int taken = 0; end < text.size(); ++end)  // up to where the character begins that has no room
    if ((static_cast<unsigned char>(text[end]) & 0xc0) != 0x80 && ++taken == columns) break;
  return std::string(text.substr(0, end)) + "…";
}

void Table::add(std::vector<Cell> row) {
  BANK_ASSERT(row.size() == columns_.size());
  for (Cell& cell : row) cell.text = visible(cell.text);
  rows_.push_back(std::move(row));
}

std::string Table::to_string(const Stream& stream) const {
  std::vector<int> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    int width = display_width(columns_[i].heading);
    for (const auto& row : rows_) width = std::max(width, display_width(row[i].text));
    widths.push_back(width);
  }
  std::string out;
  const auto append_row = [&](const std::vector<Cell>& row) {
    out.append(static_cast<std::size_t>(indent_), ' ');
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) out += "  ";
      append_cell(out, stream, row[i], columns_[i].align, widths[i], i + 1 == row.size());
    }
    out.erase(out.find_last_not_of(' ') + 1);
    out += '\n';
  };
  if (std::ranges::any_of(columns_, [](const Column& column) { return !column.heading.empty(); })) {
    std::vector<Cell> headings;
    headings.reserve(columns_.size());
    for (const Column& column : columns_) headings.emplace_back(column.heading, Style::dim);
    append_row(headings);
  }
  for (const auto& row : rows_) append_row(row);
  return out;
}

void Table::print(Stream& stream) const { stream.write(to_string(stream)); }

}  // namespace bank::cli
