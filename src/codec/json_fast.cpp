#include "codec/json_fast.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "codec/json_reader.h"
#include "codec/scan.h"
#include "codec/utf8.h"

namespace bank::codec {
namespace {

constexpr std::uint32_t misses_until_no_guess = 16;
constexpr std::uint32_t no_guess_records = 1024;

constexpr std::uint32_t steady = 16;  // from so many sizes in a row on, the next is expected to be the same

// The compiler shall not see what the pointer was made of, and so not make it of something that comes later.
[[gnu::always_inline]] inline void hide_origin(const char*& p) { asm("" : "+r"(p)); }

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
  const std::uint32_t stops = Plain32::ascii_string_stops(p);
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

[[gnu::always_inline]] inline bool is_null(const char* p) {  // four bytes are readable
  std::uint32_t word;
  std::memcpy(&word, p, sizeof word);
  constexpr std::array<char, 4> null = {'n', 'u', 'l', 'l'};
  return word == std::bit_cast<std::uint32_t>(null);
}

// A number that the fields' own rules will not look at.
bool is_json_number(std::string_view text) {
  const char* const end = text.data() + text.size();
  return skip_json_number(text.data(), end) == end;
}

bool use_avx2([[maybe_unused]] bool wanted) {
#if defined(BANK_CODEC_AVX2)
  return wanted && has_avx2();
#else
  return false;
#endif
}

}  // namespace

FastJson::FastJson(const KeyTable& keys, bool avx2) : keys_(keys), avx2_(use_avx2(avx2)) {}

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

