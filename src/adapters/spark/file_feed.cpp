#include "adapters/spark/file_feed.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json_writer.h"
#include "pipeline/file_head.h"
#include "pipeline/newlines.h"

namespace bank::spark {
namespace {

using pipeline::Layout;

std::string_view name_of(Layout layout) {
  switch (layout) {
    case Layout::json_lines: return "jsonl";
    case Layout::json_array: return "json";
    case Layout::csv: return "csv";
  }
  return "";
}

}  // namespace

std::optional<Layout> layout_named(std::string_view word) {
  for (const Layout layout : {Layout::json_lines, Layout::json_array, Layout::csv}) {
    if (word == name_of(layout)) return layout;
  }
  return std::nullopt;
}

Try<std::string> inspect_file(const Setup& setup, std::string_view name, std::string_view layout, std::string_view head,
                              bool whole) {
  const std::optional<Layout> told = layout_named(layout);
  if (!told && layout != "auto") {
    return bad_border(fmt::format("no layout is called '{}'; there are auto, jsonl, json and csv", layout));
  }
  const Result<pipeline::FileHead> found =
      pipeline::inspect_head(head, {.name = name, .layout = told, .at_end = whole}, setup.names);
  if (!found) return fault(Fault::Kind::rules, fmt::format("{}: {}", name, found.error().message));
  std::string out;
  JsonWriter(out, 0)
      .begin_object()
      .member("layout", name_of(found->layout))
      .member("begin", found->begin)
      .member("line", found->line)
      .member("header", found->csv_header)
      .member("splittable", found->layout == Layout::json_lines)
      .end_object();
  return out;
}

FileFeed::FileFeed(FilePart part, std::optional<codec::CsvDecoder> decoder)
    : part_(std::move(part)),
      stream_{.origin = part_.origin, .csv_header = part_.csv_header},
      framer_(pipeline::make_framer(part_.layout)),
      decoder_(std::move(decoder)),
      line_(part_.line),
      skipping_(part_.skip) {}

Try<std::unique_ptr<FileFeed>> FileFeed::open(FilePart part, const Setup& setup) {
  const bool whole = !part.skip && part.length >= std::uint64_t{INT64_MAX};
  if (!whole && part.layout != Layout::json_lines) return bad_border("only JSON lines can be read in parts");
  std::optional<codec::CsvDecoder> decoder;
  if (part.layout == Layout::csv) {
    Result<codec::CsvDecoder> made = codec::CsvDecoder::make(part.csv_header, setup.names);
    if (!made) return fault(Fault::Kind::rules, fmt::format("{} {}", part.origin, made.error().message));
    decoder = std::move(*made);
  }
  return std::unique_ptr<FileFeed>(new FileFeed(std::move(part), std::move(decoder)));
}

// Drops what is of the part before. False: all of it is.
bool FileFeed::skip_line(std::string_view& bytes) {
  if (!skipping_) return true;
  const std::size_t newline = bytes.find('\n');
  const std::size_t dropped = newline == std::string_view::npos ? bytes.size() : newline + 1;
  bytes.remove_prefix(dropped);
  offset_ += dropped;
  if (newline == std::string_view::npos) return false;
  skipping_ = false;
  ++line_;
  return true;
}

// Whether the part's last record is whole with the bytes, which are cut behind it then.
bool FileFeed::reaches_end(std::string_view& bytes) const {
  const std::uint64_t begin = offset_ + rest_.size();
  if (part_.length > begin + bytes.size()) return false;
  // The last record begins before `length`, and ends with the first newline from the byte before that on.
  const std::uint64_t from = std::max(part_.length, std::uint64_t{1}) - 1;
  const std::size_t newline = bytes.find('\n', from > begin ? from - begin : 0);
  if (newline == std::string_view::npos) return false;
  bytes = bytes.substr(0, newline + 1);
  return true;
}

void FileFeed::pack(const pipeline::Frame& frame, Packer& packer) {
  records_.clear();
  pipeline::split(frame, std::string_view(rest_).substr(0, frame.end), line_, stream_, records_);
  packer.pack(records_, part_.file, decoder_ ? &*decoder_ : nullptr);
  line_ += static_cast<std::int64_t>(pipeline::count_newlines(std::string_view(rest_).substr(0, frame.end)));
  offset_ += frame.end;
  rest_.erase(0, frame.end);
  framed_ -= frame.end;
}

Try<bool> FileFeed::take(std::string_view bytes, bool last, Packer& packer) {
  if (over_) return false;
  if (!skip_line(bytes)) {
    over_ = last || offset_ >= part_.length;
    return !over_;
  }
  if (rest_.empty() && offset_ >= part_.length) {
    over_ = true;
    return false;
  }
  const bool at_end = reaches_end(bytes) || last;
  rest_ += bytes;
  rest_.append(pipeline::padding, '\0');
  const Try<> framed = frame(at_end, packer);
  rest_.resize(rest_.size() - pipeline::padding);
  over_ = at_end || !framed;
  if (!framed) return std::unexpected(framed.error());
  return !over_;
}

// Packs all that is whole. The framer sees no more at a time than a piece, as in file mode, so that records that are
// longer end where they do there.
Try<> FileFeed::frame(bool at_end, Packer& packer) {
  for (;;) {
    const std::size_t left = rest_.size() - pipeline::padding;
    const std::string_view text = std::string_view(rest_).substr(0, std::min(left, pipeline::piece_bytes));
    pipeline::Frame frame = framer_->frame({.text = text,
                                            .fresh = framed_,
                                            .offset = offset_,
                                            .line = line_,
                                            .pieces = pieces_,
                                            .at_end = at_end && text.size() == left});
    framed_ = text.size();
    if (frame.end > 0) {
      pieces_ = 0;
    } else if (text.size() == pipeline::piece_bytes && !frame.error) {
      const std::size_t size = pipeline::before_character(text, pipeline::piece_bytes - 1);
      frame = {.end = size, .spans = {{.begin = 0, .size = size, .line = line_, .piece = ++pieces_}}};
    }
    const bool again = frame.end > 0 && (text.size() < left || (at_end && frame.end < left));
    if (frame.end > 0) pack(frame, packer);
    if (frame.error) {
      return fault(Fault::Kind::machine, fmt::format("{} {}", part_.origin, frame.error->message));
    }
    if (!again) return {};
  }
}

}  // namespace bank::spark
