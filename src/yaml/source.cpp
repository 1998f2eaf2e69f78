#include "yaml/source.h"

#include <utility>

#include "base/assert.h"

namespace bank::yaml {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// Follows a scalar's text through its spelling, and notes where in the source each byte of the text comes from.
class Aligner {
 public:
  Aligner(std::string_view source, const Node& scalar) : source_(source), text_(scalar.text), at_(scalar.offset) {}

  /// False where it loses the way.
  bool run(const Node& scalar) {
    const char first = at_ < source_.size() ? source_[at_] : '\0';
    if (!scalar.plain && (first == '|' || first == '>')) {
      while (at_ < source_.size() && source_[at_] != '\n') ++at_;  // the header, and a comment behind it
      skip_blanks();
    } else if (!scalar.plain && (first == '"' || first == '\'')) {
      quote_ = first;
      ++at_;
    }
    while (offsets_.size() < text_.size()) {
      if (!step()) return false;
    }
    offsets_.push_back(at_);
    return true;
  }

  [[nodiscard]] const std::vector<std::size_t>& offsets() const { return offsets_; }

 private:
  char wanted() const { return text_[offsets_.size()]; }

  bool step() {
    if (at_ >= source_.size()) return false;
    if (is_blank(source_[at_]) && run_holds_line_end()) {
      skip_blanks();
      return true;
    }
    if (quote_ == '"' && source_[at_] == '\\') return step_escape();
    if (source_[at_] != wanted()) return false;
    offsets_.push_back(at_);
    at_ += quote_ == '\'' && source_[at_] == '\'' ? 2U : 1U;
    return true;
  }

  bool run_holds_line_end() const {
    for (std::size_t i = at_; i < source_.size() && is_blank(source_[i]); ++i) {
      if (source_[i] == '\n') return true;
    }
    return false;
  }

  /// A run of blanks over a line's end stands for one in the text, folded or cut by the indentation.
  void skip_blanks() {
    const std::size_t start = at_;
    while (at_ < source_.size() && is_blank(source_[at_])) ++at_;
    while (offsets_.size() < text_.size() && is_blank(wanted())) offsets_.push_back(start);
  }

  bool step_escape() {
    const std::size_t start = at_;
    if (at_ + 1 >= source_.size()) return false;
    const char kind = source_[at_ + 1];
    at_ += 2;
    if (kind == '\n' || kind == '\r') {
      while (at_ < source_.size() && is_blank(source_[at_])) ++at_;
      return true;
    }
    at_ += kind == 'x' ? 2U : kind == 'u' ? 4U : kind == 'U' ? 8U : 0U;
    do {
      offsets_.push_back(start);
    } while (offsets_.size() < text_.size() && is_continuation(wanted()));
    return true;
  }

  std::string_view source_;
  std::string_view text_;
  std::size_t at_;
  char quote_ = '\0';
  std::vector<std::size_t> offsets_;
};

}  // namespace

std::size_t utf8_length(std::string_view text, std::size_t offset) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned first = byte(offset);
  if (first < 0x80U) return 1;
  const std::size_t length = first >= 0xF0U ? 4 : first >= 0xE0U ? 3 : 2;
  if (first < 0xC2U || first > 0xF4U) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(offset + i) & 0xC0U) != 0x80U) return 0;
  }
  const unsigned second = byte(offset + 1);
  if (first == 0xE0U && second < 0xA0U) return 0;
  if (first == 0xEDU && second > 0x9FU) return 0;
  if (first == 0xF0U && second < 0x90U) return 0;
  if (first == 0xF4U && second > 0x8FU) return 0;
  return length;
}

Mark Cursor::at(std::size_t offset) {
  BANK_ASSERT(offset <= source_.size());
  if (offset < offset_) {
    offset_ = 0;
    mark_ = {1, 1};
  }
  for (; offset_ < offset; ++offset_) {
    if (source_[offset_] == '\n') {
      ++mark_.line;
      mark_.column = 1;
    } else if (offset_ + 1 >= source_.size() || !is_continuation(source_[offset_ + 1])) {
      ++mark_.column;
    }
  }
  return mark_;
}

std::optional<std::size_t> closing_quote(std::string_view source, std::size_t offset) {
  const char quote = source[offset];
  for (std::size_t i = offset + 1; i < source.size(); ++i) {
    if (quote == '"' && source[i] == '\\') {
      ++i;
    } else if (source[i] == quote) {
      if (quote != '\'' || i + 1 >= source.size() || source[i + 1] != '\'') return i;
      ++i;
    }
  }
  return std::nullopt;
}

Mark TextMap::at(std::size_t index) const { return index < marks_.size() ? marks_[index] : start_; }

TextMap Document::text_map(const Node& scalar) const {
  TextMap map;
  map.start_ = scalar.mark;
  Aligner aligner(source_, scalar);
  if (!aligner.run(scalar)) return map;
  Cursor cursor(source_, scalar.offset, scalar.mark);
  map.marks_.reserve(aligner.offsets().size());
  for (const std::size_t offset : aligner.offsets()) map.marks_.push_back(cursor.at(offset));
  return map;
}

}  // namespace bank::yaml
