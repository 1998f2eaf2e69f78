#include "pipeline/run.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/assert.h"
#include "codec/encode.h"
#include "pipeline/lane.h"
#include "pipeline/scheduler.h"

namespace bank::pipeline {
namespace {

constexpr std::int64_t progress_interval_ns = 50'000'000;
constexpr std::size_t shards_max = 64;

/// Where one record's lines stand: in its shard's text.
struct Place {
  std::uint32_t shard = 0;
  Piece piece;
};

/// A shard's share of a batch.
struct Share {
  std::vector<model::Transaction> transactions;
  std::vector<std::uint32_t> places;  // transactions[i] is the batch's record number places[i]
  Judged judged;
};

/// A batch on its way.
struct Slot {
  std::unique_ptr<RawBatch> batch;
  std::vector<RawRecord> records;
  codec::TextArena arena;
  std::vector<Share> shares;
  std::vector<Place> alerts;     // by record
  std::vector<Place> processed;  // by record; empty unless asked for
  std::string rejected;
  std::array<std::uint64_t, reason_count> rejected_by_reason{};
};

/// One worker's decoders: they remember the layout of the last record.
struct Decoders {
  explicit Decoders(const codec::FieldNames& names) : json(names) {}
  codec::JsonDecoder json;
  std::optional<codec::CsvDecoder> csv;
  const Stream* csv_stream = nullptr;
};

// Multiplied, so that the choice of the shard takes no bits from those by which an engine's own table finds the
// account.
std::size_t shard_of(std::uint64_t account_hash, std::size_t shards) {
  const std::uint64_t mixed = account_hash * 0x9e3779b97f4a7c15u;
  return static_cast<std::size_t>(((mixed >> 32) * shards) >> 32);
}

/// Whether it goes on with a record that an earlier piece began.
bool continues(const RawRecord& record) { return record.piece > 1; }

class Work final : public Stages {
 public:
  Work(Source& source, Sink& sink, const std::shared_ptr<const engine::Plan>& plan, const Options& options,
       const Shape& shape, const Clock& clock)
      : source_(source), sink_(sink), plan_(*plan), options_(options), clock_(clock), begin_ns_(clock.monotonic_ns()) {
    slots_.resize(shape.slots);
    for (Slot& slot : slots_) slot.shares.resize(shape.shards);
    for (std::size_t i = 0; i < shape.shards; ++i) shards_.emplace_back(plan, options.engine);
    for (std::size_t i = 0; i < shape.threads; ++i) decoders_.emplace_back(options.names);
  }

  std::optional<std::size_t> read(std::size_t slot) override;
  Result<void> decode(std::size_t slot, std::size_t worker) override;
  void judge(std::size_t slot, std::size_t shard) override;
  Result<void> write(std::size_t slot) override;

  /// After the last stage. Commits unless the run failed, or nothing could be read.
  Outcome finish(Result<void> stages);

 private:
  [[nodiscard]] bool stop_requested() const {
    return options_.stop != nullptr && options_.stop->load(std::memory_order_relaxed);
  }
  [[nodiscard]] Result<codec::CsvDecoder*> csv_decoder(Decoders& decoders, const Stream& stream) const;
  void keep_within_limit(std::vector<RawRecord>& records);
  void accept(Slot& slot, std::size_t place, const std::expected<model::Transaction, model::Rejection>& decoded);
  void report_progress();

  Source& source_;
  Sink& sink_;
  const engine::Plan& plan_;
  const Options& options_;
  const Clock& clock_;
  const std::int64_t begin_ns_;

  std::vector<Slot> slots_;
  std::vector<Lane> shards_;
  std::vector<Decoders> decoders_;  // by worker

  // Of the reading thread.
  std::optional<Error> source_error_;
  std::uint64_t records_read_ = 0;  // counted only if there is a limit
  bool within_record_ = false;      // of its pieces, more may come; looked at only if there is a limit
  bool anything_read_ = false;
  bool stopped_ = false;

