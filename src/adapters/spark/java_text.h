// Java's texts and ours.
#pragma once

#include <string>
#include <string_view>

namespace bank::spark {

/// A surrogate without its other half becomes U+FFFD.
[[nodiscard]] std::string to_utf8(std::u16string_view text);
/// A byte that is no part of a character becomes U+FFFD.
[[nodiscard]] std::u16string to_utf16(std::string_view text);

}  // namespace bank::spark
