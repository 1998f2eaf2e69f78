// Where records begin and end in a text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "pipeline/ports.h"

namespace bank::pipeline {

/// A record that is longer than this is delivered in pieces no longer than this, so that memory stays bounded.
inline constexpr std::size_t piece_bytes = std::size_t{16} << 20;

/// How records stand in a text.
enum class Layout : std::uint8_t { json_lines, json_array, csv };

/// A record within a text.
struct Span {
  std::size_t begin = 0;
  std::size_t size = 0;
  std::int64_t line = 0;   ///< On which it begins, from 1.
  std::int32_t piece = 0;  ///< As in RawRecord.
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
  std::size_t line_count = 0;    ///< How many newlines are before `end`, if someone has counted.
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

/// Appends the records of a frame of `text`, whose first byte stands on `line` of `stream`.
void split(const Frame& frame, std::string_view text, std::int64_t line, const Stream& stream,
           std::vector<RawRecord>& out);

/// A cut at `size`, below the text's, that does not go through a character, if the text is UTF-8: to deliver a record
/// in pieces.
[[nodiscard]] std::size_t before_character(std::string_view text, std::size_t size);

/// The line without its carriage return; empty if there is nothing but white space in it.
[[nodiscard]] inline std::string_view trim_line(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (!line.empty() && line.front() > ' ') return line;
  return line.find_first_not_of(" \t\r\v\f") == std::string_view::npos ? std::string_view() : line;
}

}  // namespace bank::pipeline
