#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "codec/decode.h"
#include "codec/record.h"

namespace bank::codec {

FieldNames::FieldNames() {
  for (std::size_t i = 0; i < field_count; ++i) columns_[i] = contract_fields[i];
}

Result<void> FieldNames::map(std::string_view spec) {
  std::array<std::string, field_count> columns = columns_;
  std::array<bool, field_count> mapped{};
  for (std::size_t begin = 0; begin <= spec.size();) {
    const std::size_t comma = std::min(spec.find(',', begin), spec.size());
    const std::string_view pair = spec.substr(begin, comma - begin);
    begin = comma + 1;

    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos || equals + 1 == pair.size()) {
      return fail_config(
          fmt::format("'{}' is no column mapping; write FIELD=COLUMN, as in account_number=cc_num", pair));
    }
    const std::string_view name = pair.substr(0, equals);
    const auto field = static_cast<std::size_t>(std::ranges::find(contract_fields, name) - contract_fields.begin());
    if (field == field_count) {
      return fail_config(fmt::format("cannot map '{}': there is no such field; the fields are {}", name,
                                     fmt::join(contract_fields, ", ")));
    }
    if (mapped[field]) return fail_config(fmt::format("the field '{}' is mapped twice", name));
    mapped[field] = true;
    columns[field] = pair.substr(equals + 1);
  }
  for (std::size_t i = 0; i < field_count; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (columns[i] == columns[j]) {
        return fail_config(
            fmt::format("the column '{}' would be read as both {} and {}; map one of them to another column",
                        columns[i], contract_fields[j], contract_fields[i]));
      }
    }
  }
  columns_ = std::move(columns);
  for (std::size_t i = 0; i < field_count; ++i) mapped_[i] = mapped_[i] || mapped[i];
  return {};
}

}  // namespace bank::codec
