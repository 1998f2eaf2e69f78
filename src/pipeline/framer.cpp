#include "pipeline/framer.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "codec/csv.h"
#include "codec/json_array.h"
#include "pipeline/newlines.h"

namespace bank::pipeline {

namespace {

// What ends with the last newline of the text, or with the input.
Frame whole_lines(const FramedText& input) {
  Frame frame{.lines = true};
  if (input.at_end) {
    frame.end = input.text.size();
  } else {
    frame.end = input.text.rfind('\n') + 1;  // npos + 1 is 0
  }
  return frame;
}

// The last piece of a record of which others were delivered before: up to the first newline.
Frame last_piece(const FramedText& input) {
  const std::size_t newline = input.text.find('\n');
  if (newline == std::string_view::npos && !input.at_end) return {};
  const std::size_t size = std::min(newline, input.text.size());
  Frame frame{.end = std::min(size + 1, input.text.size())};
  if (size > 0) frame.spans.push_back({.begin = 0, .size = size, .line = input.line, .piece = input.pieces + 1});
  return frame;
}

class LineFramer final : public Framer {
 public:
  Frame frame(const FramedText& input) override { return input.pieces > 0 ? last_piece(input) : whole_lines(input); }
};

// A newline within quotes does not end a row, so that rows are looked for from the first on; but in a text without
// quotes each line is a row.
class CsvFramer final : public Framer {
 public:
  Frame frame(const FramedText& input) override {
    if (input.pieces > 0) return last_piece(input);
    if (!input.text.contains('"')) return whole_lines(input);
    Frame frame;
    std::int64_t line = input.line;
    for (;;) {
      const std::size_t row_end = codec::find_row_end(input.text, frame.end, input.at_end);
      if (row_end == std::string_view::npos) break;
      line += add_row(frame, input.text.substr(frame.end, row_end - frame.end), line) + 1;
      frame.end = row_end + 1;
    }
    if (input.at_end) {
      add_row(frame, input.text.substr(frame.end), line);
      frame.end = input.text.size();
    }
    return frame;
  }

 private:
  // Adds the row that begins at frame.end; returns how many newlines are in it.
  static std::int64_t add_row(Frame& frame, std::string_view row, std::int64_t line) {
    const std::string_view trimmed = trim_line(row);
    if (!trimmed.empty()) frame.spans.push_back({.begin = frame.end, .size = trimmed.size(), .line = line});
    return static_cast<std::int64_t>(std::ranges::count(row, '\n'));
  }
};

class ArrayFramer final : public Framer {
 public:
  Frame frame(const FramedText& input) override {
    Frame frame;
    elements_.clear();
    Result<void> result = splitter_.feed(input.text.substr(input.fresh), elements_);
    if (result && input.at_end) result = splitter_.finish(elements_);
    if (!result) frame.error = result.error();

    for (const auto& element : elements_) {
      // Of an element that began before the text, pieces were delivered: this is its last one.
      const bool rest = element.begin < input.offset;
      const std::uint64_t begin = std::max(element.begin, input.offset) - input.offset;
      const std::uint64_t end = std::max(element.end, input.offset) - input.offset;
      BANK_ASSERT(end <= input.text.size());
      if (rest && begin == end) continue;
      frame.spans.push_back(
          {.begin = begin, .size = end - begin, .line = element.line, .piece = rest ? input.pieces + 1 : 0});
    }
    if (input.at_end || !result) {
      frame.end = input.text.size();
    } else {
      frame.end = std::max(splitter_.keep_from(), input.offset) - input.offset;
    }
    return frame;
  }

 private:
  codec::JsonArraySplitter splitter_;
  std::vector<codec::JsonArraySplitter::Element> elements_;
};

}  // namespace

std::unique_ptr<Framer> make_framer(Layout layout) {
  switch (layout) {
    case Layout::json_lines: return std::make_unique<LineFramer>();
    case Layout::json_array: return std::make_unique<ArrayFramer>();
    case Layout::csv: return std::make_unique<CsvFramer>();
  }
  return nullptr;
}

std::size_t before_character(std::string_view text, std::size_t size) {
  std::size_t cut = size;
  while (cut > size - 3 && (text[cut] & '\xc0') == '\x80') --cut;
  return (text[cut] & '\xc0') == '\x80' ? size : cut;
}

void split(const Frame& frame, std::string_view text, std::int64_t line, const Stream& stream,
           std::vector<RawRecord>& out) {
  for (const Span& span : frame.spans) {
    out.push_back(
        {.bytes = text.substr(span.begin, span.size), .number = span.line, .stream = &stream, .piece = span.piece});
  }
  if (!frame.lines) return;
  const std::string_view lines = text.substr(0, frame.end);
  std::vector<std::uint32_t> ends;
  ends.reserve(frame.line_count + 1);
  find_newlines(lines, ends);
  if (!lines.empty() && lines.back() != '\n') ends.push_back(static_cast<std::uint32_t>(lines.size()));
  out.reserve(out.size() + ends.size());
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    const std::string_view record = trim_line(lines.substr(begin, end - begin));
    if (!record.empty()) {
      // Filled where it lies: copied from one made beside it, it would have to wait for those writes.
      RawRecord& raw = out.emplace_back();
      raw.bytes = record;
      raw.number = line;
      raw.stream = &stream;
    }
    begin = end + 1;
    ++line;
  }
}

}  // namespace bank::pipeline
