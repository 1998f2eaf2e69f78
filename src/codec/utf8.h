// What is UTF-8 and what is not.
#pragma once

#include <string>
#include <string_view>

namespace bank::codec {

/// Whether `text` is UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view text);

/// The beginning of `text`, at most `bytes` of it and cut between characters; each byte that is no part of one is
/// U+FFFD.
[[nodiscard]] std::string begin_as_utf8(std::string_view text, std::size_t bytes);

}  // namespace bank::codec
