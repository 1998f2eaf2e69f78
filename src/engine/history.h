// An account and its history, small or large.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include "engine/block.h"
#include "engine/large_history.h"
#include "engine/text.h"

namespace bank::engine {

/// The account's number: up to 23 bytes in place, a longer one on the heap.
class AccountKey {
 public:
  explicit AccountKey(std::string_view text);
  ~AccountKey() { clear(); }
  AccountKey(const AccountKey&) = delete;
  AccountKey& operator=(const AccountKey&) = delete;

  [[nodiscard]] std::string_view view() const { return {size_ <= in_place ? bytes_ : heap(), size_}; }
  [[nodiscard]] std::size_t heap_bytes() const { return size_ <= in_place ? 0 : size_; }

 private:
  static constexpr std::size_t in_place = 23;
  [[nodiscard]] char* heap() const {
    char* pointer;
    std::memcpy(&pointer, bytes_, sizeof pointer);
    return pointer;
  }
  void clear() {
    if (size_ > in_place) delete[] heap();
  }
  std::uint8_t size_ = 0;
  char bytes_[in_place] = {};
};

/// One account, 64 bytes: a cache line. While it has at most 64 entries they stand in one block, in the order of (event
/// time, arrival); beyond that in a LargeHistory.
class alignas(64) Account {
 public:
  Account(std::string_view number, std::uint64_t hash) : key_(number), hash_(hash) {}
  Account(const Account&) = delete;
  Account& operator=(const Account&) = delete;

  [[nodiscard]] std::string_view number() const { return key_.view(); }
  [[nodiscard]] std::uint64_t hash() const { return hash_; }
  [[nodiscard]] std::size_t heap_bytes() const { return key_.heap_bytes(); }

  static constexpr std::int64_t nothing_yet = INT64_MIN;
  std::int64_t newest_us = nothing_yet;  ///< The largest event time shown so far.

  [[nodiscard]] bool is_large() const { return large_; }
  [[nodiscard]] LargeHistory& large() const { return *static_cast<LargeHistory*>(data_); }
  /// Small only: the entries are [begin(), begin() + size()) of the block.
  [[nodiscard]] Block block(const BlockPool& pool) const {
    return pool.view(static_cast<std::byte*>(data_), capacity_);
  }
  [[nodiscard]] std::size_t begin() const { return begin_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// For prefetching: the memory behind a small history.
  [[nodiscard]] const void* data() const { return data_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }

 private:
  friend class Histories;
  AccountKey key_;
  std::uint64_t hash_;
  void* data_ = nullptr;  // the block's bytes, or a LargeHistory
  std::uint8_t begin_ = 0;
  std::uint8_t size_ = 0;
  std::uint8_t capacity_ = 0;
  bool large_ = false;
};
static_assert(sizeof(Account) == 64);

/// All that is kept, and how it is changed. What is asked of it is in evaluate.h.
class Histories {
 public:
  explicit Histories(const Plan& plan);
  ~Histories();
  Histories(const Histories&) = delete;
  Histories& operator=(const Histories&) = delete;

  void prefetch_index(std::uint64_t hash) const { index_.prefetch(hash); }
  /// Prefetches the account itself; its likely id, or HashIndex::none.
  [[nodiscard]] std::uint32_t prefetch_account(std::uint64_t hash) const;
  void prefetch_entries(std::uint32_t likely_account) const;

  [[nodiscard]] Account* find(std::string_view number, std::uint64_t hash);
  [[nodiscard]] const Account* find(std::string_view number, std::uint64_t hash) const;
  [[nodiscard]] Account& find_or_add(std::string_view number, std::uint64_t hash);
  /// The same, looking first at what prefetch_account() said; nothing was removed since.
  [[nodiscard]] Account& find_or_add(std::string_view number, std::uint64_t hash, std::uint32_t likely) {
    if (likely != HashIndex::none) {
      Account& account = at(likely);
      if (account.hash() == hash && equal_texts(account.number(), number)) return account;
    }
    return find_or_add(number, hash);
  }
  void remove(Account& account);

