// A top-level JSON array, `[ {…}, {…} ]`, pretty-printed or on one line, to its elements.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bank::codec {

/// Finds where the elements of an array begin and end, without keeping any of its bytes. Feed it the input chunk by
/// chunk, cut anywhere; it answers in offsets from the start of the input, so that the caller, who has the bytes, may
/// cut them out. The answer doesn't depend on the chunks.
///
/// It looks at quotes, brackets and commas only: whether an element is JSON, and an object, is the decoder's to say. So
/// an element with a bracket or a quote too few runs on; one that the input's end cuts short is an element all the same
/// (the decoder will refuse it, and it is kept), followed by an error that names the line where it began. A byte order
/// mark is the caller's to skip.
class JsonArraySplitter {
 public:
  struct Element {
    std::uint64_t begin = 0;  ///< Offset of its first byte.
    std::uint64_t end = 0;    ///< Offset behind its last byte.
    std::int64_t line = 0;    ///< Line on which it begins, from 1.
  };

  /// An element longer than this is an error: some bracket or quote before it was never closed. Far above
  /// model::max_record_bytes, so that a record that is merely too long is still delivered and refused as such.
  static constexpr std::uint64_t max_element_bytes = std::uint64_t{64} << 20;

  /// Takes the next chunk and appends the elements that end in it. Errors (runtime): `line N: …`, to be prefixed with
  /// the file's name: no array, a missing comma, text behind the array, an element without end. The elements before the
  /// mistake are in `out`. After an error only destruction is allowed.
  [[nodiscard]] Result<void> feed(std::string_view chunk, std::vector<Element>& out);

  /// The input has ended. Appends the element that it cut short, if any. Error (runtime): the array isn't closed.
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

  [[nodiscard]] std::unexpected<Error> fail_at(std::int64_t line, std::string_view problem) const;
  [[nodiscard]] Result<void> step(char c, std::uint64_t offset, std::vector<Element>& out);
  void open(std::uint64_t begin, State state);
  void close(std::uint64_t end, std::vector<Element>& out);

  State state_ = State::before_array;
  std::uint64_t offset_ = 0;  // of the next chunk
  std::uint64_t begin_ = 0;   // of the open element
  std::int64_t begin_line_ = 0;
  std::int64_t line_ = 1;
  std::uint64_t depth_ = 0;  // of brackets open in the element
};

}  // namespace bank::codec
