#include "adapters/file/event_time_order.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <tuple>
#include <utility>

#include "adapters/file/reader.h"

namespace bank::file {
namespace {

constexpr std::size_t spool_block_bytes = 1 << 20;
constexpr std::size_t streams_max = 1 << 16;

std::string spool_folder() {
  const char* folder = std::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
  return folder == nullptr || *folder == '\0' ? "/var/tmp" : folder;
}

// A file that has no name, or has lost it at once where the file system knows no such files.
Result<Descriptor> open_spool() {
  const std::string folder = spool_folder();
  Descriptor unnamed(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (unnamed.get() >= 0) return unnamed;
  std::string name = folder + "/bank-spool-XXXXXX";
  Descriptor named(::mkostemp(name.data(), O_CLOEXEC));
  if (named.get() < 0) return fail_system(folder, "cannot make a temporary file to sort by event time", errno);
  ::unlink(name.c_str());
  return named;
}

class SortedBatch final : public pipeline::RawBatch {
 public:
  SortedBatch(std::shared_ptr<BufferPool> pool, Buffer buffer, std::size_t size,
              std::vector<pipeline::RawRecord> records)
      : pool_(std::move(pool)), buffer_(std::move(buffer)), size_(size), records_(std::move(records)) {}
  ~SortedBatch() override { pool_->give(std::move(buffer_)); }
  SortedBatch(const SortedBatch&) = delete;
  SortedBatch& operator=(const SortedBatch&) = delete;

  void split(std::vector<pipeline::RawRecord>& out) const override {
    out.insert(out.end(), records_.begin(), records_.end());
  }
  [[nodiscard]] std::size_t bytes() const override { return size_; }

 private:
  std::shared_ptr<BufferPool> pool_;
  Buffer buffer_;
  std::size_t size_;
  std::vector<pipeline::RawRecord> records_;
};

}  // namespace

EventTimeOrder::EventTimeOrder(std::unique_ptr<pipeline::Source> source, const codec::FieldNames& names,
                               const std::atomic<bool>* stop)
    : source_(std::move(source)),
      names_(names),
      json_(names),
      stop_(stop),
      pool_(std::make_shared<BufferPool>(batch_bytes)) {}

Result<void> EventTimeOrder::read_all() {
  Result<Descriptor> spool_file = open_spool();
  if (!spool_file) return std::unexpected(spool_file.error());
  spool_ = std::move(*spool_file);
  std::vector<pipeline::RawRecord> records;
  codec::TextArena arena;
  for (;;) {
    if (stop_requested()) break;
    Result<std::unique_ptr<pipeline::RawBatch>> batch = source_->next();
    if (!batch) {
      error_ = batch.error();
      break;
    }
    if (*batch == nullptr) break;
    records.clear();
    (*batch)->split(records);
    for (const pipeline::RawRecord& record : records) {
      if (Result<void> added = add(record, arena); !added) return added;
    }
    arena.clear();
  }
  if (Result<void> flushed = flush(); !flushed) return flushed;
  unwritten_ = {};
  const auto in_order = [](const Entry& a, const Entry& b) {
    return a.time_us != b.time_us ? a.time_us < b.time_us : a.offset < b.offset;
  };
  if (!std::ranges::is_sorted(entries_, in_order)) std::ranges::sort(entries_, in_order);
  finishing_ = stop_requested();
  return {};
}

Result<void> EventTimeOrder::add(const pipeline::RawRecord& record, codec::TextArena& arena) {
  const std::uint64_t offset = spooled_ + unwritten_.size();
  const Result<std::optional<std::int64_t>> time_us = event_time_us(record, arena);
  if (!time_us) return std::unexpected(time_us.error());
  if (!*time_us) {
    refused_.push_back({offset, record.bytes.size(), record.number, record.stream, record.piece});
    return spool(record.bytes);
  }
  if (streams_.empty() || streams_.back() != record.stream) {
    if (streams_.size() == streams_max)
      return fail(fmt::format("at most {} files can be put in the order of event times", streams_max));
    streams_.push_back(record.stream);
  }
  entries_.push_back({.time_us = **time_us,
                      .offset = offset & 0xffff'ffff'ffff,
                      .stream = (streams_.size() - 1) & 0xffff,
                      .number = static_cast<std::uint64_t>(record.number) & 0x7f'ffff'ffff,
                      .size = record.bytes.size() & 0x1ff'ffff});
  return spool(record.bytes);
}

// Nothing for a record that the decoder refuses.
Result<std::optional<std::int64_t>> EventTimeOrder::event_time_us(const pipeline::RawRecord& record,
                                                                  codec::TextArena& arena) {
  if (record.piece != 0) return std::nullopt;
  if (record.stream->format == pipeline::Format::json) {
    const auto transaction = json_.decode(record.bytes, arena);
    return transaction ? std::optional(transaction->time.us()) : std::nullopt;
  }
  if (csv_stream_ != record.stream) {
    Result<codec::CsvDecoder> decoder = codec::CsvDecoder::make(record.stream->csv_header, names_);
    if (!decoder) return std::unexpected(decoder.error());
    csv_ = std::move(*decoder);
    csv_stream_ = record.stream;
  }
  const auto transaction = csv_->decode(record.bytes, arena);
  return transaction ? std::optional(transaction->time.us()) : std::nullopt;
}

Result<void> EventTimeOrder::spool(std::string_view bytes) {
  unwritten_ += bytes;
  return unwritten_.size() < spool_block_bytes ? Result<void>() : flush();
}

Result<void> EventTimeOrder::flush() {
  std::string_view left = unwritten_;
  while (!left.empty()) {
    const ssize_t written = ::write(spool_.get(), left.data(), left.size());
    if (written >= 0) {
      left.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      return fail_system(spool_folder(),
                         "cannot write the temporary file to sort by event time (TMPDIR names another folder)", errno);
    }
  }
  spooled_ += unwritten_.size();
  unwritten_.clear();
  return {};
}

EventTimeOrder::Refused EventTimeOrder::at(std::size_t index) const {
  if (index < refused_.size()) return refused_[index];
  const Entry& entry = entries_[index - refused_.size()];
  return {entry.offset, entry.size, static_cast<std::int64_t>(entry.number), streams_[entry.stream], 0};
}

Result<void> EventTimeOrder::fetch(char* to, std::uint64_t offset, std::size_t size) const {
  while (size > 0) {
    const ssize_t got = ::pread(spool_.get(), to, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0)
      return fail_system(spool_folder(), "cannot read the temporary file to sort by event time", got < 0 ? errno : EIO);
    to += got;
    offset += static_cast<std::uint64_t>(got);
    size -= static_cast<std::size_t>(got);
  }
  return {};
}

Result<std::unique_ptr<pipeline::RawBatch>> EventTimeOrder::next() {
  if (!ready_) {
    if (Result<void> read = read_all(); !read) return std::unexpected(read.error());
    ready_ = true;
  }
  const std::size_t count = refused_.size() + entries_.size();
  if (next_ == count) {
    if (error_) return std::unexpected(*error_);
    return nullptr;
  }
  Buffer buffer = pool_->take(at(next_).size);
  std::vector<pipeline::RawRecord> records;
  std::size_t size = 0;
  // Records that follow one another in the spool too are fetched at once.
  std::uint64_t run_offset = 0;
  std::size_t run_size = 0;
  for (; next_ < count; ++next_) {
    const Refused record = at(next_);
    if (size + record.size > buffer.capacity()) break;
    if (run_offset + run_size != record.offset) {
      if (Result<void> fetched = fetch(buffer.data() + size - run_size, run_offset, run_size); !fetched) {
        return std::unexpected(fetched.error());
      }
      run_offset = record.offset;
      run_size = 0;
    }
    run_size += record.size;
    records.push_back({.bytes = {buffer.data() + size, record.size},
                       .number = record.number,
                       .stream = record.stream,
                       .piece = record.piece});
    size += record.size;
  }
  if (Result<void> fetched = fetch(buffer.data() + size - run_size, run_offset, run_size); !fetched) {
    return std::unexpected(fetched.error());
  }
  return std::make_unique<SortedBatch>(pool_, std::move(buffer), size, std::move(records));
}

}  // namespace bank::file