  // The value at p, and p behind it, or undefined where there is none for this reader.
  [[gnu::always_inline]] bool read_value(RawField& out) {
    if (*p == '"') {
      const char* const begin = p + 1;
      const char* const quote = find_quote(begin, end);
      if (quote == nullptr) return false;
      out = {std::string_view(begin, quote), FieldKind::text};
      p = quote + 1;
      return true;
    }
    if (is_null(p)) {
      out = {{}, FieldKind::null};
      p += 4;
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

// Reads members for as long as what stands between the values is what is trusted, and each value is a short string of
// ASCII, a plain number or null. `at` and `place` are then at the first member that is another, or at the end. Calls
// nothing, so that all it works with stays in registers. True: `at` stands at that member's value already.
template <typename Bytes>
inline bool FastJson::read_alike(Cursor& at, std::size_t& place, RawFields& fields) {
  const char* p = at.p;
  const char* const end = at.end;
  Guess* guess = guesses_.data() + place;
  const Guess* const guesses_end = guesses_.data() + trusted_;
  RawField ignored;
  bool at_value = false;
  for (; guess != guesses_end; ++guess) {
    const std::uint32_t equal = Bytes::equal_bytes(p, guess->text.data());
    const char* const value = p + guess->size;
    if ((equal & guess->size_mask) != guess->size_mask || value >= end) break;
    const char first = *value;
    RawField& out = guess->field != KeyTable::unknown ? fields.data()[guess->field] : ignored;
    if (first == '"') {
      const char* const begin = value + 1;
      const std::uint32_t stops = Bytes::ascii_string_stops(begin);
      const auto size = static_cast<std::uint32_t>(std::countr_zero(stops));  // 32 where there is none
      if (guess->same_sizes >= steady) {
        // The next member is begun without waiting for this one's size: the processor takes it that it is the same.
        const char* expected = begin + guess->value_size;
        hide_origin(expected);
        if (size == guess->value_size && *expected == '"' && expected < end) [[likely]] {
          out = {std::string_view(begin, expected), FieldKind::text};
          p = expected + 1;
          continue;
        }
        guess->same_sizes = 0;
      }
      const char* const stop = begin + size;
      at_value = stops == 0 || *stop != '"' || stop >= end;
      p = at_value ? value : stop + 1;
      if (at_value) break;
      guess->same_sizes = size == guess->value_size ? guess->same_sizes + 1 : 0;
      guess->value_size = size;
      out = {std::string_view(begin, stop), FieldKind::text};
    } else if (is_null(value)) {
      out = {{}, FieldKind::null};
      p = value + 4;
    } else {
      const unsigned stops = number_stops(value);
      if (first < '0' || first > '9' || stops == 0 || guess->field == KeyTable::unknown) {
        // A space: the layout is another, and to be learned.
        at_value = !is_space(first);
        if (at_value) p = value;
        break;
      }
      const char* const behind = value + std::countr_zero(stops);
      out = {std::string_view(value, behind), FieldKind::number};
      p = behind;
    }
  }
  at.p = p;
  place = static_cast<std::size_t>(guess - guesses_.data());
  return at_value;
}

[[gnu::noinline]] bool FastJson::read_alike_plain(Cursor& at, std::size_t& place, RawFields& fields) {
  return read_alike<Plain32>(at, place, fields);
}

#if defined(BANK_CODEC_AVX2)
[[gnu::noinline, gnu::target("avx2,bmi,bmi2")]] bool FastJson::read_alike_avx2(Cursor& at, std::size_t& place,
                                                                               RawFields& fields) {
  return read_alike<Avx2>(at, place, fields);
}
#endif

// Reads the members from number `place` on; those before it are as guessed.
bool FastJson::read_members(Cursor& at, std::size_t place, bool guessing, RawFields& fields) {
  unknown_keys_.clear();
  unsigned seen = 0;
  for (std::size_t i = 0; i < place; ++i) {
    const Guess& guess = guesses_[i];
    if (guess.field != KeyTable::unknown) {
      seen |= 1u << guess.field;
    } else if (!unknown_keys_.add(guess.key())) {
      return false;
    }
  }
  for (;; ++place) {
    if (at.p >= at.end) return false;
    if (*at.p == '}' && place != 0) break;
    const char* const begin = at.p;
    Guess* const guess = guessing && place < max_guesses ? &guesses_[place] : nullptr;
    if (guess != nullptr && guess->size != 0 && equal_where(begin, guess->text.data(), guess->size_mask) &&
        !is_space(begin[guess->size])) {
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
      trusted_ = std::min(trusted_, place);
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
  if (guessing) {
    // No key came twice; so none does in the guesses up to the first place that could not be learned.
    trusted_ = 0;
    while (trusted_ < std::min(place, max_guesses) && guesses_[trusted_].size != 0) ++trusted_;
  }
  return skip_space(at.p + 1, at.end) == at.end;
}

bool FastJson::read_record(std::string_view record, RawFields& fields) {
  Cursor at{record.data(), record.data() + record.size()};
  std::size_t place = 0;
#if defined(BANK_CODEC_AVX2)
  const auto read_alike = avx2_ ? &FastJson::read_alike_avx2 : &FastJson::read_alike_plain;
#else
  const auto read_alike = &FastJson::read_alike_plain;
#endif
  while ((this->*read_alike)(at, place, fields)) {
    const std::size_t field = guesses_[place++].field;
    RawField ignored;
    RawField& out = field != KeyTable::unknown ? fields[field] : ignored;
    if (!at.read_value(out)) return false;
    if (field == KeyTable::unknown && out.kind == FieldKind::number && !is_json_number(out.text)) return false;
  }
  if (place != 0 && at.p + 1 == at.end && *at.p == '}') return true;
  return read_members(at, place, true, fields);
}

bool FastJson::read(std::string_view record, RawFields& fields) {
  if (record.size() > model::max_record_bytes) return false;
  if (records_without_guess_ != 0) {
    --records_without_guess_;
    Cursor at{record.data(), record.data() + record.size()};
    return read_members(at, 0, false, fields);
  }
  missed_ = false;
  const bool read = read_record(record, fields);
  misses_ = missed_ ? misses_ + 1 : 0;
  if (misses_ == misses_until_no_guess) {
    misses_ = 0;
    records_without_guess_ = no_guess_records;
  }
  return read;
}

}  // namespace bank::codec
