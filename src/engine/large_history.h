// The history of an account with many entries.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "engine/block.h"
#include "engine/hash_index.h"
#include "engine/plan.h"
#include "engine/symbols.h"
#include "engine/totals.h"

namespace bank::engine {

/// A B+ tree over (event time, arrival) whose nodes carry the totals of what is below them, so that the totals of any
/// window, a late transaction's too, cost O(log n). Leaves are blocks of 64 entries. Ids are in a hash table. A
/// distinct count keeps how often each value stands in a few windows, which move with the transactions: what it looks
/// at are the entries by which the nearest of them has to move.
///
/// Entries leave a leaf at a time, so a few older than the history's edge may still be here: callers pass ranges within
/// the edge.
class LargeHistory {
 public:
  LargeHistory(const Plan& plan, BlockPool& blocks, Symbols& symbols);
  ~LargeHistory();
  LargeHistory(const LargeHistory&) = delete;
  LargeHistory& operator=(const LargeHistory&) = delete;

  /// Adds an entry behind all that are not later. Its symbols' references become the history's.
  void insert(const Entry& entry);

  /// Drops leaves whose entries are all older than `edge_us`.
  void prune(std::int64_t edge_us);

  /// Whether an entry not older than `edge_us` has this id.
  [[nodiscard]] bool holds(const Fingerprint& id, std::int64_t edge_us) const;

  /// Totals of a measure over the entries in [from_us, to_us].
  [[nodiscard]] Totals totals(std::uint32_t measure, std::int64_t from_us, std::int64_t to_us) const;

  /// Distinct values of a distinct query over [from_us, to_us]; none where that ends before it begins.
  struct Distinct {
    std::uint64_t count = 0;
    bool has_own = false;  ///< Whether `own` is among them.
  };
  [[nodiscard]] Distinct distinct(std::uint32_t query, std::int64_t from_us, std::int64_t to_us, std::uint64_t own);

  /// Calls visit(block, index) for the entries in [from_us, to_us], earliest first.
  template <typename Visit>
  void visit(std::int64_t from_us, std::int64_t to_us, Visit&& visit_entry) const {
    if (root_ != nullptr && from_us <= to_us) visit_node(*root_, from_us, to_us, visit_entry);
  }

  /// The latest entry not later than `time_us` and not older than `edge_us`, as (block, index); a null block without
  /// one.
  struct Place {
    Block block;
    std::size_t index = 0;
  };
  [[nodiscard]] Place latest(std::int64_t time_us, std::int64_t edge_us) const;

  [[nodiscard]] std::size_t entries() const;
  /// Without the blocks, which the pool counts.
  [[nodiscard]] std::size_t bytes() const;

 private:
  static constexpr std::size_t fan_out = 32;

  struct Node;
  struct Child {  // with its bounds, so that a search touches only the children that it goes into
    std::int64_t first_us = 0;
    std::int64_t last_us = 0;
    std::unique_ptr<Node> node;
  };
  struct Node {
    std::int64_t first_us = 0;
    std::int64_t last_us = 0;
    std::uint64_t entries = 0;
    std::vector<Totals> totals;   // one for each measure
    std::vector<Child> children;  // inner nodes
    Block block;                  // leaves; entries [0, entries)
    [[nodiscard]] bool leaf() const { return children.empty(); }
  };
  /// Ids with the event time of the last entry that has each.
  class Ids {
   public:
    [[nodiscard]] const std::int64_t* find(const Fingerprint& id) const;
    void set(const Fingerprint& id, std::int64_t time_us);
    /// Removes the id, if its time is still this one.
    void remove(const Fingerprint& id, std::int64_t time_us);
    [[nodiscard]] std::size_t bytes() const;

   private:
    struct Slot {
      Fingerprint id;
      std::int64_t time_us = 0;
    };
    HashIndex index_;
    std::vector<Slot> slots_;
    std::vector<std::uint32_t> free_;
  };
  /// How often each value stands in a window, which a question moves to where it asks. Values that left stay for a
  /// while with 0, so that those which come and go do not cost memory management.
  struct DistinctWindow {
    std::int64_t from_us = 0;  // the entries in [from_us, to_us] are counted
    std::int64_t to_us = -1;
    std::uint64_t last_used = 0;
    std::uint64_t distinct = 0;  // values with a count above 0
    std::unordered_map<std::uint64_t, std::uint64_t> counts;
    void add(std::uint64_t value);
    void remove(std::uint64_t value);
    void tidy();
  };
  /// Several for each query: a transaction that runs ahead, or a second feed with a delay of its own, gets a window of
  /// its own instead of dragging the others' to and fro.
  static constexpr std::size_t distinct_windows = 4;

  std::unique_ptr<Node> make_leaf();
  std::unique_ptr<Node> insert(Node& node, const Entry& entry);
  std::unique_ptr<Node> insert_into_leaf(Node& leaf, const Entry& entry);
  void add_to_totals(Node& node, const Entry& entry) const;
  void sum_up(Node& node) const;
  bool prune(Node& node, std::int64_t edge_us);
  void drop(Node& node);
  void add_totals(const Node& node, std::uint32_t measure, std::int64_t from_us, std::int64_t to_us, Totals& sum) const;
  [[nodiscard]] bool in_measure(const Measure& measure, const Block& block, std::size_t at) const;
  static Child child_of(std::unique_ptr<Node> node);
  [[nodiscard]] bool distinct_key(const Query& query, const Block& block, std::size_t at, std::uint64_t& key) const;
  [[nodiscard]] bool distinct_key(const Query& query, const Entry& entry, std::uint64_t& key) const;
  [[nodiscard]] DistinctWindow& window_near(std::uint32_t distinct_index, std::int64_t from_us, std::int64_t to_us);
  void move_window(DistinctWindow& window, const Query& query, std::int64_t from_us, std::int64_t to_us) const;
  void forget_in_windows(std::int64_t edge_us);
  [[nodiscard]] static std::size_t node_bytes(const Node& node);

  template <typename Visit>
  void visit_node(const Node& node, std::int64_t from_us, std::int64_t to_us, Visit& visit_entry) const {
    if (!node.leaf()) {
      for (const auto& child : node.children) {
        if (child.last_us >= from_us && child.first_us <= to_us) visit_node(*child.node, from_us, to_us, visit_entry);
      }
      return;
    }
    const std::int64_t* times = node.block.times();
    for (std::size_t i = 0; i < node.entries; ++i) {
      if (times[i] >= from_us && times[i] <= to_us) visit_entry(node.block, i);
    }
  }

  const Plan& plan_;
  BlockPool& blocks_;
  Symbols& symbols_;
  std::unique_ptr<Node> root_;
  std::int64_t first_leaf_last_us_ = 0;
  Ids ids_;
  std::vector<std::vector<DistinctWindow>> distinct_;  // for each of the plan's distinct queries
  std::uint64_t questions_ = 0;
};

}  // namespace bank::engine
