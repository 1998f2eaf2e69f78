#include "cli/replay_records.h"

#include <fmt/format.h>

#include <algorithm>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "cli/human.h"
#include "cli/pace.h"
#include "codec/encode.h"
#include "model/position.h"

namespace bank::cli {
namespace {

using Decoded = std::expected<model::Transaction, model::Rejection>;

class Replay {
 public:
  Replay(pipeline::Source& source, const codec::FieldNames& names, const ReplayOptions& options, KafkaSending& sending,
         const file::ReadProgress& read, Context& context)
      : source_(source),
        names_(names),
        options_(options),
        sending_(sending),
        read_(read),
        context_(context),
        progress_(context.terminal, context.clock),
        json_(names),
        start_ns_(context.clock.monotonic_ns()) {
    for (std::size_t field = 0; field < codec::field_count; ++field) renames_ = renames_ || names.mapped(field);
    if (options.rate) rate_pace_.emplace(start_ns_, *options.rate);
    if (options.speed) event_pace_.emplace(*options.speed);
    replayed_.invalid_skipped = options.skip_invalid;
  }

  Replayed run() {
    std::vector<pipeline::RawRecord> records;
    bool more = true;
    while (more && !over()) {
      Result<std::unique_ptr<pipeline::RawBatch>> batch = source_.next();
      if (!batch) note(batch.error());
      if (!batch || *batch == nullptr) {
        more = false;
        continue;
      }
      records.clear();
      (*batch)->split(records);
      for (const pipeline::RawRecord& record : records) {
        if (over()) break;
        if (!take(record)) break;
      }
      arena_.clear();
      sending_.serve();
      show_progress();
    }
    // What a stopped source has not given counts as the rest, too.
    replayed_.rest = (more && taken_ < options_.records_max) || stop_requested();
    if (const Result<void> finished = sending_.producer().finish(); !finished) {
      if (replayed_.error) context_.terminal.error(*replayed_.error);
      replayed_.error = finished.error();
    }
    replayed_.seconds = static_cast<double>(context_.clock.monotonic_ns() - start_ns_) / 1e9;
    return std::move(replayed_);
  }

 private:
  [[nodiscard]] bool stop_requested() const { return context_.stop_requested.load(std::memory_order_relaxed); }
  [[nodiscard]] bool over() const {
    return stop_requested() || sending_.producer().ended() || taken_ >= options_.records_max || broken_;
  }
  void note(const Error& error) {
    if (!replayed_.error) replayed_.error = error;
  }

  /// False if a stop came while the record was waiting for its time.
  bool take(const pipeline::RawRecord& record) {
    if (replayed_.read < options_.skip) {
      pass_over(record);
      return true;
    }
    const bool too_long = record.piece != 0 || record.bytes.size() > model::max_record_bytes;
    if (too_long) {
      take_too_long(record);
      return true;
    }
    const std::optional<Decoded> decoded = decode(record);
    if (!decoded) return false;
    if (!*decoded && options_.skip_invalid) {
      ++replayed_.invalid[decoded->error().reason];
    } else if (!wait_for(*decoded)) {
      return false;
    } else {
      send(record, *decoded);
    }
    count(record);
    return true;
  }

  // The pieces of one record count as one.
  static bool begins(const pipeline::RawRecord& record) { return record.piece <= 1; }

  void pass_over(const pipeline::RawRecord& record) {
    if (!begins(record)) return;
    ++replayed_.read;
    ++replayed_.passed_over;
  }

  void count(const pipeline::RawRecord& record) {
    ++replayed_.read;
    ++taken_;
    replayed_.bytes += record.bytes.size();
  }

  void take_too_long(const pipeline::RawRecord& record) {
    if (!begins(record)) return;
    ++replayed_.too_long;
    count(record);
    if (options_.skip_invalid) return;
    std::string place;
    model::append_position(place, {record.stream->origin, record.number});
    note({ErrorKind::runtime,
          fmt::format("{}: a record longer than 1 MiB is no transaction, and too long for the topic: not sent; "
                      "--skip-invalid passes such ones over",
                      place)});
  }

