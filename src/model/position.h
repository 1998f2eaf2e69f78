// Where a record stood in its input.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bank::model {

/// `origin` names the ordered stream that the record came from, with its separator (`data/sample.json:`,
/// `banking-transactions/2/`); `number` its place there: line, from 1, or offset, from 0. A view.
struct Position {
  std::string_view origin;
  std::int64_t number = 0;
};

/// Appends it as it stands in an alert's `source`: `data/sample.json:17`, `banking-transactions/2/4711`.
void append_position(std::string& out, const Position& position);

}  // namespace bank::model
