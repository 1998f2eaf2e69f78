#include "store/database.h"

#include <charconv>

namespace bank::store {

std::optional<std::int64_t> Rows::maybe_integer(std::size_t row, std::size_t column) const {
  const std::optional<std::string>& text = cell(row, column);
  if (!text) return std::nullopt;
  std::int64_t number = 0;
  std::from_chars(text->data(), text->data() + text->size(), number);
  return number;
}

std::int64_t Rows::integer(std::size_t row, std::size_t column) const { return maybe_integer(row, column).value_or(0); }

}  // namespace bank::store
