#include "codec/json_fast.h"

#include <bit>
#include <cstring>

#include "codec/json_reader.h"
#include "codec/scan.h"
#include "codec/utf8.h"

namespace bank::codec {
namespace {

constexpr std::uint32_t misses_until_no_guess = 16;
constexpr std::uint32_t no_guess_records = 1024;

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

const char* skip_space(const char* p, const char* end) {
  while (p < end && is_space(*p)) ++p;
  return p;
}

// The closing quote of the string whose text begins at p, or nullptr for anything but that before `end`, a backslash
// too. 32 bytes behind `end` are readable.
[[gnu::noinline]] const char* find_quote_slowly(const char* p, const char* end) {
  const char* const quote = find_string_stop(p, end);
  if (quote == end || *quote != '"' || !is_utf8(std::string_view(p, quote))) return nullptr;
  return quote;
}

inline const char* find_quote(const char* p, const char* end) {
  const std::uint32_t stops = string_stops<true>(p) | string_stops<true>(p + 16) << 16;
  const char* const stop = p + std::countr_zero(stops);  // p + 32 where there is none
  if (stops != 0 && *stop == '"' && stop < end) [[likely]]
    return stop;
  return find_quote_slowly(p, end);
}

// Where the digits and points that begin at p end, or nullptr if that is not within 16 bytes.
inline const char* skip_plain_number(const char* p) {
  const unsigned stops = number_stops(p);
  return stops == 0 ? nullptr : p + std::countr_zero(stops);
}

// Reads a null, a boolean, or a number of any form. Returns where it ends; nullptr for anything else.
[[gnu::noinline]] const char* read_rarer_value(const char* p, const char* end, RawField& out) {
  const std::string_view rest(p, end);
  if (rest.starts_with("null")) {
    out = {{}, FieldKind::null};
    return p + 4;
  }
  if (rest.starts_with("true") || rest.starts_with("false")) {
    out = {{}, FieldKind::other};
    return p + (rest[0] == 't' ? 4 : 5);
  }
  const char* const behind = skip_json_number(p, end);
  if (behind != nullptr) out = {std::string_view(p, behind), FieldKind::number};
  return behind;
}

// A number that the fields' own rules will not look at.
bool is_json_number(std::string_view text) {
  const char* const end = text.data() + text.size();
  return skip_json_number(text.data(), end) == end;
}

}  // namespace

// A place in a record, and the member found there.
struct FastJson::Cursor {
  const char* p;
  const char* end;
  std::size_t field = KeyTable::unknown;
  const char* key_begin = nullptr;
  std::size_t key_size = 0;

  [[nodiscard]] std::string_view key() const { return {key_begin, key_size}; }

  // From the bracket or comma before a key to its value. False: not in a way for this reader.
  [[gnu::always_inline]] bool read_key(bool first, const KeyTable& keys) {
    if (p >= end || *p != (first ? '{' : ',')) return false;
    p = skip_space(p + 1, end);
    if (p >= end || *p != '"') return false;
    const char* const begin = p + 1;
    const char* const quote = find_quote(begin, end);
    if (quote == nullptr) return false;
    key_begin = begin;
    key_size = static_cast<std::size_t>(quote - begin);
    field = keys.find_padded(key());
    p = skip_space(quote + 1, end);
    if (p >= end || *p != ':') return false;
    p = skip_space(p + 1, end);
    return p < end;
  }

  // The value at p, and p behind it.
  [[gnu::always_inline]] bool read_value(RawField& out) {
    if (*p == '"') {
      const char* const begin = p + 1;
      const char* const quote = find_quote(begin, end);
      if (quote == nullptr) return false;
      out = {std::string_view(begin, quote), FieldKind::text};
      p = quote + 1;
      return true;
    }
    const char* behind = nullptr;
    if (*p >= '0' && *p <= '9') behind = skip_plain_number(p);
    if (behind != nullptr) {
      out = {std::string_view(p, behind), FieldKind::number};
    } else {
      behind = read_rarer_value(p, end, out);
    }
    p = behind;
    return behind != nullptr;
  }
};

void FastJson::learn(Guess& guess, const char* begin, const Cursor& cursor) {
  const auto size = static_cast<std::size_t>(cursor.p - begin);
  guess.size = 0;
  if (size > padded_key_bytes) return;
  std::memcpy(guess.text.data(), begin, padded_key_bytes);
  guess.size_mask = first_bytes(size);
  guess.size = static_cast<std::uint32_t>(size);
  guess.field = static_cast<std::uint32_t>(cursor.field);
  guess.key_begin = static_cast<std::uint32_t>(cursor.key_begin - begin);
  guess.key_size = static_cast<std::uint32_t>(cursor.key_size);
}

bool FastJson::UnknownKeys::add(std::string_view key) {
  if (count_ == keys_.size()) return false;
  for (std::size_t i = 0; i < count_; ++i) {
    if (keys_[i].size() == key.size() && keys_[i] == key) return false;
  }
  keys_[count_++] = key;
  return true;
}

template <bool guessing>
bool FastJson::read_members(std::string_view record, RawFields& fields) {
  Cursor at{record.data(), record.data() + record.size()};
  unknown_keys_.clear();
  unsigned seen = 0;
  for (std::size_t place = 0;; ++place) {
    if (at.p >= at.end) return false;
    if (*at.p == '}' && place != 0) break;
    const char* const begin = at.p;
    Guess* const guess = guessing && place < max_guesses ? &guesses_[place] : nullptr;
    if (guess != nullptr && guess->size != 0 && equal_where(begin, guess->text.data(), guess->size_mask) &&
        !is_space(begin[guess->size])) {  // a space: the layout is another, and to be learned
      at.p += guess->size;
      if (at.p >= at.end) return false;
      at.field = guess->field;
      at.key_begin = begin + guess->key_begin;
      at.key_size = guess->key_size;
    } else {
      at.p = skip_space(at.p, at.end);
      if (place != 0 && at.p < at.end && *at.p == '}') break;
      if (!at.read_key(place == 0, keys_)) return false;
      missed_ = true;
      if (guess != nullptr) learn(*guess, begin, at);
    }

    if (at.field != KeyTable::unknown) {
      const unsigned bit = 1u << at.field;
      if ((seen & bit) != 0) return false;
      seen |= bit;
      if (!at.read_value(fields[at.field])) return false;
    } else {
      RawField ignored;
      if (!at.read_value(ignored)) return false;
      if (ignored.kind == FieldKind::number && !is_json_number(ignored.text)) return false;
      if (!unknown_keys_.add(at.key())) return false;
    }
  }
  return skip_space(at.p + 1, at.end) == at.end;
}

bool FastJson::read(std::string_view record, RawFields& fields) {
  if (record.size() > model::max_record_bytes) return false;
  if (records_without_guess_ != 0) {
    --records_without_guess_;
    return read_members<false>(record, fields);
  }
  missed_ = false;
  const bool read = read_members<true>(record, fields);
  misses_ = missed_ ? misses_ + 1 : 0;
  if (misses_ == misses_until_no_guess) {
    misses_ = 0;
    records_without_guess_ = no_guess_records;
  }
  return read;
}

}  // namespace bank::codec