  // Of the writing thread.
  Outputs outputs_;
  Summary summary_;
  std::int64_t next_progress_ns_ = 0;
};

std::optional<std::size_t> Work::read(std::size_t slot_index) {
  Slot& slot = slots_[slot_index];
  if (records_read_ >= options_.records_max && !within_record_) return std::nullopt;
  stopped_ = stop_requested();
  if (stopped_ && !source_.finishing()) return std::nullopt;
  Result<std::unique_ptr<RawBatch>> batch = source_.next();
  if (!batch) {
    source_error_ = batch.error();
    return std::nullopt;
  }
  if (*batch == nullptr) {
    stopped_ = stop_requested();
    anything_read_ = true;
    return std::nullopt;
  }
  anything_read_ = true;
  slot.batch = std::move(*batch);
  slot.records.clear();
  if (options_.records_max != std::numeric_limits<std::uint64_t>::max()) {
    // Which records are within the limit is known only where those before are counted: here, not on any thread.
    slot.batch->split(slot.records);
    keep_within_limit(slot.records);
    if (slot.records.empty() && !within_record_ && records_read_ >= options_.records_max) {
      slot.batch.reset();
      return std::nullopt;
    }
  }
  return slot.batch->bytes();
}

// A record in pieces counts once, and is kept with all of them, which may be spread over several batches.
void Work::keep_within_limit(std::vector<RawRecord>& records) {
  auto beyond = records.begin();
  for (; beyond != records.end(); ++beyond) {
    if (continues(*beyond)) continue;
    if (records_read_ == options_.records_max) break;
    ++records_read_;
  }
  within_record_ = beyond == records.end() && (records.empty() ? within_record_ : records.back().piece != 0);
  records.erase(beyond, records.end());
}

Result<codec::CsvDecoder*> Work::csv_decoder(Decoders& decoders, const Stream& stream) const {
  if (decoders.csv_stream != &stream) {
    Result<codec::CsvDecoder> made = codec::CsvDecoder::make(stream.csv_header, options_.names);
    if (!made) return std::unexpected(Error{made.error().kind, stream.origin + " " + made.error().message});
    decoders.csv = std::move(*made);
    decoders.csv_stream = &stream;
  }
  return &*decoders.csv;
}

Result<void> Work::decode(std::size_t slot_index, std::size_t worker) {
  Slot& slot = slots_[slot_index];
  Decoders& decoders = decoders_[worker];
  if (options_.records_max == std::numeric_limits<std::uint64_t>::max()) slot.batch->split(slot.records);
  slot.alerts.assign(slot.records.size(), {});
  if (options_.processed) slot.processed.assign(slot.records.size(), {});

  for (std::size_t place = 0; place < slot.records.size(); ++place) {
    const RawRecord& record = slot.records[place];
    if (record.piece != 0) {
      accept(slot, place, std::unexpected(model::Rejection{model::Reason::too_long, {}}));
    } else if (record.stream->format == Format::json) {
      accept(slot, place, decoders.json.decode(record.bytes, slot.arena));
    } else {
      const Result<codec::CsvDecoder*> csv = csv_decoder(decoders, *record.stream);
      if (!csv) return std::unexpected(csv.error());
      accept(slot, place, (*csv)->decode(record.bytes, slot.arena));
    }
  }
  return {};
}

// Gives a record's transaction to its shard, or the record to the rejected.
void Work::accept(Slot& slot, std::size_t place, const std::expected<model::Transaction, model::Rejection>& decoded) {
  if (decoded) {
    Share& share = slot.shares[shard_of(decoded->account_hash, shards_.size())];
    share.transactions.push_back(*decoded);
    share.places.push_back(static_cast<std::uint32_t>(place));
    return;
  }
  const RawRecord& record = slot.records[place];
  if (!continues(record)) ++slot.rejected_by_reason[static_cast<std::size_t>(decoded.error().reason)];
  codec::append_rejected(slot.rejected, decoded.error(), {record.stream->origin, record.number}, record.bytes,
                         record.piece);
}

void Work::judge(std::size_t slot_index, std::size_t shard_index) {
  Slot& slot = slots_[slot_index];
  Share& share = slot.shares[shard_index];
  const auto position_of = [&](std::size_t i) {
    const RawRecord& record = slot.records[share.places[i]];
    return model::Position{record.stream->origin, record.number};
  };
  shards_[shard_index].judge(share.transactions, options_.processed, clock_.wall_us(), position_of, share.judged);
  const auto shard = static_cast<std::uint32_t>(shard_index);
  for (const Judged::Lines& lines : share.judged.lines) {
    const std::uint32_t place = share.places[lines.transaction];
    slot.alerts[place] = {shard, lines.alerts};
    if (options_.processed) slot.processed[place] = {shard, lines.processed};
  }
}

Result<void> Work::write(std::size_t slot_index) {
  Slot& slot = slots_[slot_index];
  outputs_.alerts.clear();
  outputs_.processed.clear();
  for (const auto& [shard, piece] : slot.alerts) {
    outputs_.alerts.append(slot.shares[shard].judged.alerts, piece.begin, piece.end - piece.begin);
  }
  for (const auto& [shard, piece] : slot.processed) {
    outputs_.processed.append(slot.shares[shard].judged.processed, piece.begin, piece.end - piece.begin);
  }
  outputs_.rejected.swap(slot.rejected);
  if (Result<void> written = sink_.write(outputs_); !written) return written;

  summary_.records += slot.records.size() - static_cast<std::size_t>(std::ranges::count_if(slot.records, continues));
  summary_.bytes += slot.batch->bytes();
  for (std::size_t i = 0; i < reason_count; ++i) summary_.rejected_by_reason[i] += slot.rejected_by_reason[i];
  slot.rejected_by_reason = {};
  for (Share& share : slot.shares) {
    summary_.alerts += share.judged.alert_count;
    share.transactions.clear();
    share.places.clear();
    share.judged.clear();
  }
  clear_text(outputs_.rejected);
  slot.batch.reset();
  slot.arena.clear();
  report_progress();
  return {};
}

void Work::report_progress() {
  if (!options_.on_progress) return;
  const std::int64_t now_ns = clock_.monotonic_ns();
  if (now_ns < next_progress_ns_) return;
  next_progress_ns_ = now_ns + progress_interval_ns;
  options_.on_progress({.records = summary_.records,
                        .bytes = summary_.bytes,
                        .alerts = summary_.alerts,
                        .elapsed_ns = now_ns - begin_ns_});
}

Outcome Work::finish(Result<void> stages) {
  Outcome outcome;
  if (!stages) {
    outcome.error = stages.error();
  } else if (source_error_) {
    outcome.error = source_error_;
  }
  outcome.stopped = stopped_;
  if (stages && anything_read_ && !source_error_) {
    const Result<void> committed = sink_.commit();
    outcome.committed = committed.has_value();
    if (!committed) outcome.error = committed.error();
  }

  summary_.alerts_by_rule.resize(plan_.rules().size());
  for (const Lane& shard : shards_) {
    const engine::Statistics counted = shard.engine().statistics();
    const LaneCounts& counts = shard.counts();
    summary_.judged += counted.judged;
    summary_.resends += counted.resends;
    summary_.late += counted.late;
    summary_.accounts += counted.accounts;
    summary_.state_bytes += counted.state_bytes;
    for (std::size_t i = 0; i < counts.alerts_by_rule.size(); ++i)
      summary_.alerts_by_rule[i] += counts.alerts_by_rule[i];
    for (std::size_t i = 0; i < decision_count; ++i) summary_.decisions[i] += counts.decisions[i];
  }
  for (const std::uint64_t count : summary_.rejected_by_reason) summary_.rejected += count;
  summary_.elapsed_ns = clock_.monotonic_ns() - begin_ns_;
  outcome.summary = std::move(summary_);
  return outcome;
}

Shape shape_of(const Options& options) {
  Shape shape;
  shape.threads = options.threads;
  shape.shards = options.shards;
  // More shards than threads, so that a busy one leaves work for the others; one for one thread, which gains nothing by
  // more.
  if (shape.shards == 0) shape.shards = options.threads == 1 ? 1 : std::min(2 * options.threads, shards_max);
  // One for each thread to decode, one more for each to have something to judge meanwhile.
  shape.slots = options.threads == 1 ? 1 : 2 * options.threads + 1;
  return shape;
}

}  // namespace

Outcome run(Source& source, Sink& sink, const std::shared_ptr<const engine::Plan>& plan, const Options& options,
            const Clock& clock) {
  BANK_ASSERT(options.threads > 0);
  const Shape shape = shape_of(options);
  Work work(source, sink, plan, options, shape, clock);
  return work.finish(run_stages(work, shape));
}

}  // namespace bank::pipeline
