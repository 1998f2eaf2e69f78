// What kind of file it is: told by its name, and by how it begins.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/decode.h"
#include "pipeline/framer.h"

namespace bank::pipeline {

/// So much of a file always suffices.
inline constexpr std::size_t head_bytes_max = 1 << 20;

struct FileHead {
  Layout layout = Layout::json_lines;
  std::size_t begin = 0;     ///< Where the records begin: behind a byte order mark, and a CSV header.
  std::int64_t line = 1;     ///< On which they do.
  std::string csv_header{};  ///< Where the layout is csv.
  bool records = false;      ///< Whether there are any, as far as the head tells: it is not all blank.
};

struct HeadOptions {
  std::string_view name;           ///< The file's; its ending says something.
  std::optional<Layout> layout{};  ///< Unset: guessed, as in file::SourceOptions.
  bool never_csv = false;
  bool at_end = false;  ///< Whether the head is the whole file.
};

/// Whether a head says all that inspect_head() asks.
[[nodiscard]] bool head_suffices(std::string_view head, std::optional<Layout> layout);

/// Errors (config): the header of a CSV lacks a column that is required, or has one twice; without the file's name.
[[nodiscard]] Result<FileHead> inspect_head(std::string_view head, const HeadOptions& options,
                                            const codec::FieldNames& names);

}  // namespace bank::pipeline
