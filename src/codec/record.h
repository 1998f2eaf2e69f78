// The contract's rules for one record, the same whichever format it came in.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string_view>

#include "codec/decode.h"
#include "model/rejection.h"
#include "model/transaction.h"

namespace bank::codec {

/// The fields in the order of the contract.
inline constexpr std::array<std::string_view, field_count> contract_fields = {
    model::field::transaction_id, model::field::account_number, model::field::transaction_type, model::field::amount,
    model::field::timestamp,      model::field::location,       model::field::merchant,         model::field::status};
/// The first so many are required.
inline constexpr std::size_t required_field_count = 5;
inline constexpr std::size_t amount_index = 3;

enum class FieldKind : std::uint8_t { absent, null, text, number, other };

/// A field as the record gives it, before any rule but its format's has looked at it.
struct RawField {
  std::string_view text;  ///< text: the string; number: its spelling.
  FieldKind kind = FieldKind::absent;
};
using RawFields = std::array<RawField, field_count>;

using Decoded = std::expected<model::Transaction, model::Rejection>;

/// Applies the rules to the fields, in the order of the contract: the first that breaks one is the reason. `out` holds
/// a transaction without values when it is called (in place, because a copy costs as much as reading a field). False:
/// rejected.
bool finish(const RawFields& fields, Decoded& out);

/// The same for fields whose texts have 64 readable bytes behind them, quickly. False: nothing is known, and `out` is
/// undefined; finish() has to look.
bool finish_quickly(const RawFields& fields, model::EventTimeReader& times, model::Transaction& out);

}  // namespace bank::codec
