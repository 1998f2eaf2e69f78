#include "adapters/file/reader.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include "pipeline/newlines.h"

namespace bank::file {
namespace {

class TextBatch final : public pipeline::RawBatch {
 public:
  TextBatch(std::shared_ptr<BufferPool> pool, Buffer buffer, std::string_view text, std::int64_t line,
            pipeline::Frame frame, const pipeline::Stream& stream)
      : pool_(std::move(pool)),
        buffer_(std::move(buffer)),
        text_(text),
        line_(line),
        frame_(std::move(frame)),
        stream_(stream) {}
  ~TextBatch() override { pool_->give(std::move(buffer_)); }
  TextBatch(const TextBatch&) = delete;
  TextBatch& operator=(const TextBatch&) = delete;

  void split(std::vector<pipeline::RawRecord>& out) const override {
    pipeline::split(frame_, text_, line_, stream_, out);
  }
  [[nodiscard]] std::size_t bytes() const override { return text_.size(); }

 private:
  std::shared_ptr<BufferPool> pool_;
  Buffer buffer_;
  std::string_view text_;
  std::int64_t line_;  // the first one's number
  pipeline::Frame frame_;
  const pipeline::Stream& stream_;
};

}  // namespace

RecordReader::RecordReader(OpenInput input, const pipeline::Stream& stream, std::shared_ptr<BufferPool> pool)
    : bytes_(std::move(input.bytes)),
      framer_(pipeline::make_framer(input.layout)),
      stream_(stream),
      pool_(std::move(pool)),
      rest_(std::move(input.head)),
      line_(input.line) {}

std::size_t RecordReader::Text::room() const {
  return static_cast<std::size_t>(buffer.data() + buffer.capacity() - begin) - size;
}

// What is left over stands in front of the buffer's page boundary, if it is short enough, so that the read lands on it.
RecordReader::Text RecordReader::start_text() {
  Text text;
  text.size = rest_.size();
  const bool short_rest = text.size <= Buffer::headroom;
  text.buffer = pool_->take(short_rest ? 0 : std::min(text.size + batch_bytes / 2, piece_bytes));
  text.begin = short_rest ? text.buffer.data() - text.size : text.buffer.data();
  std::memcpy(text.begin, rest_.data(), text.size);
  return text;
}

void RecordReader::grow(Text& text) const {
  Buffer larger(std::clamp(2 * text.size, batch_bytes, piece_bytes));
  std::memcpy(larger.data(), text.begin, text.size);
  text.begin = larger.data();
  pool_->give(std::exchange(text.buffer, std::move(larger)));
}

// Reads until the buffer is full, the input ends or fails, or its producer would have to be waited for while there is
// text that the framer has not seen.
void RecordReader::fill(Text& text) {
  while (text.room() > 0 && (text.size == framed_ || !bytes_->idle())) {
    const Result<std::size_t> got = bytes_->read(std::span(text.begin + text.size, text.room()));
    if (!got) {
      error_ = got.error();
      return;
    }
    if (*got == 0) {
      stopped_ = bytes_->stopped();
      at_end_ = !stopped_;
      return;
    }
    text.size += *got;
  }
}

Result<std::unique_ptr<pipeline::RawBatch>> RecordReader::next() {
  if (over_) return nullptr;
  if (error_) return std::unexpected(*error_);
  Text text = start_text();
  for (;;) {
    if (text.room() == 0) grow(text);
    if (!at_end_) fill(text);
    pipeline::Frame frame = framer_->frame({.text = text.view(),
                                            .fresh = framed_,
                                            .offset = offset_,
                                            .line = line_,
                                            .pieces = pieces_,
                                            .at_end = at_end_});
    framed_ = text.size;
    if (frame.error) error_ = Error{frame.error->kind, stream_.origin + " " + frame.error->message};
    over_ = stopped_ || (at_end_ && !error_ && frame.end == text.size);
    if (frame.end > 0) {
      pieces_ = 0;
      return deliver(std::move(text), std::move(frame));
    }
    if (error_) return std::unexpected(*error_);
    if (over_) return nullptr;
    if (text.size == piece_bytes) {
      const std::size_t size = pipeline::before_character(text.view(), piece_bytes - 1);
      frame = {.end = size, .spans = {{.begin = 0, .size = size, .line = line_, .piece = ++pieces_}}};
      return deliver(std::move(text), std::move(frame));
    }
  }
}

std::unique_ptr<pipeline::RawBatch> RecordReader::deliver(Text text, pipeline::Frame frame) {
  const std::string_view taken = text.view().substr(0, frame.end);
  const std::int64_t line = line_;
  std::string rest(text.view().substr(frame.end));
  rest_.swap(rest);
  framed_ -= frame.end;
  offset_ += frame.end;
  frame.line_count = pipeline::count_newlines(taken);
  line_ += static_cast<std::int64_t>(frame.line_count);
  return std::make_unique<TextBatch>(pool_, std::move(text.buffer), taken, line, std::move(frame), stream_);
}

}  // namespace bank::file