  /// Whether an entry not older than `edge_us` has the id.
  [[nodiscard]] bool holds(const Account& account, const Fingerprint& id, std::int64_t edge_us) const;
  /// Forgets entries older than `edge_us` (a large history may keep a few: see LargeHistory).
  void prune(Account& account, std::int64_t edge_us);
  /// Adds an entry; its symbols' references become the history's.
  void insert(Account& account, const Entry& entry);
  /// Calls visit(entry) for each entry not older than `edge_us`, in order.
  template <typename Visit>
  void visit(const Account& account, std::int64_t edge_us, Visit&& visit_entry) const;
  /// Calls visit(account) for each account, in no particular order. The account may be removed by it.
  template <typename Visit>
  void visit_accounts(Visit&& visit_account);
  template <typename Visit>
  void visit_accounts(Visit&& visit_account) const;

  [[nodiscard]] const BlockPool& blocks() const { return blocks_; }
  [[nodiscard]] Symbols& symbols() { return symbols_; }
  [[nodiscard]] const Symbols& symbols() const { return symbols_; }
  [[nodiscard]] std::size_t accounts() const { return index_.size(); }
  [[nodiscard]] std::size_t entries() const;
  [[nodiscard]] std::size_t bytes() const;
  /// Whether most of it is what accounts have left behind. That is used again, but given back only with all the rest.
  [[nodiscard]] bool mostly_left_behind() const;
  [[nodiscard]] Entry make_entry() const;

 private:
  // Accounts never move. They stand in chunks: a few small ones, then whole huge pages of them, cut into chunks too.
  static constexpr std::size_t chunk = 256;
  static constexpr std::size_t small_chunks = 64;
  struct Slot {
    alignas(Account) std::byte bytes[sizeof(Account)];
    [[nodiscard]] Account& account() { return *std::launder(reinterpret_cast<Account*>(bytes)); }
    [[nodiscard]] const Account& account() const { return *std::launder(reinterpret_cast<const Account*>(bytes)); }
  };

  struct Free {
    void operator()(Slot* slots) const { std::free(slots); }
  };

  [[nodiscard]] Account& at(std::uint32_t id) { return chunks_[id / chunk][id % chunk].account(); }
  [[nodiscard]] const Account& at(std::uint32_t id) const { return chunks_[id / chunk][id % chunk].account(); }
  void add_chunks();
  void empty(Account& account);
  void drop_front(Account& account, std::size_t count);
  void make_room(Account& account);
  void make_large(Account& account);
  void make_small(Account& account, std::int64_t edge_us);

  const Plan& plan_;
  BlockPool blocks_;
  Symbols symbols_;
  HashIndex index_;
  std::vector<Slot*> chunks_;
  std::vector<std::unique_ptr<Slot, Free>> chunk_memory_;
  std::vector<bool> used_;
  std::vector<std::uint32_t> free_;
};

template <typename Visit>
void Histories::visit(const Account& account, std::int64_t edge_us, Visit&& visit_entry) const {
  Entry entry = make_entry();
  const auto visit_place = [&](const Block& block, std::size_t at) {
    block.get(at, entry);
    visit_entry(static_cast<const Entry&>(entry));
  };
  if (account.is_large()) {
    account.large().visit(edge_us, INT64_MAX, visit_place);
    return;
  }
  const Block block = account.block(blocks_);
  for (std::size_t i = account.begin(); i < account.begin() + account.size(); ++i) {
    if (block.times()[i] >= edge_us) visit_place(block, i);
  }
}

template <typename Visit>
void Histories::visit_accounts(Visit&& visit_account) {
  for (std::uint32_t id = 0; id < used_.size(); ++id) {
    if (used_[id]) visit_account(at(id));
  }
}

template <typename Visit>
void Histories::visit_accounts(Visit&& visit_account) const {
  for (std::uint32_t id = 0; id < used_.size(); ++id) {
    if (used_[id]) visit_account(at(id));
  }
}

}  // namespace bank::engine
