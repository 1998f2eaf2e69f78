// The quick way through a record that looks like most records do.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "codec/key_table.h"
#include "codec/record.h"

namespace bank::codec {

/// Reads a flat object of strings without escapes, plain decimal numbers, true, false and null, in any order, with any
/// spacing. It says yes only where it has checked everything that JsonObjectReader would check, and gives the same
/// fields; it says no to all that is wrong or merely unusual, and leaves the verdict to the plain parser.
///
/// It is quick because records of one stream are alike: what stood between two values of the last record (`, "amount":
/// `) most likely stands there again, and is then one comparison. As long as it does, the keys are those of a record
/// that was found to be good. A stream without a fixed order is noticed, and read without guessing.
class FastJson {
 public:
  /// `avx2`: whether to use it, where the processor has it.
  explicit FastJson(const KeyTable& keys, bool avx2 = true);

  /// `record` has 64 readable bytes behind it. False: nothing is known; `fields` are undefined.
  [[nodiscard]] bool read(std::string_view record, RawFields& fields);

 private:
  static constexpr std::size_t max_guesses = 16;

  // What stood in front of the value at one place of the last record, from the end of the value before on.
  struct Guess {
    alignas(32) std::array<char, padded_key_bytes> text{};
    std::uint32_t size_mask = 0;  // a bit for each byte of the text
    std::uint32_t size = 0;       // 0: no guess
    std::uint32_t field = 0;      // which field's key it holds, or KeyTable::unknown
    std::uint32_t key_begin = 0;
    std::uint32_t key_size = 0;
    // How long the string behind it was in the last record, and in how many records in a row that was so.
    std::uint32_t value_size = 0;
    std::uint32_t same_sizes = 0;
    [[nodiscard]] std::string_view key() const { return {text.data() + key_begin, key_size}; }
  };

  // The keys of a record that are no fields, to find one that comes twice.
  class UnknownKeys {
   public:
    void clear() { count_ = 0; }
    // False: it is there already, or there are too many to be quick about.
    bool add(std::string_view key);

   private:
    std::array<std::string_view, 32> keys_;
    std::size_t count_ = 0;
  };

  struct Cursor;
  template <typename Bytes>
  [[nodiscard, gnu::always_inline]] bool read_alike(Cursor& at, std::size_t& place, RawFields& fields);
  [[nodiscard]] bool read_alike_plain(Cursor& at, std::size_t& place, RawFields& fields);
  [[nodiscard]] bool read_alike_avx2(Cursor& at, std::size_t& place, RawFields& fields);
  [[nodiscard]] bool read_members(Cursor& at, std::size_t place, bool guessing, RawFields& fields);
  [[nodiscard]] bool read_record(std::string_view record, RawFields& fields);
  void learn(Guess& guess, const char* begin, const Cursor& cursor);

  KeyTable keys_;
  bool avx2_;
  std::array<Guess, max_guesses> guesses_{};
  std::size_t trusted_ = 0;  // so many of the guesses, from the first on, are from one good record: no key comes twice
  UnknownKeys unknown_keys_;
  bool missed_ = false;                      // some guess of this record was wrong, or there was none
  std::uint32_t misses_ = 0;                 // records in a row of which that was so
  std::uint32_t records_without_guess_ = 0;  // so many more are read without guessing
};

}  // namespace bank::codec
