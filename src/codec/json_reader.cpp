#include "codec/json_reader.h"

#include "codec/scan.h"

namespace bank::codec {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The value of four hexadecimal digits, or -1.
int hex4(const char* p, const char* end) {
  if (end - p < 4) return -1;
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = p[i];
    const char lower = static_cast<char>(c | 0x20);
    if (is_digit(c)) {
      value = value * 16 + (c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      value = value * 16 + (lower - 'a' + 10);
    } else {
      return -1;
    }
  }
  return value;
}

constexpr bool is_high_surrogate(int code) { return code >= 0xd800 && code <= 0xdbff; }
constexpr bool is_low_surrogate(int code) { return code >= 0xdc00 && code <= 0xdfff; }

// Where the escape whose backslash stands at p ends, or nullptr if it is none.
const char* skip_escape(const char* p, const char* end) {
  ++p;
  if (p == end) return nullptr;
  switch (*p) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't': return p + 1;
    case 'u': break;
    default: return nullptr;
  }
  const int code = hex4(p + 1, end);
  if (code < 0 || is_low_surrogate(code)) return nullptr;
  p += 5;
  if (!is_high_surrogate(code)) return p;
  if (end - p < 6 || p[0] != '\\' || p[1] != 'u' || !is_low_surrogate(hex4(p + 2, end))) return nullptr;
  return p + 6;
}

void append_utf8(std::string& out, int code) {
  const auto put = [&out](int byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

}  // namespace

const char* skip_json_number(const char* p, const char* end) {
  const auto at_digit = [&] { return p != end && is_digit(*p); };
  const auto skip_digits = [&] {
    const char* const begin = p;
    while (at_digit()) ++p;
    return p != begin;
  };
  if (p != end && *p == '-') ++p;
  if (p != end && *p == '0') {
    ++p;
  } else if (!skip_digits()) {
    return nullptr;
  }
  if (p != end && *p == '.') {
    ++p;
    if (!skip_digits()) return nullptr;
  }
  if (p != end && (*p == 'e' || *p == 'E')) {
    ++p;
    if (p != end && (*p == '+' || *p == '-')) ++p;
    if (!skip_digits()) return nullptr;
  }
  return p;
}

std::string unescape_json(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p != end) {
    if (*p != '\\') {
      out += *p++;
      continue;
    }
    const char kind = p[1];
    p += 2;
    switch (kind) {
      case 'b': out += '\b'; break;
      case 'f': out += '\f'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 't': out += '\t'; break;
      case 'u': {
        int code = hex4(p, end);
        p += 4;
        if (is_high_surrogate(code)) {
          code = 0x10000 + ((code - 0xd800) << 10) + (hex4(p + 2, end) - 0xdc00);
          p += 6;
        }
        append_utf8(out, code);
        break;
      }
      default: out += kind;
    }
  }
  return out;
}

void JsonObjectReader::skip_space() {
  while (p_ != end_ && (*p_ == ' ' || *p_ == '\n' || *p_ == '\r' || *p_ == '\t')) ++p_;
}

bool JsonObjectReader::read_string(JsonValue& value) {
  if (peek() != '"') return false;
  const char* const begin = ++p_;
  value = {JsonKind::string, false, {}};
  for (;;) {
    p_ = find_string_stop(p_, end_);
    if (peek() == '"') break;
    if (peek() != '\\') return false;  // the end, or a control character
    p_ = skip_escape(p_, end_);
    if (p_ == nullptr) return false;
    value.escaped = true;
  }
  value.text = std::string_view(begin, p_);
  ++p_;
  return true;
}

bool JsonObjectReader::read_literal(std::string_view literal) {
  if (!std::string_view(p_, end_).starts_with(literal)) return false;
  p_ += literal.size();
  return true;
}

bool JsonObjectReader::read_number() {
  const char* const behind = skip_json_number(p_, end_);
  if (behind == nullptr) return false;
  p_ = behind;
  return true;
}

bool JsonObjectReader::read_key_and_colon(JsonValue& key) {
  if (!read_string(key)) return false;
  skip_space();
  if (peek() != ':') return false;
  ++p_;
  skip_space();
  return true;
}

bool JsonObjectReader::read_value(JsonValue& value) {
  const char* const begin = p_;
  bool read = false;
  switch (peek()) {
    case '"': return read_string(value);
    case 'n':
      value.kind = JsonKind::null;
      read = read_literal("null");
      break;
    case 't':
      value.kind = JsonKind::boolean;
      read = read_literal("true");
      break;
    case 'f':
      value.kind = JsonKind::boolean;
      read = read_literal("false");
      break;
    case '{':
      value.kind = JsonKind::object;
      read = read_nested();
      break;
    case '[':
      value.kind = JsonKind::array;
      read = read_nested();
      break;
    default: value.kind = JsonKind::number; read = read_number();
  }
  value.escaped = false;
  if (read) value.text = std::string_view(begin, p_);
  return read;
}

bool JsonObjectReader::read_nested() {
  JsonValue ignored;
  open_.clear();
  for (;;) {
    // At a value.
    bool closed = true;
    if (const char c = peek(); c == '{' || c == '[') {
      ++p_;
      skip_space();
      open_.push_back(c == '{');
      if (peek() != (c == '{' ? '}' : ']')) {
        if (c == '{' && !read_key_and_colon(ignored)) return false;
        closed = false;
      }
    } else if (!read_value(ignored)) {
      return false;
    } else {
      skip_space();
    }
    // Behind a value, or at the bracket that closes one.
    while (closed) {
      const char c = peek();
      if (c == ',') {
        ++p_;
        skip_space();
        if (open_.back() && !read_key_and_colon(ignored)) return false;
        closed = false;
      } else if (c == (open_.back() ? '}' : ']')) {
        ++p_;
        open_.pop_back();
        if (open_.empty()) return true;
        skip_space();
      } else {
        return false;
      }
    }
  }
}

JsonObjectReader::Step JsonObjectReader::next() {
  skip_space();
  if (!started_) {
    started_ = true;
    if (peek() != '{') {
      if (!read_value(value_)) return Step::malformed;
      skip_space();
      return p_ == end_ ? Step::not_object : Step::malformed;
    }
    ++p_;
    skip_space();
  } else if (peek() == ',') {
    ++p_;
    skip_space();
    if (peek() != '"') return Step::malformed;
  } else if (peek() != '}') {
    return Step::malformed;
  }
  if (peek() == '}') {
    ++p_;
    skip_space();
    return p_ == end_ ? Step::end : Step::malformed;
  }
  return read_key_and_colon(key_) && read_value(value_) ? Step::member : Step::malformed;
}

}  // namespace bank::codec
