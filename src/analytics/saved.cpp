// Saving and restoring of all that accumulators are made of: see saved.h.
#include "analytics/saved.h"

#include <algorithm>
#include <numeric>

#include "analytics/amount_sketch.h"
#include "analytics/named_table.h"
#include "analytics/time_series.h"
#include "base/assert.h"
#include "base/hash.h"
#include "base/wire.h"

namespace bank::analytics {
namespace {

constexpr std::string_view magic = "BKA1";
constexpr std::uint16_t version = 1;
constexpr std::size_t hash_at = 16;
constexpr std::size_t head_bytes = 24;
constexpr std::uint64_t int_max = 1'000'000'000;

void write(std::string& out, std::uint64_t value) { wire::append_varint(out, value); }
void write(std::string& out, Uint128 value) {
  wire::append_varint(out, static_cast<std::uint64_t>(value));
  wire::append_varint(out, static_cast<std::uint64_t>(value >> 64));
}
void write(std::string& out, std::int64_t value) { wire::append_varint(out, wire::zigzag(value)); }
void write(std::string& out, int value) { wire::append_varint(out, static_cast<std::uint64_t>(value)); }
void write(std::string& out, model::EventTime value) { write(out, value.us()); }
void write(std::string& out, model::Amount value) { write(out, static_cast<std::uint64_t>(value.units())); }
void write(std::string& out, const Tally& value) {
  write(out, value.count);
  write(out, value.volume);
}
void write(std::string& out, const AlertTally& value) {
  write(out, value.count);
  write(out, value.volume);
  write(out, value.flagged);
  write(out, value.risk);
  write(out, value.risk_max);
}

// Each returns whether what was read can be.
bool read(wire::Reader& reader, std::uint64_t& value) {
  value = reader.varint();
  return reader.ok();
}
bool read(wire::Reader& reader, Uint128& value) {
  value = reader.varint();
  value |= static_cast<Uint128>(reader.varint()) << 64;
  return reader.ok();
}
bool read(wire::Reader& reader, std::int64_t& value) {
  value = wire::unzigzag(reader.varint());
  return reader.ok();
}
bool read(wire::Reader& reader, int& value) {
  const std::uint64_t found = reader.varint();
  value = static_cast<int>(std::min(found, int_max));
  return reader.ok() && found <= int_max;
}
bool read(wire::Reader& reader, model::EventTime& value) {
  std::int64_t us = 0;
  if (!read(reader, us) || us < model::EventTime::earliest_us || us > model::EventTime::latest_us) return false;
  value = model::EventTime::from_us(us);
  return true;
}
bool read(wire::Reader& reader, model::Amount& value) {
  const std::uint64_t units = reader.varint();
  if (!reader.ok() || units > static_cast<std::uint64_t>(model::Amount::max_units)) return false;
  value = model::Amount::from_units(static_cast<std::int64_t>(units));
  return true;
}
bool read(wire::Reader& reader, Tally& value) { return read(reader, value.count) && read(reader, value.volume); }
bool read(wire::Reader& reader, AlertTally& value) {
  return read(reader, value.count) && read(reader, value.volume) && read(reader, value.flagged) &&
         read(reader, value.risk) && read(reader, value.risk_max);
}

template <typename T, std::size_t N>
void write(std::string& out, const std::array<T, N>& values) {
  for (const T& value : values) write(out, value);
}
template <typename T, std::size_t N>
bool read(wire::Reader& reader, std::array<T, N>& values) {
  return std::ranges::all_of(values, [&reader](T& value) { return read(reader, value); });
}

// Most of a sketch's buckets are empty: their number and then how many there are up to the next that is not.
void write_sparse(std::string& out, const std::vector<std::uint64_t>& counts) {
  std::uint64_t empty = 0;
  for (const std::uint64_t count : counts) {
    if (count == 0) {
      ++empty;
      continue;
    }
    write(out, empty);
    write(out, count);
    empty = 0;
  }
  write(out, counts.size());  // more than can be empty: the end
}
bool read_sparse(wire::Reader& reader, std::vector<std::uint64_t>& counts) {
  for (std::size_t at = 0;; ++at) {
    const std::uint64_t empty = reader.varint();
    if (!reader.ok()) return false;
    if (empty == counts.size()) return true;
    if (empty >= counts.size() - at) return false;
    at += empty;
    counts[at] = reader.varint();
    if (at + 1 == counts.size()) return reader.varint() == counts.size() && reader.ok();
  }
}

std::uint64_t sum(const std::vector<std::uint64_t>& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

}  // namespace

template <typename Value>
void NamedTable<Value>::save(std::string& out) const {
  write(out, std::uint64_t{exact_});
  if (!exact_) {
    write(out, count_error_);
    write(out, volume_error_);
    distinct_.save(out);
  }
  write(out, entries_.size());
  for (const Entry& entry : entries_) {
    wire::append_text(out, entry.name);
    write(out, entry.value);
  }
}

template <typename Value>
bool NamedTable<Value>::restore(wire::Reader& reader) {
  const std::uint64_t exact = reader.varint();
  if (exact > 1) return false;
  exact_ = exact == 1;
  if (!exact_ && !(read(reader, count_error_) && read(reader, volume_error_) && distinct_.restore(reader)))
    return false;
  const std::uint64_t count = reader.varint();
  if (!reader.ok() || count > max_entries_ || count > reader.left()) return false;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string_view name = reader.text();
    if (!reader.ok() || !read(reader, at(name, hash64(name)))) return false;
  }
  return entries_.size() == count;
}

void DistinctEstimator::save(std::string& out) const {
  for (const std::uint8_t held : registers_) wire::append(out, held);
}

bool DistinctEstimator::restore(wire::Reader& reader) {
  const std::string_view bytes = reader.bytes(registers_.size());
  if (!reader.ok()) return false;
  std::ranges::copy(bytes, registers_.begin());
  return std::ranges::all_of(registers_, [](std::uint8_t held) { return held <= 64; });
}

void AmountSketch::save(std::string& out) const {
  write(out, count_);
  write(out, min_);
  write(out, max_);
  for (const std::int64_t units : kept_) write(out, static_cast<std::uint64_t>(units));
  write_sparse(out, buckets_);
  write_sparse(out, bins_);
}

bool AmountSketch::restore(wire::Reader& reader) {
  if (!read(reader, count_) || !read(reader, min_) || !read(reader, max_) || min_ > max_) return false;
  if (exact()) {
    if (count_ > reader.left()) return false;
    for (std::uint64_t i = 0; i < count_; ++i) {
      model::Amount amount;
      if (!read(reader, amount)) return false;
      kept_.push_back(amount.units());
    }
  }
  return read_sparse(reader, buckets_) && read_sparse(reader, bins_) && sum(buckets_) == count_ && sum(bins_) == count_;
}

void TimeSeries::save(std::string& out) const {
  write(out, width_us_);
  write(out, first_);
  write(out, buckets_.size());
  for (const SeriesBucket& bucket : buckets_) {
    write(out, bucket.transactions);
    write(out, bucket.alerts);
  }
}

bool TimeSeries::restore(wire::Reader& reader) {
  std::int64_t width_us = 0;
  std::int64_t first = 0;
  std::uint64_t count = 0;
  if (!read(reader, width_us) || !read(reader, first) || !read(reader, count)) return false;
  constexpr std::int64_t wider_than_any_us = 10'000'000'000'000'000;
  if (count > std::uint64_t{max_buckets} || width_us <= 0 || width_us > wider_than_any_us) return false;
  while (width_us_ < width_us) widen();
  // Buckets begin no earlier than a width before the earliest time, and no later than the latest.
  const auto reach = model::EventTime::latest_us / width_us + 1;
  if (width_us_ != width_us || first < -reach || first > reach) return false;
  first_ = first;
  buckets_.resize(count);
  for (SeriesBucket& bucket : buckets_) {
    if (!read(reader, bucket.transactions) || !read(reader, bucket.alerts)) return false;
  }
  const auto empty = [](const SeriesBucket& bucket) { return bucket == SeriesBucket{}; };
  return buckets_.empty() || (!empty(buckets_.front()) && !empty(buckets_.back()));
}

void TransactionAccumulator::save(std::string& out) const {
  write(out, total_);
  write(out, rejected_);
  write(out, first_);
  write(out, last_);
  write(out, by_status_);
  for (const auto& day : by_weekday_hour_) write(out, day);
  for (const auto* table : {&by_type_, &accounts_, &locations_, &merchants_}) table->save(out);
  series_.save(out);
  amounts_.save(out);
}

bool TransactionAccumulator::restore(wire::Reader& reader) {
  return read(reader, total_) && read(reader, rejected_) && read(reader, first_) && read(reader, last_) &&
         read(reader, by_status_) &&
         std::ranges::all_of(by_weekday_hour_, [&reader](auto& day) { return read(reader, day); }) &&
         by_type_.restore(reader) && accounts_.restore(reader) && locations_.restore(reader) &&
         merchants_.restore(reader) && series_.restore(reader) && amounts_.restore(reader) &&
         amounts_.count() == total_.count;
}

void AlertAccumulator::save(std::string& out) const {
  BANK_ASSERT(!open_);
  write(out, thresholds_.review);
  write(out, thresholds_.block);
  for (const std::uint64_t count : {total_, flagged_, reviewed_, blocked_}) write(out, count);
  write(out, flagged_volume_);
  write(out, first_);
  write(out, last_);
  write(out, by_severity_);
  for (const auto& day : by_weekday_hour_) write(out, day);
  accounts_.save(out);
  write(out, rules_.size());
  for (const NamedRule& rule : rules_) {
    wire::append_text(out, rule.id);
    write(out, rule.tally.count);
    write(out, rule.tally.volume);
    write(out, rule.tally.score);
    wire::append(out, rule.tally.severity);
  }
  write(out, rules_versions_.size());
  for (const std::string& known : rules_versions_) wire::append_text(out, known);
  series_.save(out);
}

bool AlertAccumulator::restore(wire::Reader& reader) {
  if (!read(reader, thresholds_.review) || !read(reader, thresholds_.block)) return false;
  for (std::uint64_t* count : {&total_, &flagged_, &reviewed_, &blocked_}) *count = reader.varint();
  if (!read(reader, flagged_volume_) || !read(reader, first_) || !read(reader, last_) || !read(reader, by_severity_) ||
      !std::ranges::all_of(by_weekday_hour_, [&reader](auto& day) { return read(reader, day); }) ||
      !accounts_.restore(reader)) {
    return false;
  }
  const std::uint64_t rules = reader.varint();
  for (std::uint64_t i = 0; i < rules && i <= max_rules && reader.ok(); ++i) {
    NamedRule& rule = rules_.emplace_back();
    rule.id = reader.text();
    if (!read(reader, rule.tally.count) || !read(reader, rule.tally.volume) || !read(reader, rule.tally.score)) {
      return false;
    }
    rule.tally.severity = reader.number<model::Severity>();
    if (static_cast<std::size_t>(rule.tally.severity) >= severities) return false;
  }
  const std::uint64_t versions = reader.varint();
  for (std::uint64_t i = 0; i < versions && i < max_versions && reader.ok(); ++i) {
    rules_versions_.emplace_back(reader.text());
  }
  return rules_.size() == rules && rules_versions_.size() == versions && series_.restore(reader);
}

std::string save(const TransactionAccumulator& transactions, const AlertAccumulator& alerts) {
  std::string out(magic);
  wire::append(out, version);
  out.resize(head_bytes);
  transactions.save(out);
  alerts.save(out);
  BANK_ASSERT(out.size() <= UINT32_MAX);
  wire::put(out, 8, static_cast<std::uint32_t>(out.size()));
  wire::put(out, hash_at, hash64(std::string_view(out).substr(head_bytes)));
  return out;
}

Result<Accumulators> restore(std::string_view saved) {
  if (saved.size() < head_bytes || !saved.starts_with(magic)) return fail("these bytes are no saved accumulators");
  if (wire::get<std::uint16_t>(saved.data() + 4) != version) {
    return fail("the saved accumulators are of another version");
  }
  const bool whole = wire::get<std::uint16_t>(saved.data() + 6) == 0 &&
                     wire::get<std::uint32_t>(saved.data() + 8) == saved.size() &&
                     wire::get<std::uint32_t>(saved.data() + 12) == 0 &&
                     wire::get<std::uint64_t>(saved.data() + hash_at) == hash64(saved.substr(head_bytes));
  wire::Reader reader(saved.substr(head_bytes));
  Accumulators out;
  if (!whole || !out.transactions.restore(reader) || !out.alerts.restore(reader) || !reader.done()) {
    return fail("the saved accumulators are damaged");
  }
  return out;
}

}  // namespace bank::analytics
