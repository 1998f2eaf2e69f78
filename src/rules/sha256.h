// SHA-256, for the version of a rules file. Private to this room.
#pragma once

#include <string>
#include <string_view>

namespace bank::rules {

/// 64 lower-case hex digits.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

}  // namespace bank::rules
