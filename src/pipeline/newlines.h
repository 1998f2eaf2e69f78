// Newlines of large texts, many bytes at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace bank::pipeline {

/// How many '\n' are in `text`.
[[nodiscard]] std::size_t count_newlines(std::string_view text);

/// Appends where each '\n' of `text` stands; it is shorter than 4 GiB.
void find_newlines(std::string_view text, std::vector<std::uint32_t>& places);

}  // namespace bank::pipeline
