#include "adapters/kafka/partition.h"

#include <fmt/format.h>

#include "base/assert.h"
#include "base/hash.h"
#include "engine/plan.h"
#include "pipeline/ports.h"

namespace bank::kafka {

std::int64_t columns_of(const codec::FieldNames& names) {
  return static_cast<std::int64_t>(hash64(fmt::format("{}", fmt::join(names.columns(), "\n"))) >> 1);
}

void Batch::append(std::int64_t offset, std::optional<std::string_view> key, std::optional<std::string_view> value) {
  Record& record = records.emplace_back();
  record.offset = offset;
  record.has_key = key.has_value();
  record.has_value = value.has_value();
  record.key_begin = static_cast<std::uint32_t>(text.size());
  if (key) text += *key;
  record.key_bytes = static_cast<std::uint32_t>(text.size()) - record.key_begin;
  record.value_begin = static_cast<std::uint32_t>(text.size());
  if (value) text += *value;
  record.value_bytes = static_cast<std::uint32_t>(text.size()) - record.value_begin;
}

void Batch::pad() { text.append(pipeline::padding, '\0'); }

void Batch::clear() {
  records.clear();
  pipeline::clear_text(text);
}

Partition::Partition(std::int32_t number, const std::shared_ptr<const engine::Plan>& plan,
                     const JudgingOptions& options)
    : number_(number),
      options_(options),
      origin_(fmt::format("{}/{}/", options.topic, number)),
      columns_(columns_of(options.names)),
      lane_(plan, options.engine),
      decoder_(options.names),
      forgetting_(pipeline::reach_us_of(*plan, options.engine)),
      floor_(forgetting_.reach_us()),
      counts_(plan->rules().size()) {}

ReplayPoint Partition::replay_point() {
  ReplayPoint point = floor_.at(position_, trusted_.us());
  point.lineage = lineage_;
  point.columns = columns_;
  return point;
}

void Partition::judge(Batch& batch, const Clock& clock, Chunk& chunk) {
  if (batch.records.empty()) return;
  BANK_ASSERT(batch.records.front().offset >= position_ || batch.replay);
  batch.pad();
  transactions_.clear();
  places_.clear();
  decode(batch, chunk);

  if (batch.replay) {
    lane_.replay(transactions_);
    counts_.replayed.fetch_add(batch.records.size(), std::memory_order_relaxed);
  } else {
    if (!live_) {
      live_ = true;
      replayed_ = lane_.engine().statistics();
    }
    const auto position_of = [&](std::size_t i) { return model::Position{origin_, batch.records[places_[i]].offset}; };
    lane_.judge(transactions_, options_.processed, clock.wall_us(), position_of, chunk.judged);
    list_messages(chunk);
    counts_.records.fetch_add(batch.records.size(), std::memory_order_relaxed);
    counts_.bytes.fetch_add(batch.text.size(), std::memory_order_relaxed);
    counts_.alerts.fetch_add(chunk.judged.alert_count, std::memory_order_relaxed);
    for (std::size_t i = 0; i < counts_.alerts_by_rule.size(); ++i) {
      counts_.alerts_by_rule[i].store(lane_.counts().alerts_by_rule[i], std::memory_order_relaxed);
    }
  }
  position_ = batch.records.back().offset + 1;
  forgetting_.sweep(trusted_, lane_.engine());
  if (!batch.replay) {
    chunk.partition = number_;
    chunk.next_offset = position_;
    chunk.replay_point = replay_point();
    chunk.taken_ns = batch.taken_ns;
    chunk.records = batch.records.size();
  }
  arena_.clear();
}

void Partition::decode(const Batch& batch, Chunk& chunk) {
  for (std::size_t place = 0; place < batch.records.size(); ++place) {
    const Batch::Record& record = batch.records[place];
    const auto decoded = decoder_.decode(batch.value(record), arena_);
    if (!decoded) {
      if (!batch.replay) reject(batch, record, decoded.error(), chunk);
      continue;
    }
    transactions_.push_back(*decoded);
    places_.push_back(static_cast<std::uint32_t>(place));
    const std::int64_t time_us = decoded->time.us();
    floor_.note(record.offset, decoded->account_hash, time_us, trusted_.us());
    trusted_.note(decoded->account_hash, time_us);
  }
}

void Partition::reject(const Batch& batch, const Batch::Record& record, const model::Rejection& rejection,
                       Chunk& chunk) {
  counts_.rejected.fetch_add(1, std::memory_order_relaxed);
  ++rejected_by_reason_[static_cast<std::size_t>(rejection.reason)];
  OutMessage& message = chunk.messages.emplace_back();
  message.output = Output::dead_letters;
  message.has_key = record.has_key;
  message.has_value = record.has_value;
  message.key_begin = static_cast<std::uint32_t>(chunk.keys.size());
  message.key_bytes = record.key_bytes;
  message.value_begin = static_cast<std::uint32_t>(chunk.dead_letters.size());
  message.value_bytes = record.value_bytes;
  message.rejection = rejection;
  message.offset = record.offset;
  chunk.keys.append(batch.text, record.key_begin, record.key_bytes);
  chunk.dead_letters += batch.value(record);
}

// One message for each line of what was judged, keyed by account.
void Partition::list_messages(Chunk& chunk) {
  for (const pipeline::Judged::Lines& lines : chunk.judged.lines) {
    const std::string_view account = transactions_[lines.transaction].account_number;
    const auto key_begin = static_cast<std::uint32_t>(chunk.keys.size());
    chunk.keys += account;
    const auto add = [&](Output output, std::uint32_t begin, std::uint32_t end) {
      OutMessage& message = chunk.messages.emplace_back();
      message.output = output;
      message.key_begin = key_begin;
      message.key_bytes = static_cast<std::uint32_t>(account.size());
      message.value_begin = begin;
      message.value_bytes = end - begin;
    };
    const std::string& alerts = chunk.judged.alerts;
    for (std::uint32_t begin = lines.alerts.begin; begin < lines.alerts.end;) {
      const auto end = static_cast<std::uint32_t>(alerts.find('\n', begin));
      add(Output::alerts, begin, end);
      begin = end + 1;
    }
    if (lines.processed.begin != lines.processed.end) {
      add(Output::processed, lines.processed.begin, lines.processed.end - 1);
    }
  }
}

void Partition::add_to(pipeline::Summary& summary) const {
  const engine::Statistics counted = lane_.engine().statistics();
  summary.records += counts_.records.load(std::memory_order_relaxed);
  summary.bytes += counts_.bytes.load(std::memory_order_relaxed);
  summary.alerts += counts_.alerts.load(std::memory_order_relaxed);
  summary.rejected += counts_.rejected.load(std::memory_order_relaxed);
  summary.accounts += counted.accounts;
  summary.state_bytes += counted.state_bytes;
  if (live_) {
    summary.judged += counted.judged - replayed_.judged;
    summary.resends += counted.resends - replayed_.resends;
    summary.late += counted.late - replayed_.late;
  }
  const pipeline::LaneCounts& counts = lane_.counts();
  summary.alerts_by_rule.resize(counts.alerts_by_rule.size());
  for (std::size_t i = 0; i < counts.alerts_by_rule.size(); ++i) summary.alerts_by_rule[i] += counts.alerts_by_rule[i];
  for (std::size_t i = 0; i < counts.decisions.size(); ++i) summary.decisions[i] += counts.decisions[i];
  for (std::size_t i = 0; i < rejected_by_reason_.size(); ++i) summary.rejected_by_reason[i] += rejected_by_reason_[i];
}

}  // namespace bank::kafka
