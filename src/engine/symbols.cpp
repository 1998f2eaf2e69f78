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
      references_.push_back(0);
    } else {
      id = free_.back();
      free_.pop_back();
    }
    entries_[id] = Entry{.text = std::string(text), .hash = hash};
    text_bytes_ += text.size();
    index_.insert(hash, id);
  }
  ++references_[id];
  return id + 1;
}

void Symbols::release(std::uint32_t symbol) {
  if (symbol == null) return;
  BANK_ASSERT(references_[symbol - 1] > 0);
  if (--references_[symbol - 1] > 0) return;
  Entry& entry = entries_[symbol - 1];
  index_.erase(entry.hash, symbol - 1);
  text_bytes_ -= entry.text.size();
  std::string().swap(entry.text);  // an assignment would keep the memory of a long one
  free_.push_back(symbol - 1);
}

}  // namespace bank::engine
