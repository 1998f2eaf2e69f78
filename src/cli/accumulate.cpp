#include "cli/accumulate.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "cli/human.h"
#include "codec/alert_decode.h"
#include "pipeline/scheduler.h"

namespace bank::cli {
namespace {

/// One worker's decoders: they remember the layout of the last record.
struct Decoders {
  explicit Decoders(const codec::FieldNames& names) : json(names) {}
  codec::JsonDecoder json;
  std::optional<codec::CsvDecoder> csv;
  const pipeline::Stream* csv_stream = nullptr;
};

/// A batch on its way.
struct Slot {
  std::unique_ptr<pipeline::RawBatch> batch;
  std::vector<pipeline::RawRecord> records;
  codec::TextArena arena;
  std::vector<std::vector<model::Transaction>> shares;  ///< By shard.
  std::vector<model::Reason> rejected;
};

// Multiplied, so that the choice takes no bits from those by which a table finds the account.
std::size_t shard_of(std::uint64_t account_hash, std::size_t shards) {
  return static_cast<std::size_t>((((account_hash * 0x9e3779b97f4a7c15U) >> 32) * shards) >> 32);
}

void show_progress(Progress& progress, std::string_view what, std::uint64_t records, const file::ReadProgress& read,
                   double seconds) {
  if (!progress.due()) return;
  std::string line = fmt::format("{} {}, {}", with_commas(static_cast<std::int64_t>(records)), what,
                                 human_rate(static_cast<double>(records) / std::max(seconds, 1e-3)));
  if (read.bytes_total != 0) {
    line += fmt::format(
        ", {} read", human_percent(static_cast<double>(read.bytes.load()) / static_cast<double>(read.bytes_total), 0));
  }
  progress.update(line);
}

/// The stages of reading transactions; what the scheduler calls judging is adding up here.
class TransactionStages final : public pipeline::Stages {
 public:
  TransactionStages(pipeline::Source& source, const codec::FieldNames& names, const pipeline::Shape& shape,
                    const analytics::Limits& limits, const file::ReadProgress& read, const Reading& reading)
      : source_(source),
        names_(names),
        read_(read),
        reading_(reading),
        progress_(reading.terminal, reading.clock),
        begin_ns_(reading.clock.monotonic_ns()),
        slots_(shape.slots) {
    for (Slot& slot : slots_) slot.shares.resize(shape.shards);
    for (std::size_t i = 0; i < shape.threads; ++i) decoders_.emplace_back(names);
    analytics::Limits share = limits;
    share.accounts = std::max<std::size_t>(limits.accounts / shape.shards, 4);
    // The first takes in the others at the end, and must hold them all.
    for (std::size_t i = 0; i < shape.shards; ++i) accumulators_.emplace_back(i == 0 ? limits : share);
  }

  std::optional<std::size_t> read(std::size_t slot_index) override {
    if (reading_.stop_requested.load(std::memory_order_relaxed)) return std::nullopt;
    Result<std::unique_ptr<pipeline::RawBatch>> batch = source_.next();
    if (!batch) source_error_ = batch.error();
    if (!batch || *batch == nullptr) return std::nullopt;
    slots_[slot_index].batch = std::move(*batch);
    return slots_[slot_index].batch->bytes();
  }

  Result<void> decode(std::size_t slot_index, std::size_t worker) override {
    Slot& slot = slots_[slot_index];
    slot.batch->split(slot.records);
    for (const pipeline::RawRecord& record : slot.records) {
      auto decoded = decode_record(record, decoders_[worker], slot.arena);
      if (!decoded) return std::unexpected(decoded.error());
      if (*decoded) {
        slot.shares[shard_of((*decoded)->account_hash, slot.shares.size())].push_back(**decoded);
      } else {
        slot.rejected.push_back((*decoded).error().reason);
      }
    }
    return {};
  }

  void judge(std::size_t slot_index, std::size_t shard) override {
    auto& share = slots_[slot_index].shares[shard];
    accumulators_[shard].add(share);
    share.clear();
  }

  Result<void> write(std::size_t slot_index) override {
    Slot& slot = slots_[slot_index];
    for (const model::Reason reason : slot.rejected) rejected_.add_rejected(reason);
    records_ += slot.records.size();
    bytes_ += slot.batch->bytes();
    slot.batch.reset();
    slot.records.clear();
    slot.rejected.clear();
    slot.arena.clear();
    show_progress(progress_, "transactions", records_, read_,
                  static_cast<double>(reading_.clock.monotonic_ns() - begin_ns_) / 1e9);
    return {};
  }

  Result<ReadTransactions> finish() {
    if (source_error_) return std::unexpected(*source_error_);
    accumulators_[0].merge(rejected_);
    while (accumulators_.size() > 1) {
      accumulators_[0].merge(accumulators_.back());
      accumulators_.pop_back();
    }
    return ReadTransactions{.accumulator = std::move(accumulators_[0]), .bytes = bytes_};
  }

