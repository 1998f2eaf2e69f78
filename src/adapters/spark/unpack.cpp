// The other half of chunk.cpp: chunks read back, with distrust.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "adapters/spark/chunk.h"
#include "adapters/spark/chunk_layout.h"
#include "base/hash.h"
#include "base/wire.h"
#include "codec/utf8.h"

namespace bank::spark {

using namespace chunk_layout;

namespace {

constexpr std::int64_t minute_s = 60;
constexpr std::int64_t hour_s = 3600;
constexpr std::int64_t day_s = 86'400;

// Writes whole seconds as `YYYY-MM-DD HH:MM:SS`, or with a T and a Z; quick where the day is that of the last one.
class TimeWriter {
 public:
  char* put(char* at, std::int64_t second, bool rfc3339) {
    const std::int64_t into_day = (second % day_s + day_s) % day_s;
    const std::int64_t day = second - into_day;
    if (day != day_ || text_.empty()) {
      text_.clear();
      model::append_event_time(text_, model::EventTime::from_us(day * second_us));
      day_ = day;
    }
    std::memcpy(at, text_.data(), 10);
    at += 10;
    *at++ = rfc3339 ? 'T' : ' ';
    at = put_two(at, into_day / hour_s);
    *at++ = ':';
    at = put_two(at, into_day / minute_s % minute_s);
    *at++ = ':';
    at = put_two(at, into_day % minute_s);
    if (rfc3339) *at++ = 'Z';
    return at;
  }

 private:
  static char* put_two(char* at, std::int64_t number) {
    *at++ = static_cast<char>('0' + number / 10);
    *at++ = static_cast<char>('0' + number % 10);
    return at;
  }
  std::int64_t day_ = 0;
  std::string text_;
};

// The times that append_event_time() can write.
bool writable(std::int64_t second) {
  constexpr std::int64_t first = -62'135'596'800;
  constexpr std::int64_t end = 253'402'300'800;
  return second >= first && second < end;
}

}  // namespace

/// Reads the records of one chunk into it.
class UnpackedChunk::Unpacker {
 public:
  Unpacker(UnpackedChunk& out, wire::Reader reader, std::size_t texts) : out_(out), reader_(reader) {
    out_.texts_.resize(texts);
    at_ = out_.texts_.data();
  }

  bool accepted() {
    out_.transactions_.resize(out_.head_.records);
    out_.numbers_.resize(out_.head_.records);
    for (std::uint32_t i = 0; i < out_.head_.records; ++i) {
      if (!transaction(out_.transactions_[i], out_.numbers_[i])) return false;
    }
    if (!reader_.done() || left() != 0 || !codec::is_utf8(out_.texts_)) return false;
    return std::ranges::all_of(out_.words_, codec::is_utf8);
  }

  bool rejected() {
    for (std::uint32_t i = 0; i < out_.head_.records; ++i) {
      Refused& refused = out_.refused_.emplace_back();
      const auto flags = reader_.number<std::uint8_t>();
      if (!number(refused.number)) return false;
      const auto reason = reader_.number<std::uint8_t>();
      const auto field = reader_.number<std::uint8_t>();
      const std::uint64_t piece = reader_.varint();
      refused.key = reader_.text();
      refused.value = reader_.text();
      if (!reader_.ok() || flags > 3 || reason > static_cast<std::uint8_t>(model::Reason::bad_csv) ||
          field >= fields.size() || piece > INT32_MAX) {
        return false;
      }
      refused.rejection = {static_cast<model::Reason>(reason), fields[field]};
      refused.piece = static_cast<std::int32_t>(piece);
      refused.has_key = (flags & with_key) != 0;
      refused.has_value = (flags & with_value) != 0;
    }
    return reader_.done();
  }

 private:
  [[nodiscard]] std::size_t left() const {
    return static_cast<std::size_t>(out_.texts_.data() + out_.texts_.size() - at_);
  }

  bool number(std::int64_t& number) {
    if (__builtin_add_overflow(number_, static_cast<std::int64_t>(reader_.varint()), &number)) return false;
    const bool ascends = number >= number_;
    number_ = number;
    return ascends;
  }

  bool word(std::optional<std::string_view>& word) {
    const std::uint64_t code = reader_.varint();
    if (code >= 2) {
      if (code - 2 >= out_.words_.size()) return false;
      word = out_.words_[code - 2];
    } else if (code == 1) {
      word = out_.words_.emplace_back(reader_.text());
    } else {
      word.reset();
    }
    return reader_.ok();
  }

  bool rest(std::string_view& text, std::size_t most) {
    const auto shared = reader_.number<std::uint8_t>();
    const std::string_view rest = reader_.bytes(reader_.number<std::uint8_t>());
    const std::size_t size = shared + rest.size();
    if (!reader_.ok() || shared > text.size() || size == 0 || size > most || size > left()) return false;
    if (shared > 0) std::memcpy(at_, text.data(), shared);
    if (!rest.empty()) std::memcpy(at_ + shared, rest.data(), rest.size());
    text = {at_, size};
    at_ += size;
    return true;
  }

