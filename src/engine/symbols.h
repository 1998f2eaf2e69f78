// The texts that histories hold, each kept once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/hash_index.h"

namespace bank::engine {

/// A number for each distinct text in use; equal numbers mean equal texts. 0 is null. Counted references: a text that
/// no entry holds any more is forgotten, so that the table is bounded by the live histories.
class Symbols {
 public:
  static constexpr std::uint32_t null = 0;

  /// The text's symbol, with one reference more.
  [[nodiscard]] std::uint32_t acquire(std::string_view text);
  /// One reference more to a symbol that is referenced. Null is let through.
  void retain(std::uint32_t symbol) {
    if (symbol != null) ++references_[symbol - 1];
  }
  /// One reference less. Null is let through.
  void release(std::uint32_t symbol);
  /// The text of a symbol that is referenced; a view without data for null.
  [[nodiscard]] std::string_view text(std::uint32_t symbol) const {
    return symbol == null ? std::string_view{} : std::string_view(entries_[symbol - 1].text);
  }

  [[nodiscard]] std::size_t size() const { return index_.size(); }
  [[nodiscard]] std::size_t bytes() const {
    return index_.bytes() + entries_.capacity() * sizeof(Entry) + references_.capacity() * sizeof(std::uint64_t) +
           text_bytes_;
  }

 private:
  struct Entry {
    std::string text;
    std::uint64_t hash = 0;
  };

  HashIndex index_;
  std::vector<Entry> entries_;
  std::vector<std::uint64_t> references_;  // of each; apart, since every entry that comes or goes changes some
  std::vector<std::uint32_t> free_;
  std::size_t text_bytes_ = 0;
};

}  // namespace bank::engine
