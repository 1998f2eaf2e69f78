// What is UTF-8 and what is not.
#pragma once

#include <string_view>

namespace bank::codec {

/// Whether `text` is UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace bank::codec