  bool time(model::Transaction& transaction, Spelling spelling) {
    const std::int64_t step = wire::unzigzag(reader_.varint());
    if (__builtin_add_overflow(second_, step, &second_)) return false;
    if (spelling == Spelling::other) {
      const std::uint64_t us = reader_.varint();
      transaction.timestamp = reader_.bytes(reader_.number<std::uint8_t>());
      if (us >= second_us || second_ < model::EventTime::earliest_us / second_us ||
          second_ >= model::EventTime::latest_us / second_us || !codec::is_utf8(transaction.timestamp)) {
        return false;
      }
      transaction.time = model::EventTime::from_us(second_ * second_us + static_cast<std::int64_t>(us));
      return true;
    }
    const std::size_t size = spelling == Spelling::plain ? plain_bytes : plain_bytes + 1;
    if (!writable(second_) || left() < size) return false;
    transaction.time = model::EventTime::from_us(second_ * second_us);
    transaction.timestamp = {at_, size};
    at_ = times_.put(at_, second_, spelling == Spelling::rfc3339);
    return true;
  }

  bool transaction(model::Transaction& transaction, std::int64_t& number_out) {
    const unsigned flags = reader_.number<std::uint8_t>();
    const unsigned spelling = flags >> time_shift & 3U;
    if (flags >= 2 * hundredths || spelling > static_cast<unsigned>(Spelling::other)) return false;
    if (!number(number_out) || !time(transaction, static_cast<Spelling>(spelling))) return false;
    const std::uint64_t amount = reader_.varint();
    const std::uint64_t unit = (flags & hundredths) != 0 ? 100 : 1;
    if (amount > static_cast<std::uint64_t>(model::Amount::max_units) / unit) return false;
    transaction.amount = model::Amount::from_units(static_cast<std::int64_t>(amount * unit));
    transaction.status = static_cast<model::Status>(flags & status_mask);
    std::optional<std::string_view> type;
    if (!word(type) || !type || type->empty() || type->size() > model::max_transaction_type_bytes) return false;
    transaction.transaction_type = *type;
    if (!word(transaction.location) || !word(transaction.merchant)) return false;
    if (!rest(id_, model::max_transaction_id_bytes) || !rest(account_, model::max_account_number_bytes)) return false;
    transaction.transaction_id = id_;
    transaction.account_number = account_;
    transaction.account_hash = hash64(account_);
    return true;
  }

  UnpackedChunk& out_;
  wire::Reader reader_;
  char* at_ = nullptr;  // where the next text of texts_ goes
  TimeWriter times_;
  std::int64_t number_ = out_.head_.first_number;
  std::int64_t second_ = 0;
  std::string_view id_;
  std::string_view account_;
};

Try<> UnpackedChunk::read(std::string_view chunk) {
  transactions_.clear();
  numbers_.clear();
  refused_.clear();
  words_.clear();
  head_ = {};
  if (chunk.size() < chunk_head_bytes || !chunk.starts_with(magic)) return bad_state("these bytes are no chunk");
  wire::Reader reader(chunk.substr(magic.size()));
  if (const auto found = reader.number<std::uint16_t>(); found != version) {
    return bad_state(fmt::format("the chunk is of version {}, and this is version {}", found, version));
  }
  const auto kind = reader.number<std::uint8_t>();
  const auto zero = reader.number<std::uint8_t>();
  head_.partition = reader.number<std::int32_t>();
  const auto bytes = reader.number<std::uint32_t>();
  head_.first_number = reader.number<std::int64_t>();
  const auto hash = reader.number<std::uint64_t>();
  const auto damaged = [] { return bad_state("the chunk is damaged"); };
  if (bytes != chunk.size() || hash != chunk_hash(chunk) || zero != 0) return damaged();
  head_.records = reader.number<std::uint32_t>();
  const auto texts = reader.number<std::uint32_t>();
  head_.origin = reader.bytes(reader.number<std::uint16_t>());
  constexpr std::size_t texts_of_one =
      model::max_transaction_id_bytes + model::max_account_number_bytes + plain_bytes + 1;
  if (!reader.ok() || head_.records == 0 || head_.records > chunk_records_max || texts > head_.records * texts_of_one ||
      !codec::is_utf8(head_.origin)) {
    return damaged();
  }
  head_.kind = static_cast<ChunkKind>(kind);
  Unpacker unpacker(*this, reader, texts);
  const bool read = head_.kind == ChunkKind::accepted   ? unpacker.accepted()
                    : head_.kind == ChunkKind::rejected ? unpacker.rejected()
                                                        : false;
  if (!read) return damaged();
  return {};
}

}  // namespace bank::spark
