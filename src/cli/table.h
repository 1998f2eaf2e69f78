// Aligned columns for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/terminal.h"

namespace bank::cli {

enum class Align : bool { left, right };

/// A table of text: headings, aligned columns, two spaces between. Cells are made visible() and measured in characters;
/// colour is applied when printing.
class Table {
 public:
  struct Column {
    std::string heading;  ///< Empty in every column: no heading line.
    Align align = Align::left;
  };
  struct Cell {
    std::string text;
    Style style = Style::plain;
    // Implicit, so that a row may be written as a list of texts.
    // NOLINTBEGIN(google-explicit-constructor)
    Cell(std::string t, Style s = Style::plain) : text(std::move(t)), style(s) {}
    Cell(std::string_view t, Style s = Style::plain) : text(t), style(s) {}
    Cell(const char* t, Style s = Style::plain) : text(t), style(s) {}
    // NOLINTEND(google-explicit-constructor)
  };

  explicit Table(std::vector<Column> columns, int indent = 2) : columns_(std::move(columns)), indent_(indent) {}
  /// As many cells as columns.
  void add(std::vector<Cell> row);
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  void print(Stream& stream) const;
  [[nodiscard]] std::string to_string(const Stream& stream) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
  int indent_;
};

/// Characters that `text` takes on a terminal: code points, escape sequences of colour not counted.
[[nodiscard]] int display_width(std::string_view text);

/// `text`, or its beginning and `…` where it takes more than `columns` characters.
[[nodiscard]] std::string shortened(std::string_view text, int columns);

}  // namespace bank::cli
