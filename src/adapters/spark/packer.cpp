#include "adapters/spark/packer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/assert.h"
#include "base/json_writer.h"
#include "base/wire.h"

namespace bank::spark {
namespace {

constexpr std::string_view raw_magic = "BKR1";
constexpr std::string_view drained_magic = "BKD1";
constexpr std::uint16_t version = 1;
constexpr std::size_t raw_head_bytes = 24;
constexpr std::size_t drained_head_bytes = 16;
constexpr std::size_t drained_chunk_bytes = 8;

/// One record of a BKR1 message.
struct Raw {
  std::int64_t number = 0;
  bool has_key = false;
  bool has_value = false;
  std::string_view key;
  std::string_view value;
};

// False: the message ends too early, or a length is no length.
bool read_raw(wire::Reader& reader, Raw& raw) {
  raw.number = reader.number<std::int64_t>();
  const auto key = reader.number<std::int32_t>();
  const auto value = reader.number<std::int32_t>();
  if (key < -1 || value < -1) return false;
  raw.has_key = key >= 0;
  raw.has_value = value >= 0;
  raw.key = reader.bytes(static_cast<std::uint64_t>(std::max(key, 0)));
  raw.value = reader.bytes(static_cast<std::uint64_t>(std::max(value, 0)));
  return reader.ok();
}

struct RawMessage {
  std::int32_t partition = 0;
  std::uint32_t count = 0;
  std::string_view records;
};

Try<RawMessage> open_raw(std::string_view message) {
  if (message.size() < raw_head_bytes || !message.starts_with(raw_magic)) return bad_border("these bytes are no BKR1");
  wire::Reader reader(message.substr(raw_magic.size()));
  if (const auto found = reader.number<std::uint16_t>(); found != version) {
    return bad_border(fmt::format("the BKR1 is of version {}, and this is version {}", found, version));
  }
  const auto zero = reader.number<std::uint16_t>();
  const auto bytes = reader.number<std::uint32_t>();
  RawMessage raw;
  raw.partition = reader.number<std::int32_t>();
  raw.count = reader.number<std::uint32_t>();
  const auto zeros = reader.number<std::uint32_t>();
  raw.records = reader.bytes(reader.left());
  const auto corrupt = [](std::string_view what) { return bad_border(fmt::format("the BKR1 is corrupt: {}", what)); };
  if (bytes != message.size()) return corrupt("its length is not what it says");
  if (zero != 0 || zeros != 0 || raw.partition < 0) return corrupt("its head");
  wire::Reader records(raw.records);
  Raw record;
  for (std::uint32_t i = 0; i < raw.count; ++i) {
    if (!read_raw(records, record)) return corrupt(fmt::format("record {} of {}", i, raw.count));
  }
  if (!records.done()) return corrupt("there is more in it than its records");
  return raw;
}

}  // namespace

std::uint32_t shard_of(std::uint64_t account_hash, std::uint32_t shards) {
  // Multiplied, so that the choice takes no bits from those by which an engine's table finds the account.
  const std::uint64_t mixed = account_hash * 0x9e3779b97f4a7c15U;
  return static_cast<std::uint32_t>(((mixed >> 32) * shards) >> 32);
}

Packer::Packer(std::shared_ptr<const Setup> setup, std::uint32_t shards, std::string_view origin)
    : setup_(std::move(setup)), shards_(shards), prefix_(origin), json_(setup_->names), writers_(shards) {
  BANK_ASSERT(shards > 0 && shards <= shards_max);
}

// Makes sure that the chunks begun are those of this origin, and may go on with this number.
void Packer::go_to(std::int32_t partition, std::string_view origin, std::int64_t number) {
  if (partition_ == partition && origin_ == origin && number >= last_number_) return;
  finish_all();
  partition_ = partition;
  origin_ = origin;
  last_number_ = number;
}

Try<> Packer::pack(std::string_view message) {
  const Try<RawMessage> raw = open_raw(message);
  if (!raw) return std::unexpected(raw.error());
  // A file's prefix names it whole, and ends as no topic's does.
  const std::string origin = prefix_.ends_with(':') ? prefix_ : fmt::format("{}{}/", prefix_, raw->partition);
  wire::Reader reader(raw->records);
  Raw record;
  for (std::uint32_t i = 0; i < raw->count; ++i) {
    if (!read_raw(reader, record)) break;  // it was there a moment ago: who gave the buffer is writing to it
    go_to(raw->partition, origin, record.number);
    std::string_view value = record.value;
    if (reader.left() < pipeline::padding) {
      tail_.assign(value);
      tail_.append(pipeline::padding, '\0');
      value = std::string_view(tail_).substr(0, value.size());
    }
    add(json_.decode(value, arena_), {.number = record.number,
                                      .key = record.key,
                                      .value = value,
                                      .has_key = record.has_key,
                                      .has_value = record.has_value});
    arena_.clear();
  }
  return {};
}

void Packer::pack(std::span<const pipeline::RawRecord> records, std::int32_t file, codec::CsvDecoder* decoder) {
  for (const pipeline::RawRecord& record : records) {
    go_to(file, record.stream->origin, record.number);
    const Refused raw{.number = record.number, .key = {}, .value = record.bytes, .piece = record.piece};
    if (record.piece != 0) {
      add(std::unexpected(model::Rejection{model::Reason::too_long, {}}), raw);
    } else {
      add(decoder == nullptr ? json_.decode(record.bytes, arena_) : decoder->decode(record.bytes, arena_), raw);
    }
    arena_.clear();
  }
}

void Packer::add(const Decoded& decoded, const Refused& raw) {
  last_number_ = raw.number;
  counts_.bytes += raw.value.size();
  if (raw.piece <= 1) ++counts_.records;
  if (decoded) {
    ++counts_.accepted;
    const std::uint32_t shard = shard_of(decoded->account_hash, shards_);
    ChunkWriter& writer = writers_[shard];
    if (writer.empty()) writer.begin(ChunkKind::accepted, *partition_, origin_);
    writer.add(*decoded, raw.number);
    if (writer.full()) finish(writer, shard);
    return;
  }
  if (raw.piece <= 1) ++counts_.rejected;
  if (rejected_.empty()) rejected_.begin(ChunkKind::rejected, *partition_, origin_);
  Refused refused = raw;
  refused.rejection = decoded.error();
  rejected_.add(refused);
  if (rejected_.full()) finish(rejected_, static_cast<std::uint32_t>(*partition_) % shards_);
}

void Packer::finish(ChunkWriter& writer, std::uint32_t shard) {
  ready_.push_back({shard, writer.finish()});
  counts_.packed_bytes += ready_.back().chunk.size();
  ++counts_.chunks;
}

void Packer::finish_all() {
  for (std::uint32_t shard = 0; shard < shards_; ++shard) {
    if (!writers_[shard].empty()) finish(writers_[shard], shard);
  }
  if (!rejected_.empty()) finish(rejected_, static_cast<std::uint32_t>(*partition_) % shards_);
}

std::int64_t Packer::drain(std::span<char> out, bool all) {
  if (all) finish_all();
  if (ready_.empty()) return 0;
  const std::size_t least = drained_head_bytes + drained_chunk_bytes + ready_.front().chunk.size();
  if (least > out.size()) return -static_cast<std::int64_t>(least);
  std::size_t at = drained_head_bytes;
  std::uint32_t count = 0;
  const auto put = [&out](std::size_t to, auto value) { std::memcpy(out.data() + to, &value, sizeof value); };
  while (!ready_.empty() && ready_.front().chunk.size() + drained_chunk_bytes <= out.size() - at) {
    const Ready& ready = ready_.front();
    put(at, ready.shard);
    put(at + 4, static_cast<std::uint32_t>(ready.chunk.size()));
    std::memcpy(out.data() + at + drained_chunk_bytes, ready.chunk.data(), ready.chunk.size());
    at += drained_chunk_bytes + ready.chunk.size();
    ++count;
    ready_.pop_front();
  }
  std::memcpy(out.data(), drained_magic.data(), drained_magic.size());
  put(4, version);
  put(6, std::uint16_t{0});
  put(8, static_cast<std::uint32_t>(at));
  put(12, count);
  return static_cast<std::int64_t>(at);
}

std::string Packer::describe_counts() const {
  std::string out;
  JsonWriter(out, 0)
      .begin_object()
      .member("records", counts_.records)
      .member("accepted", counts_.accepted)
      .member("rejected", counts_.rejected)
      .member("bytes", counts_.bytes)
      .member("packed_bytes", counts_.packed_bytes)
      .member("chunks", counts_.chunks)
      .end_object();
  return out;
}

}  // namespace bank::spark
