// Account numbers as those may see them who need not know them: the last four characters.
#pragma once

#include <string>
#include <string_view>

namespace bank::model {

/// `****1234`; the last four characters, and of a number no longer than that none.
[[nodiscard]] std::string masked_account(std::string_view account);
/// A text, with the account's number masked wherever it stands in it.
[[nodiscard]] std::string masked_text(std::string text, std::string_view account);

}  // namespace bank::model
