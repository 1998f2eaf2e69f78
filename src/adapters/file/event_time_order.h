// Records in the order of their event times, whatever order they arrive in.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "adapters/file/buffers.h"
#include "adapters/file/bytes.h"
#include "codec/decode.h"
#include "pipeline/ports.h"

namespace bank::file {

/// Reads a whole source before it gives the first record. The records' bytes go to a temporary file without a name (in
/// $TMPDIR, or /var/tmp), which takes as much disk as the records are long; in memory it keeps 24 bytes a record.
///
/// Records that the decoder refuses come first, in arrival order: they have no event time that could be trusted, and
/// change nothing. An error of the source comes after everything before it.
///
/// A stop that comes while it reads ends the reading; what was read until then is given, all of it.
class EventTimeOrder final : public pipeline::Source {
 public:
  EventTimeOrder(std::unique_ptr<pipeline::Source> source, const codec::FieldNames& names,
                 const std::atomic<bool>* stop);
  [[nodiscard]] Result<std::unique_ptr<pipeline::RawBatch>> next() override;
  [[nodiscard]] bool finishing() const override { return finishing_; }

 private:
  [[nodiscard]] bool stop_requested() const { return stop_ != nullptr && stop_->load(std::memory_order_relaxed); }
  // `offset` in the spool ascends in arrival order.
  struct Entry {
    std::int64_t time_us;
    std::uint64_t offset : 48;
    std::uint64_t stream : 16;
    std::uint64_t number : 39;
    std::uint64_t size : 25;
  };
  static_assert(sizeof(Entry) == 24);
  struct Refused {
    std::uint64_t offset;
    std::size_t size;
    std::int64_t number;
    const pipeline::Stream* stream;
    std::int32_t piece;
  };

  [[nodiscard]] Result<void> read_all();
  [[nodiscard]] Result<void> spool(std::string_view bytes);
  [[nodiscard]] Result<void> flush();
  [[nodiscard]] Result<void> add(const pipeline::RawRecord& record, codec::TextArena& arena);
  [[nodiscard]] Result<std::optional<std::int64_t>> event_time_us(const pipeline::RawRecord& record,
                                                                  codec::TextArena& arena);
  [[nodiscard]] Refused at(std::size_t index) const;
  [[nodiscard]] Result<void> fetch(char* to, std::uint64_t offset, std::size_t size) const;

  std::unique_ptr<pipeline::Source> source_;
  codec::FieldNames names_;
  codec::JsonDecoder json_;
  std::optional<codec::CsvDecoder> csv_;
  const pipeline::Stream* csv_stream_ = nullptr;
  const std::atomic<bool>* stop_;

  Descriptor spool_;
  std::string unwritten_;
  std::uint64_t spooled_ = 0;
  std::vector<const pipeline::Stream*> streams_;
  std::deque<Entry> entries_;
  std::deque<Refused> refused_;

  std::shared_ptr<BufferPool> pool_;
  bool ready_ = false;
  bool finishing_ = false;
  std::size_t next_ = 0;  // of refused_, then of entries_
  std::optional<Error> error_;
};

}  // namespace bank::file
