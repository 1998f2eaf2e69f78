#include "codec/record.h"

#include <cstring>

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

bool read_text(const RawFields& fields, Index index, std::size_t max, std::string_view& value, Rejection& rejection) {
  if (!check_required(fields, index, FieldKind::text, rejection)) return false;
  value = fields[index].text;
  if (!value.empty() && value.size() <= max) return true;
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

bool read_amount(const RawFields& fields, model::Amount& value, Rejection& rejection) {
  if (!check_required(fields, amount, FieldKind::number, rejection)) return false;
  const auto read = model::parse_amount(fields[amount].text);
  if (read) {
    value = *read;
  } else {
    rejection = {read.error(), contract_fields[amount]};
  }
  return read.has_value();
}

bool read_time(const RawFields& fields, model::EventTime& value, Rejection& rejection) {
  if (!check_required(fields, timestamp, FieldKind::text, rejection)) return false;
  const auto read = model::parse_event_time(fields[timestamp].text);
  if (read) {
    value = *read;
  } else {
    rejection = {Reason::bad_timestamp, contract_fields[timestamp]};
  }
  return read.has_value();
}

bool read_fields(const RawFields& fields, model::Transaction& out, Rejection& rejection) {
  if (!read_text(fields, id, model::max_transaction_id_bytes, out.transaction_id, rejection)) return false;
  if (!read_text(fields, account, model::max_account_number_bytes, out.account_number, rejection)) return false;
  if (!read_text(fields, type, model::max_transaction_type_bytes, out.transaction_type, rejection)) return false;
  if (!read_amount(fields, out.amount, rejection)) return false;
  if (!read_time(fields, out.time, rejection)) return false;
  out.timestamp = fields[timestamp].text;
  return read_optional(fields, location, out.location, rejection) &&
         read_optional(fields, merchant, out.merchant, rejection) && read_status(fields, out.status, rejection);
}

// `text` has eight readable bytes behind it.
bool read_status_quickly(std::string_view text, model::Status& value) {
  const auto word = [](const char* p) {
    std::uint64_t bytes;
    std::memcpy(&bytes, p, 8);
    return bytes;
  };
  if (text.size() == 9 && word(text.data()) == word("COMPLETE") && text[8] == 'D') {
    value = model::Status::completed;
    return true;
  }
  return false;
}

}  // namespace

bool finish_quickly(const RawFields& fields, model::EventTimeReader& times, model::Transaction& out) {
  const auto is = [&](Index index, FieldKind kind) { return fields[index].kind == kind; };
  const auto fits = [&](Index index, std::size_t max) { return fields[index].text.size() - 1 < max; };
  const auto is_optional = [&](Index index) { return fields[index].kind <= FieldKind::text; };
  const bool good = is(id, FieldKind::text) && is(account, FieldKind::text) && is(type, FieldKind::text) &&
                    is(amount, FieldKind::number) && is(timestamp, FieldKind::text) && is_optional(location) &&
                    is_optional(merchant) && is_optional(status) && fits(id, model::max_transaction_id_bytes) &&
                    fits(account, model::max_account_number_bytes) && fits(type, model::max_transaction_type_bytes);
  if (!good) return false;
  const auto units = model::parse_amount_padded(fields[amount].text);
  const auto time = times.read(fields[timestamp].text);
  if (!units || !time) return false;
  out.transaction_id = fields[id].text;
  out.account_number = fields[account].text;
  out.transaction_type = fields[type].text;
  out.timestamp = fields[timestamp].text;
  if (is(location, FieldKind::text)) out.location = fields[location].text;
  if (is(merchant, FieldKind::text)) out.merchant = fields[merchant].text;
  out.amount = *units;
  out.time = *time;
  out.account_hash = hash64(out.account_number);
  if (!is(status, FieldKind::text) || read_status_quickly(fields[status].text, out.status)) return true;
  Rejection ignored{};
  return read_status(fields, out.status, ignored);
}

bool finish(const RawFields& fields, Decoded& out) {
  model::Transaction& transaction = *out;
  Rejection rejection{};
  if (read_fields(fields, transaction, rejection)) {
    transaction.account_hash = hash64(transaction.account_number);
    return true;
  }
  out = std::unexpected(rejection);
  return false;
}

}  // namespace bank::codec
