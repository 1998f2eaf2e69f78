// Where records begin and end in a text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bank::file {

/// How records stand in a text.
enum class Layout : std::uint8_t { json_lines, json_array, csv };

/// A record within a text.
struct Span {
  std::size_t begin = 0;
  std::size_t size = 0;
  std::int64_t line = 0;   ///< On which it begins, from 1.
  std::int32_t piece = 0;  ///< As in pipeline::RawRecord.
};

/// A piece of the input that begins where a record begins or, after `pieces` of it were delivered, goes on.
struct FramedText {
  std::string_view text;
  std::size_t fresh = 0;     ///< Where the bytes begin that the framer has not seen in an earlier call.
  std::uint64_t offset = 0;  ///< Of the text's first byte in the input.
  std::int64_t line = 1;     ///< Of the text's first byte.
  std::int32_t pieces = 0;
  bool at_end = false;  ///< The input ends with the text.
};

struct Frame {
  std::size_t end = 0;  ///< So much of the text holds whole records, all of it where the input ends; 0: none does.
  bool lines = false;   ///< Each line up to `end` is a record; else they are in `spans`.
  std::vector<Span> spans{};     ///< In order. Without blank lines.
  std::optional<Error> error{};  ///< What is wrong behind `end`, without the input's name.
};

/// Finds the whole records, leaving what can be left to split_lines() for a worker thread to find.
class Framer {
 public:
  virtual ~Framer() = default;
  [[nodiscard]] virtual Frame frame(const FramedText& input) = 0;
};
[[nodiscard]] std::unique_ptr<Framer> make_framer(Layout layout);

/// The line without its carriage return; empty if there is nothing but white space in it.
[[nodiscard]] inline std::string_view trim_line(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (!line.empty() && line.front() > ' ') return line;
  return line.find_first_not_of(" \t\r\v\f") == std::string_view::npos ? std::string_view() : line;
}

}  // namespace bank::file