  std::optional<Decoded> decode(const pipeline::RawRecord& record) {
    if (record.stream->format == pipeline::Format::json) return json_.decode(record.bytes, arena_);
    if (csv_stream_ != record.stream) {
      Result<codec::CsvDecoder> made = codec::CsvDecoder::make(record.stream->csv_header, names_);
      if (!made) {
        note(made.error());
        broken_ = true;
        return std::nullopt;
      }
      csv_ = std::move(*made);
      csv_stream_ = record.stream;
    }
    return csv_->decode(record.bytes, arena_);
  }

  void send(const pipeline::RawRecord& record, const Decoded& decoded) {
    if (!decoded) {
      ++replayed_.invalid[decoded.error().reason];
      sending_.producer().send({.key = {}, .value = record.bytes, .time = {}});
      return;
    }
    std::string_view value = record.bytes;
    if (renames_ || record.stream->format == pipeline::Format::csv) {
      rewritten_.clear();
      codec::append_transaction_json(rewritten_, *decoded);
      value = std::string_view(rewritten_).substr(0, rewritten_.size() - 1);  // without the newline
    }
    sending_.producer().send({.key = decoded->account_number, .value = value, .time = decoded->time});
    replayed_.first = std::min(replayed_.first.value_or(decoded->time), decoded->time);
    replayed_.last = std::max(replayed_.last.value_or(decoded->time), decoded->time);
  }

  bool wait_for(const Decoded& decoded) {
    const std::int64_t now_ns = event_pace_ || rate_pace_ ? context_.clock.monotonic_ns() : 0;
    if (rate_pace_) return wait_until(rate_pace_->next_due_ns(), now_ns);
    if (event_pace_ && decoded) return wait_until(event_pace_->due_ns(decoded->time, now_ns), now_ns);
    return true;
  }

  /// Wakes up once a millisecond at most: at high rates several go out together.
  bool wait_until(std::int64_t due_ns, std::int64_t now_ns) {
    constexpr std::int64_t least_pause_ns = 1'000'000;
    constexpr std::int64_t piece_ns = 100'000'000;
    if (due_ns <= now_ns) return true;
    const std::int64_t wake_ns = std::max(due_ns, last_wake_ns_ + least_pause_ns);
    while (now_ns < wake_ns) {
      sending_.serve();
      show_progress();
      if (over()) return false;
      context_.clock.sleep_until_ns(std::min(wake_ns, now_ns + piece_ns));
      now_ns = context_.clock.monotonic_ns();
    }
    last_wake_ns_ = now_ns;
    return true;
  }

  void show_progress() {
    if (!progress_.due()) return;
    const double seconds = static_cast<double>(context_.clock.monotonic_ns() - start_ns_) / 1e9;
    std::string line = fmt::format("{} records, {}", with_commas(static_cast<std::int64_t>(taken_)),
                                   human_rate(static_cast<double>(taken_) / std::max(seconds, 1e-3)));
    if (read_.bytes_total > 0) {
      const double part =
          static_cast<double>(read_.bytes.load(std::memory_order_relaxed)) / static_cast<double>(read_.bytes_total);
      line = fmt::format("{} read, {}", human_percent(part, 0), line);
    }
    progress_.update(line);
  }

  pipeline::Source& source_;
  const codec::FieldNames& names_;
  const ReplayOptions& options_;
  KafkaSending& sending_;
  const file::ReadProgress& read_;
  Context& context_;
  Progress progress_;
  codec::TextArena arena_;
  codec::JsonDecoder json_;
  std::optional<codec::CsvDecoder> csv_;
  const pipeline::Stream* csv_stream_ = nullptr;
  bool renames_ = false;
  std::string rewritten_;
  std::int64_t start_ns_;
  std::int64_t last_wake_ns_ = 0;
  std::optional<RatePace> rate_pace_;
  std::optional<EventPace> event_pace_;
  std::uint64_t taken_ = 0;  // not passed over
  bool broken_ = false;
  Replayed replayed_;
};

}  // namespace

Replayed replay_records(pipeline::Source& source, const codec::FieldNames& names, const ReplayOptions& options,
                        KafkaSending& sending, const file::ReadProgress& progress, Context& context) {
  return Replay(source, names, options, sending, progress, context).run();
}

}  // namespace bank::cli
