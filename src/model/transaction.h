// One bank transaction, as the detector sees it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "model/amount.h"
#include "model/event_time.h"

namespace bank::model {

enum class Status : std::uint8_t { none, pending, completed, failed };

/// The text of a status, `PENDING` …; empty for none.
[[nodiscard]] std::string_view to_string(Status status);

/// A valid transaction: every rule of docs/semantics.md holds. A view: the strings belong to whoever made it (the
/// decoder's block of bytes, the generator's tables), and stay valid as long as that.
struct Transaction {
  std::string_view transaction_id;           ///< 1–128 bytes, unique in the bank.
  std::string_view account_number;           ///< 1–64 bytes, the key of all state.
  std::string_view transaction_type;         ///< 1–32 bytes.
  std::string_view timestamp;                ///< As it was given.
  std::optional<std::string_view> location;  ///< nullopt: null or absent.
  std::optional<std::string_view> merchant;  ///< nullopt: null or absent.
  Amount amount;
  EventTime time;                  ///< What `timestamp` says.
  std::uint64_t account_hash = 0;  ///< hash64(account_number); made once, where the record is decoded.
  Status status = Status::none;
};

/// The field names of the contract, as they stand in JSON and CSV.
namespace field {
inline constexpr std::string_view transaction_id = "transaction_id";
inline constexpr std::string_view account_number = "account_number";
inline constexpr std::string_view transaction_type = "transaction_type";
inline constexpr std::string_view amount = "amount";
inline constexpr std::string_view timestamp = "timestamp";
inline constexpr std::string_view location = "location";
inline constexpr std::string_view merchant = "merchant";
inline constexpr std::string_view status = "status";
}  // namespace field

inline constexpr std::size_t max_transaction_id_bytes = 128;
inline constexpr std::size_t max_account_number_bytes = 64;
inline constexpr std::size_t max_transaction_type_bytes = 32;
inline constexpr std::size_t max_record_bytes = 1 << 20;

}  // namespace bank::model
