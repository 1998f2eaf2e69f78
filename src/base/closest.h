// What a mistyped word was probably meant to be.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace bank {

/// The candidate that `word` is most likely a slip for; empty if none is close.
[[nodiscard]] std::string_view closest(std::string_view word, std::span<const std::string_view> candidates);
/// "; did you mean 'amount'?", or, if nothing is close, "; known are a, b and c".
[[nodiscard]] std::string suggestion(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace bank
