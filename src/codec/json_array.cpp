#include "codec/json_array.h"

#include <fmt/format.h>

#include "codec/scan.h"

namespace bank::codec {
namespace {

constexpr std::uint64_t known_depth = 64;  // of brackets whose kind is kept

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

Error error_at(std::int64_t line, std::string_view problem) {
  return {ErrorKind::runtime, fmt::format("line {}: {}", line, problem)};
}

}  // namespace

void JsonArraySplitter::mistake(std::string_view problem) {
  if (!mistake_) mistake_ = error_at(line_, problem);
}

void JsonArraySplitter::end_line(std::uint64_t offset) {
  ++line_;
  line_begin_ = offset + 1;
}

void JsonArraySplitter::open(std::uint64_t begin, char first) {
  if (first == '{' && last_offset_ < line_begin_) indent_ = begin - line_begin_;
  begin_ = begin;
  begin_line_ = line_;
  depth_ = 0;
  broken_ = false;
  if (first == '{' || first == '[') {
    open_bracket(first);
    state_ = State::nested;
  } else {
    state_ = first == '"' ? State::string : State::scalar;
  }
}

void JsonArraySplitter::close(std::uint64_t end, std::vector<Element>& out) {
  out.push_back({begin_, end, begin_line_});
  state_ = State::after_element;
}

void JsonArraySplitter::open_bracket(char bracket) {
  if (depth_ < known_depth) {
    const std::uint64_t bit = std::uint64_t{1} << depth_;
    braces_ = bracket == '{' ? braces_ | bit : braces_ & ~bit;
  }
  ++depth_;
}

void JsonArraySplitter::close_bracket(char bracket) {
  --depth_;
  if (depth_ < known_depth && (braces_ >> depth_ & 1) != (bracket == '}')) broken_ = true;
}

// Whether an object may begin here, within the element, if the element is JSON.
bool JsonArraySplitter::may_hold_object() const {
  if (depth_ > known_depth) return true;
  return (braces_ >> (depth_ - 1) & 1) != 0 ? last_ == ':' : last_ == ',' || last_ == '[';
}

// Whether a '{' stands where the elements before began.
bool JsonArraySplitter::begins_element(std::uint64_t offset) const {
  return last_offset_ < line_begin_ && indent_.value_or(offset - line_begin_) == offset - line_begin_;
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
          last_ = '"';
          last_offset_ = offset_of(p);
          if (depth_ == 0) {
            close(offset_of(p) + 1, out);
          } else {
            state_ = State::nested;
          }
        } else if (*p == '\\') {
          state_ = State::escape;
        } else if (*p == '\n') {
          break_string(offset_of(p), out);
        }
        break;
      case State::escape:
        state_ = State::string;
        if (*p == '\n') break_string(offset_of(p), out);
        break;
      case State::nested: nested_step(*p, offset_of(p), out); break;
      default:
        if (Result<void> between = step(*p, offset_of(p), out); !between) return between;
    }
  }
  offset_ += chunk.size();
  return {};
}

// A line break in a string.
void JsonArraySplitter::break_string(std::uint64_t offset, std::vector<Element>& out) {
  broken_ = true;
  last_ = '"';
  last_offset_ = offset - 1;
  if (depth_ == 0) {
    close(offset, out);
  } else {
    state_ = State::nested;
  }
  end_line(offset);
}

// One byte in an object or array, outside of strings.
void JsonArraySplitter::nested_step(char c, std::uint64_t offset, std::vector<Element>& out) {
  switch (c) {
    case '\n': end_line(offset); return;
    case ' ':
    case '\t':
    case '\r': return;
    case '"': state_ = State::string; break;
    case '{':
      if ((broken_ || !may_hold_object()) && begins_element(offset)) {
        close(last_offset_ + (last_ == ',' ? 0 : 1), out);
        open(offset, c);
      } else {
        open_bracket(c);
      }
      break;
    case '[': open_bracket(c); break;
    case '}':
    case ']':
      close_bracket(c);
      if (depth_ == 0) close(offset + 1, out);
      break;
    default: break;
  }
  last_ = c;
  last_offset_ = offset;
}

// One byte outside of nested elements and strings.
Result<void> JsonArraySplitter::step(char c, std::uint64_t offset, std::vector<Element>& out) {
  if (state_ == State::scalar) {
    if (!is_space(c) && c != ',' && c != ']' && c != '{' && c != '[' && c != '"') return {};
    close(offset, out);
  }
  if (is_space(c)) {
    if (c == '\n') end_line(offset);
    return {};
  }
  switch (state_) {
    case State::before_array:
      if (c != '[') return std::unexpected(error_at(line_, "expected '[', the start of an array"));
      state_ = State::first_element;
      break;
    case State::after_array:
      mistake("text behind the end of the array");
      if (c == ',' || c == '[') {
        state_ = c == ',' ? State::element : State::first_element;
      } else if (c != ']') {
        open(offset, c);
      }
      break;
    case State::after_element:
      if (c == ',' || c == ']') {
        state_ = c == ',' ? State::element : State::after_array;
      } else {
        mistake("expected ',' or ']' behind an element of the array");
        open(offset, c);
      }
      break;
    default:  // an element is due
      if (c == ']') {
        if (state_ != State::first_element) mistake("expected an element of the array before ']'");
        state_ = State::after_array;
      } else if (c == ',') {
        mistake("expected an element of the array before ','");
        state_ = State::element;
      } else {
        open(offset, c);
      }
  }
  last_ = c;
  last_offset_ = offset;
  return {};
}

Result<void> JsonArraySplitter::finish(std::vector<Element>& out) {
  if (state_ == State::before_array) {
    return std::unexpected(error_at(line_, "expected '[', the start of an array, and found nothing"));
  }
  const bool cut_short = keep_from() != offset_;
  if (cut_short) close(offset_, out);
  if (mistake_) return std::unexpected(*mistake_);
  if (cut_short) {
    return std::unexpected(error_at(begin_line_, "the input ends within the array's element that begins here"));
  }
  if (state_ != State::after_array) return std::unexpected(error_at(line_, "the input ends before the array's ']'"));
  return {};
}

}  // namespace bank::codec
