// Alerts read back: lines as append_alert() writes them (encode.h), or another producer that keeps to the contract.
#pragma once

#include <expected>
#include <string_view>

#include "codec/decode.h"
#include "model/alert_record.h"
#include "model/rejection.h"

namespace bank::codec {

/// Decodes one alert: a JSON object with every field of the contract, each once; what else it holds is ignored. The
/// strings of the result are views of `record` or kept in `arena`. The rejection's field names what is wrong.
[[nodiscard]] std::expected<model::AlertRecord, model::Rejection> decode_alert(std::string_view record,
                                                                               TextArena& arena);

}  // namespace bank::codec