 private:
  using Decoded = std::expected<model::Transaction, model::Rejection>;

  /// The outer error: the CSV header of the record's file is wrong.
  [[nodiscard]] Result<Decoded> decode_record(const pipeline::RawRecord& record, Decoders& decoders,
                                              codec::TextArena& arena) const {
    if (record.piece != 0) return Decoded(std::unexpected(model::Rejection{model::Reason::too_long, {}}));
    if (record.stream->format == pipeline::Format::json) return decoders.json.decode(record.bytes, arena);
    if (decoders.csv_stream != record.stream) {
      Result<codec::CsvDecoder> made = codec::CsvDecoder::make(record.stream->csv_header, names_);
      if (!made) return std::unexpected(Error{made.error().kind, record.stream->origin + " " + made.error().message});
      decoders.csv = std::move(*made);
      decoders.csv_stream = record.stream;
    }
    return decoders.csv->decode(record.bytes, arena);
  }

  pipeline::Source& source_;
  const codec::FieldNames& names_;
  const file::ReadProgress& read_;
  const Reading& reading_;
  Progress progress_;
  const std::int64_t begin_ns_;
  std::vector<Slot> slots_;
  std::vector<Decoders> decoders_;                               // by worker
  std::vector<analytics::TransactionAccumulator> accumulators_;  // by shard
  std::optional<Error> source_error_;                            // of the reading stage
  // Of the writing stage.
  analytics::TransactionAccumulator rejected_{{.accounts = 4, .types = 4, .places = 4}};
  std::uint64_t records_ = 0;
  std::uint64_t bytes_ = 0;
};

Result<ReadTransactions> accumulate(pipeline::Source& source, const codec::FieldNames& names, std::size_t threads,
                                    const analytics::Limits& limits, const file::ReadProgress& progress,
                                    const Reading& reading) {
  const pipeline::Shape shape{.threads = threads, .shards = threads, .slots = threads == 1 ? 1 : threads * 3};
  TransactionStages stages(source, names, shape, limits, progress, reading);
  if (auto done = pipeline::run_stages(stages, shape); !done) return std::unexpected(done.error());
  return stages.finish();
}

}  // namespace

Result<ReadTransactions> read_transactions(const std::vector<std::string>& inputs, file::SourceOptions source_options,
                                           std::size_t threads, const analytics::Limits& limits,
                                           const Reading& reading) {
  file::ReadProgress progress;
  source_options.stop = &reading.stop_requested;
  auto source = file::make_file_source(inputs, source_options, &progress);
  if (!source) return std::unexpected(source.error());
  return accumulate(**source, source_options.names, threads, limits, progress, reading);
}

Result<ReadTransactions> read_transactions(pipeline::Source& source, const codec::FieldNames& names,
                                           std::size_t threads, const analytics::Limits& limits,
                                           const Reading& reading) {
  return accumulate(source, names, threads, limits, file::ReadProgress{}, reading);
}

Result<ReadAlerts> read_alerts(const std::string& input, model::DecisionThresholds thresholds, const Reading& reading) {
  file::ReadProgress read;
  auto source = file::make_file_source(
      {input}, {.layout = {}, .names = {}, .order = file::Order::arrival, .stop = &reading.stop_requested}, &read);
  if (!source) return std::unexpected(source.error());
  ReadAlerts alerts{.accumulator = analytics::AlertAccumulator(thresholds), .rejected = 0, .first_rejected = {}};
  Progress progress(reading.terminal, reading.clock);
  const std::int64_t begin_ns = reading.clock.monotonic_ns();
  std::vector<pipeline::RawRecord> records;
  codec::TextArena arena;
  while (!reading.stop_requested.load(std::memory_order_relaxed)) {
    auto batch = (*source)->next();
    if (!batch) return std::unexpected(batch.error());
    if (*batch == nullptr) break;
    records.clear();
    (*batch)->split(records);
    for (const pipeline::RawRecord& record : records) {
      const auto alert = codec::decode_alert(record.bytes, arena);
      if (alert) {
        alerts.accumulator.add(*alert);
      } else if (++alerts.rejected == 1) {
        alerts.first_rejected =
            fmt::format("{}{}: {}{}{}", record.stream->origin, record.number, to_string(alert.error().reason),
                        alert.error().field.empty() ? "" : " ", alert.error().field);
      }
    }
    arena.clear();
    show_progress(progress, "alerts", alerts.accumulator.total(), read,
                  static_cast<double>(reading.clock.monotonic_ns() - begin_ns) / 1e9);
  }
  alerts.accumulator.finish();
  return alerts;
}

}  // namespace bank::cli
