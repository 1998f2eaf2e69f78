// A top-level JSON array, `[ {…}, {…} ]`, pretty-printed or on one line, to its elements.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bank::codec {

/// Finds where the elements of an array begin and end, without keeping any of its bytes. Feed it the input chunk by
/// chunk, cut anywhere; it answers in offsets from the start of the input, so that the caller, who has the bytes, may
/// cut them out. The answer doesn't depend on the chunks.
///
/// It looks at quotes, brackets, commas and line breaks only: whether an element is JSON, and an object, is the
/// decoder's to say. A mistake never stops it, and no byte that may belong to a record is left out of the elements:
/// - A missing comma, one too many, text behind the array: the elements are delivered all the same, and finish() tells.
/// - A line break ends a string. Where an element can't be JSON any more (it has such a string, brackets that don't
/// match,
///   or an object where none may be), it ends before the next '{' that begins a line at the indentation at which the
///   elements before began; the decoder will refuse it. So a quote or bracket that is missing costs that element only,
///   if elements begin on lines of their own; else it costs what follows.
/// - An element that the input's end cuts short is an element too, and finish() tells the line where it began.
/// Elements have no limit in length. A byte order mark is the caller's to skip.
class JsonArraySplitter {
 public:
  struct Element {
    std::uint64_t begin = 0;  ///< Offset of its first byte.
    std::uint64_t end = 0;    ///< Offset behind its last byte.
    std::int64_t line = 0;    ///< Line on which it begins, from 1.
  };

  /// Takes the next chunk and appends the elements that end in it. Error (runtime): the input is no array, `line N: …`,
  /// to be prefixed with the file's name; after it only destruction is allowed.
  [[nodiscard]] Result<void> feed(std::string_view chunk, std::vector<Element>& out);

  /// The input has ended. Appends the element that it cut short, if any. Error (runtime), in the same form: the first
  /// mistake between the elements, or that the array isn't closed.
  [[nodiscard]] Result<void> finish(std::vector<Element>& out);

  /// From here on the caller must keep the bytes: the start of the element that is still open, or the offset behind the
  /// last chunk.
  [[nodiscard]] std::uint64_t keep_from() const;

 private:
  enum class State : std::uint8_t {
    before_array,   // nothing but white space so far
    first_element,  // behind '[': an element or ']'
    element,        // behind ',': an element
    scalar,         // in an element that is no object, array or string
    nested,         // in an object or array, outside of strings
    string,         // in a string
    escape,         // in a string, behind a backslash
    after_element,  // a comma or ']'
    after_array,    // nothing but white space from here on
  };

  [[nodiscard]] Result<void> step(char c, std::uint64_t offset, std::vector<Element>& out);
  void nested_step(char c, std::uint64_t offset, std::vector<Element>& out);
  void break_string(std::uint64_t offset, std::vector<Element>& out);
  void end_line(std::uint64_t offset);
  void mistake(std::string_view problem);
  void open(std::uint64_t begin, char first);
  void close(std::uint64_t end, std::vector<Element>& out);
  void open_bracket(char bracket);
  void close_bracket(char bracket);
  [[nodiscard]] bool may_hold_object() const;
  [[nodiscard]] bool begins_element(std::uint64_t offset) const;

  State state_ = State::before_array;
  std::uint64_t offset_ = 0;  // of the next chunk
  std::int64_t line_ = 1;
  std::uint64_t line_begin_ = 0;         // offset of the line's first byte
  char last_ = 0;                        // the last byte that is no white space, and no inside of a string
  std::uint64_t last_offset_ = 0;        // where it is
  std::optional<std::uint64_t> indent_;  // of the last element that began a line
  std::optional<Error> mistake_;         // the first

  // The open element.
  std::uint64_t begin_ = 0;
  std::int64_t begin_line_ = 0;
  std::uint64_t depth_ = 0;   // of brackets open in it
  std::uint64_t braces_ = 0;  // of the outer 64 of them, a bit for each that is a brace
  bool broken_ = false;       // it can't be JSON
};

}  // namespace bank::codec
