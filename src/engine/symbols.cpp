#include "engine/symbols.h"

#include "base/assert.h"
#include "base/hash.h"
#include "engine/text.h"

namespace bank::engine {

std::uint32_t Symbols::acquire(std::string_view text) {
  const std::uint64_t hash = hash64(text);
  std::uint32_t id =
      index_.find(hash, [&](std::uint32_t candidate) { return equal_texts(entries_[candidate].text, text); });
  if (id == HashIndex::none) {
    if (free_.empty()) {
      id = static_cast<std::uint32_t>(entries_.size());
      entries_.emplace_back();
    } else {
      id = free_.back();
      free_.pop_back();
    }
    entries_[id] = Entry{std::string(text), hash, 0};
    text_bytes_ += text.size();
    index_.insert(hash, id);
  }
  ++entries_[id].references;
  return id + 1;
}

void Symbols::release(std::uint32_t symbol) {
  if (symbol == null) return;
  Entry& entry = entries_[symbol - 1];
  BANK_ASSERT(entry.references > 0);
  if (--entry.references > 0) return;
  index_.erase(entry.hash, symbol - 1);
  text_bytes_ -= entry.text.size();
  entry.text = std::string();
  free_.push_back(symbol - 1);
}

}  // namespace bank::engine
