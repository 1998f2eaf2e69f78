#include "store/rows.h"

#include "base/json_writer.h"

namespace bank::store {
namespace {

template <typename T>
std::optional<T> maybe(const Rows& rows, std::size_t row, std::size_t column) {
  const auto number = rows.maybe_integer(row, column);
  return number ? std::optional(static_cast<T>(*number)) : std::nullopt;
}

}  // namespace

AlertRow alert_of(const Rows& rows, std::size_t row) {
  return {.alert_id = rows.text(row, 0),
          .rule = rows.text(row, 1),
          .severity = static_cast<model::Severity>(rows.integer(row, 2)),
          .score = static_cast<int>(rows.integer(row, 3)),
          .reason = rows.text(row, 4),
          .transaction_id = rows.text(row, 5),
          .account = rows.text(row, 6),
          .account_ref = rows.text(row, 7),
          .amount = model::Amount::from_units(rows.integer(row, 8)),
          .timestamp = rows.text(row, 9),
          .time_us = rows.integer(row, 10),
          .rules_version = rows.text(row, 11),
          .detected_us = rows.integer(row, 12),
          .source = rows.text(row, 13),
          .decision = maybe<model::Decision>(rows, row, 14),
          .risk = maybe<int>(rows, row, 15),
          .status = static_cast<Disposition>(rows.integer(row, 16)),
          .assignee = rows.cell(row, 17),
          .case_id = rows.cell(row, 18),
          .updated_us = rows.integer(row, 19),
          .version = rows.integer(row, 20)};
}

TransactionRow transaction_of(const Rows& rows, std::size_t row) {
  return {.transaction_id = rows.text(row, 0),
          .account = rows.text(row, 1),
          .account_ref = rows.text(row, 2),
          .type = rows.text(row, 3),
          .amount = model::Amount::from_units(rows.integer(row, 4)),
          .timestamp = rows.text(row, 5),
          .time_us = rows.integer(row, 6),
          .location = rows.cell(row, 7),
          .merchant = rows.cell(row, 8),
          .status = rows.cell(row, 9),
          .risk = maybe<int>(rows, row, 10),
          .decision = maybe<model::Decision>(rows, row, 11),
          .rules = rows.text(row, 12)};
}

CaseRow case_of(const Rows& rows, std::size_t row) {
  return {.case_id = rows.text(row, 0),
          .account = rows.text(row, 1),
          .account_ref = rows.text(row, 2),
          .status = static_cast<Disposition>(rows.integer(row, 3)),
          .assignee = rows.cell(row, 4),
          .severity = static_cast<model::Severity>(rows.integer(row, 5)),
          .alerts = rows.integer(row, 6),
          .score = rows.integer(row, 7),
          .rules = rows.text(row, 8),
          .first_us = rows.integer(row, 9),
          .last_us = rows.integer(row, 10),
          .updated_us = rows.integer(row, 11),
          .version = rows.integer(row, 12)};
}

void add_to_json_array(std::string& array, std::string_view text) {
  std::string item;
  JsonWriter(item, 0).value(text);
  if (array == "[]") {
    array = "[" + item + "]";
  } else if (!array.contains(item + ",") && !array.contains(item + "]")) {
    array.insert(array.size() - 1, ", " + item);
  }
}

}  // namespace bank::store
