#include "codec/json_array.h"

#include <fmt/format.h>

#include "codec/scan.h"

namespace bank::codec {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

}  // namespace

std::unexpected<Error> JsonArraySplitter::fail_at(std::int64_t line, std::string_view problem) const {
  return fail(fmt::format("line {}: {}", line, problem));
}

void JsonArraySplitter::open(std::uint64_t begin, State state) {
  begin_ = begin;
  begin_line_ = line_;
  depth_ = state == State::nested ? 1 : 0;
  state_ = state;
}

void JsonArraySplitter::close(std::uint64_t end, std::vector<Element>& out) {
  out.push_back({begin_, end, begin_line_});
  state_ = State::after_element;
}

std::uint64_t JsonArraySplitter::keep_from() const {
  switch (state_) {
    case State::scalar:
    case State::nested:
    case State::string:
    case State::escape: return begin_;
    default: return offset_;
  }
}

Result<void> JsonArraySplitter::feed(std::string_view chunk, std::vector<Element>& out) {
  const char* const first = chunk.data();
  const char* const last = first + chunk.size();
  const auto offset_of = [&](const char* p) { return offset_ + static_cast<std::uint64_t>(p - first); };

  for (const char* p = first; p != last; ++p) {
    switch (state_) {
      case State::string:
        p = find_string_stop(p, last);
        if (p == last) {
          --p;  // the loop's step brings it back to the end
        } else if (*p == '"') {
          if (depth_ == 0) {
            close(offset_of(p) + 1, out);
          } else {
            state_ = State::nested;
          }
        } else if (*p == '\\') {
          state_ = State::escape;
        } else if (*p == '\n') {
          ++line_;
        }
        break;
      case State::escape:
        line_ += *p == '\n';
        state_ = State::string;
        break;
      case State::nested:
        if (*p == '"') {
          state_ = State::string;
        } else if (*p == '{' || *p == '[') {
          ++depth_;
        } else if (*p == '}' || *p == ']') {
          if (--depth_ == 0) close(offset_of(p) + 1, out);
        } else if (*p == '\n') {
          ++line_;
        }
        break;
      default:
        if (Result<void> between = step(*p, offset_of(p), out); !between) return between;
    }
  }
  offset_ += chunk.size();
  if (offset_ - keep_from() > max_element_bytes) {
    return fail_at(begin_line_,
                   fmt::format("the array's element that begins here does not end within {} MiB; a quote or "
                               "a bracket of it is not closed",
                               max_element_bytes >> 20));
  }
  return {};
}

// One byte outside of nested elements and strings.
Result<void> JsonArraySplitter::step(char c, std::uint64_t offset, std::vector<Element>& out) {
  if (state_ == State::scalar) {
    if (!is_space(c) && c != ',' && c != ']' && c != '{' && c != '[' && c != '"') return {};
    close(offset, out);
  }
  if (is_space(c)) {
    line_ += c == '\n';
    return {};
  }
  switch (state_) {
    case State::before_array:
      if (c != '[') return fail_at(line_, "expected '[', the start of an array");
      state_ = State::first_element;
      return {};
    case State::after_array: return fail_at(line_, "text behind the end of the array");
    case State::after_element:
      if (c != ',' && c != ']') return fail_at(line_, "expected ',' or ']' behind an element of the array");
      state_ = c == ',' ? State::element : State::after_array;
      return {};
    case State::first_element:
      if (c == ']') {
        state_ = State::after_array;
        return {};
      }
      break;
    default: break;
  }
  if (c == ',' || c == ']') return fail_at(line_, fmt::format("expected an element of the array before '{}'", c));
  open(offset, c == '{' || c == '[' ? State::nested : c == '"' ? State::string : State::scalar);
  return {};
}

Result<void> JsonArraySplitter::finish(std::vector<Element>& out) {
  if (state_ == State::after_array) return {};
  if (state_ == State::before_array) return fail_at(line_, "expected '[', the start of an array, and found nothing");
  if (keep_from() != offset_) {
    close(offset_, out);
    return fail_at(begin_line_, "the input ends within the array's element that begins here");
  }
  return fail_at(line_, "the input ends before the array's ']'");
}

}  // namespace bank::codec
