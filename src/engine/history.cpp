#include "engine/history.h"

#include <algorithm>
#include <new>

#include "base/assert.h"
#include "base/huge_pages.h"
#include "engine/text.h"

namespace bank::engine {

AccountKey::AccountKey(std::string_view text) : size_(static_cast<std::uint8_t>(text.size())) {
  BANK_ASSERT(text.size() <= model::max_account_number_bytes);
  if (text.size() <= in_place) {
    std::memcpy(bytes_, text.data(), text.size());
  } else {
    char* copy = new char[text.size()];
    std::memcpy(copy, text.data(), text.size());
    std::memcpy(bytes_, &copy, sizeof copy);
  }
}

Histories::Histories(const Plan& plan) : plan_(plan), blocks_(plan.layout()) {}

Histories::~Histories() {
  visit_accounts([this](Account& account) {
    empty(account);
    account.~Account();
  });
}

Entry Histories::make_entry() const {
  Entry entry;
  entry.values.resize(plan_.layout().values);
  entry.words.resize(plan_.layout().words);
  return entry;
}

std::uint32_t Histories::prefetch_account(std::uint64_t hash) const {
  const std::uint32_t id = index_.guess(hash);
  if (id != HashIndex::none) __builtin_prefetch(&at(id));
  return id;
}

void Histories::prefetch_entries(std::uint32_t likely_account) const {
  if (likely_account == HashIndex::none) return;
  const Account& account = at(likely_account);
  if (account.data() == nullptr || account.is_large()) return;
  // All of a small block. Of a larger one the times and the first halves of the ids, which every judgement looks at; of
  // the other columns the place of the next entry, and of the symbols' that of the oldest, which may have to go.
  const Layout& layout = plan_.layout();
  const std::size_t capacity = account.capacity();
  const std::size_t bytes = capacity * layout.entry_bytes();
  const char* data = static_cast<const char*>(account.data());
  const std::size_t front = bytes <= 512 ? bytes : 16 * capacity;
  for (std::size_t at = 0; at < front; at += 64) __builtin_prefetch(data + at);
  if (front == bytes) return;
  const Block block = account.block(blocks_);
  const std::size_t next = account.begin() + account.size();
  __builtin_prefetch(block.ids_high() + next);
  for (std::size_t i = 0; i < layout.values; ++i) __builtin_prefetch(block.values(i) + next);
  for (std::size_t i = 0; i < layout.words; ++i) __builtin_prefetch(block.words(i) + next);
  for (std::size_t i = plan_.flag_words(); i < layout.words; ++i) __builtin_prefetch(block.words(i) + account.begin());
}

Account* Histories::find(std::string_view number, std::uint64_t hash) {
  const std::uint32_t id =
      index_.find(hash, [&](std::uint32_t candidate) { return equal_texts(at(candidate).number(), number); });
  return id == HashIndex::none ? nullptr : &at(id);
}

const Account* Histories::find(std::string_view number, std::uint64_t hash) const {
  const std::uint32_t id =
      index_.find(hash, [&](std::uint32_t candidate) { return equal_texts(at(candidate).number(), number); });
  return id == HashIndex::none ? nullptr : &at(id);
}

Account& Histories::find_or_add(std::string_view number, std::uint64_t hash) {
  if (Account* found = find(number, hash)) return *found;
  std::uint32_t id = 0;
  if (free_.empty()) {
    id = static_cast<std::uint32_t>(used_.size());
    BANK_ASSERT(id != HashIndex::none);
    if (id == chunks_.size() * chunk) add_chunks();
    used_.push_back(true);
  } else {
    id = free_.back();
    free_.pop_back();
    used_[id] = true;
  }
  index_.insert(hash, id);
  return *new (chunks_[id / chunk][id % chunk].bytes) Account(number, hash);
}

void Histories::add_chunks() {
  constexpr std::size_t chunk_bytes = chunk * sizeof(Slot);
  const bool huge = chunks_.size() >= small_chunks;
  const std::size_t bytes = huge ? huge_page_bytes : chunk_bytes;
  auto* slots = static_cast<Slot*>(huge ? allocate_huge_pages(bytes) : std::aligned_alloc(alignof(Slot), bytes));
  if (slots == nullptr) throw std::bad_alloc();
  chunk_memory_.emplace_back(slots);
  for (std::size_t at = 0; at < bytes; at += chunk_bytes) chunks_.push_back(slots + at / sizeof(Slot));
}

void Histories::remove(Account& account) {
  const std::uint32_t id =
      index_.find(account.hash(), [&](std::uint32_t candidate) { return &at(candidate) == &account; });
  BANK_ASSERT(id != HashIndex::none);
  index_.erase(account.hash(), id);
  empty(account);
  account.~Account();
  used_[id] = false;
  free_.push_back(id);
}

void Histories::empty(Account& account) {
  if (account.large_) {
    delete &account.large();
  } else if (account.data_ != nullptr) {
    drop_front(account, account.size_);
    blocks_.give_back(account.block(blocks_));
  }
  account.data_ = nullptr;
  account.begin_ = account.size_ = account.capacity_ = 0;
  account.large_ = false;
}

bool Histories::holds(const Account& account, const Fingerprint& id, std::int64_t edge_us) const {
  if (account.large_) return account.large().holds(id, edge_us);
  const Block block = account.block(blocks_);
  const std::uint64_t* low = block.ids_low() + account.begin_;
  bool maybe = false;  // without a way out of the loop, it becomes a few vector instructions
  for (std::size_t i = 0; i < account.size_; ++i) maybe |= low[i] == id.low;
  if (!maybe) return false;
  for (std::size_t i = account.begin_; i < std::size_t{account.begin_} + account.size_; ++i) {
    if (block.ids_low()[i] == id.low && block.ids_high()[i] == id.high && block.times()[i] >= edge_us) return true;
  }
  return false;
}

void Histories::prune(Account& account, std::int64_t edge_us) {
  if (account.large_) {
    account.large().prune(edge_us);
    if (account.large().entries() <= BlockPool::largest / 4) make_small(account, edge_us);
    return;
  }
  const std::int64_t* times = account.block(blocks_).times() + account.begin_;
  std::size_t gone = 0;
  while (gone < account.size_ && times[gone] < edge_us) ++gone;
  if (gone > 0) drop_front(account, gone);
}

void Histories::drop_front(Account& account, std::size_t count) {
  const Block block = account.block(blocks_);
  for (std::size_t w = plan_.flag_words(); w < plan_.layout().words; ++w) {
    for (std::size_t i = 0; i < count; ++i) symbols_.release(block.words(w)[account.begin_ + i]);
  }
  account.size_ = static_cast<std::uint8_t>(account.size_ - count);
  account.begin_ = static_cast<std::uint8_t>(account.size_ == 0 ? 0 : account.begin_ + count);
}

void Histories::insert(Account& account, const Entry& entry) {
  if (!account.large_ && account.size_ == BlockPool::largest) make_large(account);
  if (account.large_) {
    account.large().insert(entry);
    return;
  }
  if (account.begin_ + account.size_ == account.capacity_) make_room(account);
  const Block block = account.block(blocks_);
  const std::int64_t* times = block.times();
  const std::size_t end = std::size_t{account.begin_} + account.size_;
  std::size_t place = end;
  while (place > account.begin_ && times[place - 1] > entry.time_us) --place;
  if (place < end) block.move(place + 1, block, place, end - place);
  block.put(place, entry);
  ++account.size_;
}

// Moves the entries to the front of a block in which about a fifth is free, theirs or one of another size.
void Histories::make_room(Account& account) {
  const std::size_t wanted = std::min(account.size_ + std::size_t{account.size_} / 4 + 1, BlockPool::largest);
  const std::size_t capacity = BlockPool::capacity_for(wanted);
  const Block old = account.block(blocks_);
  if (account.data_ != nullptr && capacity == account.capacity_) {
    old.move(0, old, account.begin_, account.size_);
  } else {
    const Block fresh = blocks_.take(capacity);
    if (account.data_ != nullptr) {
      fresh.move(0, old, account.begin_, account.size_);
      blocks_.give_back(old);
    }
    account.data_ = fresh.bytes();
    account.capacity_ = static_cast<std::uint8_t>(capacity);
  }
  account.begin_ = 0;
}

void Histories::make_large(Account& account) {
  auto large = std::make_unique<LargeHistory>(plan_, blocks_, symbols_);
  Entry entry = make_entry();
  const Block block = account.block(blocks_);
  for (std::size_t i = account.begin_; i < std::size_t{account.begin_} + account.size_; ++i) {
    block.get(i, entry);
    large->insert(entry);
  }
  blocks_.give_back(block);
  account.data_ = large.release();
  account.begin_ = account.size_ = account.capacity_ = 0;
  account.large_ = true;
}

void Histories::make_small(Account& account, std::int64_t edge_us) {
  const std::unique_ptr<LargeHistory> large(&account.large());
  account.data_ = nullptr;
  account.large_ = false;
  Entry entry = make_entry();
  large->visit(edge_us, INT64_MAX, [&](const Block& block, std::size_t at) {
    block.get(at, entry);
    for (std::size_t w = plan_.flag_words(); w < plan_.layout().words; ++w) symbols_.retain(entry.words[w]);
    insert(account, entry);
  });
}

std::size_t Histories::entries() const {
  std::size_t sum = 0;
  visit_accounts(
      [&](const Account& account) { sum += account.is_large() ? account.large().entries() : account.size(); });
  return sum;
}

bool Histories::mostly_left_behind() const {
  constexpr std::size_t worth_it = std::size_t{1} << 20;
  const std::size_t all = chunks_.size() * chunk * sizeof(Slot) + blocks_.bytes();
  return all >= worth_it && free_.size() * sizeof(Slot) + blocks_.free_bytes() > all / 2;
}

std::size_t Histories::bytes() const {
  std::size_t sum = index_.bytes() + chunks_.size() * chunk * sizeof(Slot) + blocks_.bytes() + symbols_.bytes();
  visit_accounts([&](const Account& account) {
    sum += account.heap_bytes();
    if (account.is_large()) sum += account.large().bytes();
  });
  return sum;
}

}  // namespace bank::engine
