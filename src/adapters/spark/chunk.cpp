#include "adapters/spark/chunk.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "adapters/spark/chunk_layout.h"
#include "base/assert.h"
#include "base/hash.h"
#include "base/wire.h"

namespace bank::spark {

using namespace chunk_layout;

namespace {

constexpr std::size_t longest_time_bytes = 64;  // what parse_event_time() accepts is shorter by half
// All of an accepted record but its new words.
constexpr std::size_t record_bytes_max =
    8 * wire::varint_max + longest_time_bytes + model::max_transaction_id_bytes + model::max_account_number_bytes + 16;

Spelling spelling_of(const model::Transaction& transaction) {
  const std::string_view text = transaction.timestamp;
  if (text.size() == plain_bytes) return Spelling::plain;
  const bool rfc3339 = text.size() == plain_bytes + 1 && text[10] == 'T' && text.back() == 'Z';
  return rfc3339 ? Spelling::rfc3339 : Spelling::other;
}

std::int64_t floor_second(std::int64_t us) { return us / second_us - (us % second_us < 0 ? 1 : 0); }

// The first and last bytes and the length; most words differ in these.
std::uint32_t slot_of(std::string_view word) {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  if (word.size() >= 8) {
    first = wire::get<std::uint64_t>(word.data());
    last = wire::get<std::uint64_t>(word.data() + word.size() - 8);
  } else if (word.size() >= 4) {
    first = wire::get<std::uint32_t>(word.data());
    last = wire::get<std::uint32_t>(word.data() + word.size() - 4);
  } else {
    for (const char c : word) first = first << 8 | static_cast<unsigned char>(c);
  }
  constexpr std::uint64_t odd = 0x9e3779b97f4a7c15U;
  return static_cast<std::uint32_t>(((first * odd ^ last) * odd + word.size() * odd) >> 56);
}

std::size_t shared_bytes(std::string_view text, const char* last, std::size_t last_size) {
  const std::size_t most = std::min(text.size(), last_size);
  std::size_t shared = 0;
  for (; shared + 8 <= most; shared += 8) {
    const std::uint64_t differing =
        wire::get<std::uint64_t>(text.data() + shared) ^ wire::get<std::uint64_t>(last + shared);
    if (differing != 0) return shared + static_cast<std::size_t>(std::countr_zero(differing)) / 8;
  }
  while (shared < most && text[shared] == last[shared]) ++shared;
  return shared;
}

}  // namespace

std::uint64_t chunk_hash(std::string_view chunk) {
  // Multiplied, so that the two halves can't make up for one another.
  return hash64(chunk.substr(hashed_from)) ^ hash64(chunk.substr(0, hash_at)) * 0x9e3779b97f4a7c15U;
}

void ChunkWriter::begin(ChunkKind kind, std::int32_t partition, std::string_view origin) {
  BANK_ASSERT(origin.size() <= UINT16_MAX);
  bytes_.assign(magic);
  wire::append(bytes_, version);
  wire::append(bytes_, static_cast<std::uint8_t>(kind));
  wire::append(bytes_, std::uint8_t{0});
  wire::append(bytes_, partition);
  bytes_.resize(chunk_head_bytes - sizeof(std::uint16_t));
  wire::append(bytes_, static_cast<std::uint16_t>(origin.size()));
  bytes_ += origin;
  records_ = 0;
  texts_ = unpacked_bytes_ = 0;
  number_ = second_ = 0;
  slots_.fill(0);
  known_count_ = 0;
  id_.size = account_.size = 0;
}

std::uint64_t ChunkWriter::advance(std::int64_t number) {
  if (records_ == 0) {
    wire::put(bytes_, 16, number);
    number_ = number;
  }
  BANK_ASSERT(number >= number_);
  ++records_;
  const std::uint64_t step = static_cast<std::uint64_t>(number) - static_cast<std::uint64_t>(number_);
  number_ = number;
  return step;
}

char* ChunkWriter::put_word(char* base, char* at, std::string_view text) {
  std::uint32_t slot = slot_of(text);
  for (; slots_[slot] != 0; slot = (slot + 1) % known_slots) {
    const Known& known = known_[slots_[slot] - 1U];
    if (known.size == text.size() && std::memcmp(base + known.begin, text.data(), text.size()) == 0) {
      return wire::put_varint(at, slots_[slot] - 1U + 2U);
    }
  }
  *at++ = 1;
  at = wire::put_varint(at, text.size());
  std::memcpy(at, text.data(), text.size());
  if (known_count_ < known_max) {
    known_[known_count_] = {static_cast<std::uint32_t>(at - base), static_cast<std::uint32_t>(text.size())};
    slots_[slot] = static_cast<std::uint8_t>(++known_count_);
  }
  return at + text.size();
}

template <std::size_t N>
char* ChunkWriter::put_rest(char* at, std::string_view text, Last<N>& last) {
  const std::size_t shared = shared_bytes(text, last.text.data(), last.size);
  const std::size_t rest = text.size() - shared;
  *at++ = static_cast<char>(shared);
  *at++ = static_cast<char>(rest);
  std::memcpy(at, text.data() + shared, rest);
  std::memcpy(last.text.data() + shared, text.data() + shared, rest);
  last.size = text.size();
  return at + rest;
}

void ChunkWriter::add(const model::Transaction& transaction, std::int64_t number) {
  const std::size_t words = transaction.transaction_type.size() + transaction.location.value_or("").size() +
                            transaction.merchant.value_or("").size();
  const std::uint64_t step = advance(number);
  const std::size_t size = bytes_.size();
  const std::size_t room = record_bytes_max + words;
  if (bytes_.capacity() < size + room) bytes_.reserve(std::max(2 * bytes_.capacity(), size + room));
  bytes_.resize_and_overwrite(size + room, [&](char* base, std::size_t) {
    return static_cast<std::size_t>(put(base, base + size, transaction, step) - base);
  });
  const std::size_t own = transaction.transaction_id.size() + transaction.account_number.size() +
                          (spelling_of(transaction) == Spelling::other ? 0 : transaction.timestamp.size());
  unpacked_bytes_ += own;
  texts_ += own + words;
}

char* ChunkWriter::put(char* base, char* at, const model::Transaction& transaction, std::uint64_t step) {
  const Spelling spelling = spelling_of(transaction);
  const bool cents = transaction.amount.units() % 100 == 0;
  *at++ = static_cast<char>(static_cast<unsigned>(transaction.status) | static_cast<unsigned>(spelling) << time_shift |
                            (cents ? hundredths : 0U));
  at = wire::put_varint(at, step);
  const std::int64_t second = floor_second(transaction.time.us());
  at = wire::put_varint(at, wire::zigzag(second - second_));
  second_ = second;
  if (spelling == Spelling::other) {
    at = wire::put_varint(at, static_cast<std::uint64_t>(transaction.time.us() - second * second_us));
    BANK_ASSERT(transaction.timestamp.size() <= longest_time_bytes);
    *at++ = static_cast<char>(transaction.timestamp.size());
    std::memcpy(at, transaction.timestamp.data(), transaction.timestamp.size());
    at += transaction.timestamp.size();
  }
  const auto units = static_cast<std::uint64_t>(transaction.amount.units());
  at = wire::put_varint(at, cents ? units / 100 : units);
  at = put_word(base, at, transaction.transaction_type);
  for (const auto& word : {transaction.location, transaction.merchant}) {
    if (word) {
      at = put_word(base, at, *word);
    } else {
      *at++ = 0;
    }
  }
  at = put_rest(at, transaction.transaction_id, id_);
  return put_rest(at, transaction.account_number, account_);
}

void ChunkWriter::add(const Refused& refused) {
  wire::append(bytes_,
               static_cast<std::uint8_t>((refused.has_key ? with_key : 0U) | (refused.has_value ? with_value : 0U)));
  wire::append_varint(bytes_, advance(refused.number));
  wire::append(bytes_, static_cast<std::uint8_t>(refused.rejection.reason));
  const auto* const field = std::ranges::find(fields, refused.rejection.field);
  BANK_ASSERT(field != fields.end());
  wire::append(bytes_, static_cast<std::uint8_t>(field - fields.begin()));
  wire::append_varint(bytes_, static_cast<std::uint64_t>(refused.piece));
  wire::append_text(bytes_, refused.key);
  wire::append_text(bytes_, refused.value);
}

std::string ChunkWriter::finish() {
  BANK_ASSERT(records_ > 0 && bytes_.size() <= INT32_MAX);
  wire::put(bytes_, 12, static_cast<std::uint32_t>(bytes_.size()));
  wire::put(bytes_, 32, records_);
  wire::put(bytes_, 36, static_cast<std::uint32_t>(unpacked_bytes_));
  wire::put(bytes_, hash_at, chunk_hash(bytes_));
  records_ = 0;
  std::string chunk = bytes_;
  if (bytes_.capacity() > 4 * chunk_full_bytes) std::string().swap(bytes_);  // a huge record has blown it up
  return chunk;
}

}  // namespace bank::spark
