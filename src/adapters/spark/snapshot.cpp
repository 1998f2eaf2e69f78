#include "adapters/spark/snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/hash.h"
#include "base/wire.h"
#include "engine/engine.h"

namespace bank::spark {
namespace {

constexpr std::string_view magic = "BKS1";
constexpr std::uint16_t version = 1;
constexpr std::size_t hash_at = 24;
constexpr std::size_t head_bytes = 32;
constexpr std::size_t last_at = 6;

enum class Item : std::uint8_t { part = 1, account = 2 };

std::uint64_t hash_of(std::string_view piece) {
  return hash64(piece.substr(head_bytes)) ^ hash64(piece.substr(0, hash_at)) * 0x9e3779b97f4a7c15U;
}

}  // namespace

SnapshotWriter::SnapshotWriter(const Shard& shard) : shard_(shard), part_(shard.parts().begin()) {}

std::string_view SnapshotWriter::piece(std::size_t bytes_max) {
  if (!piece_.empty() || over_) return piece_;
  piece_.assign(magic);
  wire::append(piece_, version);
  wire::append(piece_, std::uint16_t{0});
  wire::append(piece_, std::uint32_t{0});
  wire::append(piece_, number_++);
  wire::append(piece_, shard_.setup().state_id());
  wire::append(piece_, std::uint64_t{0});
  bool room = true;
  while (room && part_ != shard_.parts().end()) {
    const auto& [partition, part] = *part_;
    const std::size_t before = piece_.size();
    if (part_begun_ && next_account_ == accounts_.size()) {
      ++part_;
      part_begun_ = false;
      continue;
    }
    if (part_begun_) {
      add_account(part, accounts_[next_account_]);
    } else {
      add_part(partition, part);
    }
    room = piece_.size() <= bytes_max || before == head_bytes;
    if (!room) {
      piece_.resize(before);  // it comes with the next piece
    } else if (part_begun_) {
      ++next_account_;
    } else {
      part_begun_ = true;
      accounts_ = part.lane.engine().accounts();
      next_account_ = 0;
    }
  }
  over_ = part_ == shard_.parts().end();
  wire::put(piece_, last_at, static_cast<std::uint8_t>(over_ ? 1 : 0));
  wire::put(piece_, 8, static_cast<std::uint32_t>(piece_.size()));
  wire::put(piece_, hash_at, hash_of(piece_));
  return piece_;
}

void SnapshotWriter::add_part(std::int32_t partition, const Shard::Part& part) {
  wire::append(piece_, Item::part);
  wire::append(piece_, partition);
  wire::append(piece_, part.forgetting.before_us());
  for (const pipeline::TrustedTime::Witness& witness : part.trusted.all()) {
    wire::append(piece_, witness.account_hash);
    wire::append(piece_, witness.time_us);
  }
}

void SnapshotWriter::add_account(const Shard::Part& part, const std::string& account) {
  wire::append(piece_, Item::account);
  const std::size_t size_at = piece_.size();
  wire::append(piece_, std::uint32_t{0});
  part.lane.engine().save(account, piece_);
  wire::put(piece_, size_at, static_cast<std::uint32_t>(piece_.size() - size_at - sizeof(std::uint32_t)));
}

Try<> SnapshotReader::take(std::string_view piece, Shard& shard) {
  if (!shard.untouched()) return bad_state("a snapshot is for a new shard, and this one has judged or replayed");
  if (piece.size() < head_bytes || !piece.starts_with(magic)) return bad_state("these bytes are no snapshot");
  wire::Reader reader(piece.substr(magic.size()));
  if (const auto found = reader.number<std::uint16_t>(); found != version) {
    return bad_state(fmt::format("the snapshot is of version {}, and this is version {}", found, version));
  }
  const auto last = reader.number<std::uint8_t>();
  const auto zero = reader.number<std::uint8_t>();
  const auto bytes = reader.number<std::uint32_t>();
  const auto number = reader.number<std::uint32_t>();
  const auto state_id = reader.number<std::uint64_t>();
  const auto damaged = [] { return bad_state("the snapshot is damaged"); };
  if (bytes != piece.size() || reader.number<std::uint64_t>() != hash_of(piece) || last > 1 || zero != 0) {
    return damaged();
  }
  if (state_id != shard.setup().state_id()) {
    return bad_state(
        "the snapshot is of other rules: they keep other things, or for another time, or the lateness or "
        "the choice of histories differs");
  }
  if (last_ || number != next_) {
    return bad_state(fmt::format("piece {} of the snapshot is where {} is due", number,
                                 last_ ? "none" : fmt::format("piece {}", next_)));
  }
  ++next_;
  last_ = last == 1;
  while (reader.ok() && reader.left() > 0) {
    const auto item = reader.number<Item>();
    if (item == Item::part) {
      part_ = &shard.part(reader.number<std::int32_t>());
      part_->forgetting.set_before_us(reader.number<std::int64_t>());
      for (std::size_t i = 0; i < pipeline::TrustedTime::witnesses; ++i) {
        const auto account_hash = reader.number<std::uint64_t>();
        const auto time_us = reader.number<std::int64_t>();
        if (time_us != pipeline::no_time) part_->trusted.note(account_hash, time_us);
      }
    } else if (item == Item::account && part_ != nullptr) {
      const std::string_view saved = reader.bytes(reader.number<std::uint32_t>());
      if (!reader.ok()) return damaged();
      const Result<void> restored = part_->lane.engine().restore(std::as_bytes(std::span(saved)));
      if (!restored) return bad_state(restored.error().message);
    } else {
      return damaged();
    }
  }
  if (!reader.done()) return damaged();
  return {};
}

}  // namespace bank::spark
