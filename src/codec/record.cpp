#include "codec/record.h"

#include "base/hash.h"

namespace bank::codec {
namespace {

using model::Reason;
using model::Rejection;

enum Index : std::size_t { id, account, type, amount, timestamp, location, merchant, status };

// Whether a required field has a value of the right kind.
bool check_required(const RawFields& fields, Index index, FieldKind kind, Rejection& rejection) {
  const FieldKind given = fields[index].kind;
  if (given == kind) return true;
  const bool missing = given == FieldKind::absent || given == FieldKind::null;
  rejection = {missing ? Reason::missing_field : Reason::wrong_type, contract_fields[index]};
  return false;
}

bool check_length(const RawFields& fields, Index index, std::size_t max, Rejection& rejection) {
  if (!check_required(fields, index, FieldKind::text, rejection)) return false;
  if (!fields[index].text.empty() && fields[index].text.size() <= max) return true;
  rejection = {Reason::bad_length, contract_fields[index]};
  return false;
}

bool read_optional(const RawFields& fields, Index index, std::optional<std::string_view>& value, Rejection& rejection) {
  const RawField& field = fields[index];
  if (field.kind == FieldKind::text) {
    value = field.text;
    return true;
  }
  if (field.kind == FieldKind::absent || field.kind == FieldKind::null) return true;
  rejection = {Reason::wrong_type, contract_fields[index]};
  return false;
}

bool read_status(const RawFields& fields, model::Status& value, Rejection& rejection) {
  std::optional<std::string_view> text;
  if (!read_optional(fields, status, text, rejection)) return false;
  if (!text) return true;
  for (const auto known : {model::Status::completed, model::Status::pending, model::Status::failed}) {
    if (*text == to_string(known)) {
      value = known;
      return true;
    }
  }
  rejection = {Reason::bad_status, contract_fields[status]};
  return false;
}

}  // namespace

std::expected<model::Transaction, Rejection> finish(const RawFields& fields) {
  std::expected<model::Transaction, Rejection> result;
  Rejection rejection{};
  model::Transaction& transaction = *result;

  if (!check_length(fields, id, model::max_transaction_id_bytes, rejection) ||
      !check_length(fields, account, model::max_account_number_bytes, rejection) ||
      !check_length(fields, type, model::max_transaction_type_bytes, rejection) ||
      !check_required(fields, amount, FieldKind::number, rejection)) {
    return std::unexpected(rejection);
  }
  const auto money = model::parse_amount(fields[amount].text);
  if (!money) return std::unexpected(Rejection{money.error(), contract_fields[amount]});
  if (!check_required(fields, timestamp, FieldKind::text, rejection)) return std::unexpected(rejection);
  const auto time = model::parse_event_time(fields[timestamp].text);
  if (!time) return std::unexpected(Rejection{Reason::bad_timestamp, contract_fields[timestamp]});
  if (!read_optional(fields, location, transaction.location, rejection) ||
      !read_optional(fields, merchant, transaction.merchant, rejection) ||
      !read_status(fields, transaction.status, rejection)) {
    return std::unexpected(rejection);
  }

  transaction.transaction_id = fields[id].text;
  transaction.account_number = fields[account].text;
  transaction.transaction_type = fields[type].text;
  transaction.timestamp = fields[timestamp].text;
  transaction.amount = *money;
  transaction.time = *time;
  transaction.account_hash = hash64(transaction.account_number);
  return result;
}

}  // namespace bank::codec
