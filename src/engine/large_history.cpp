#include "engine/large_history.h"

#include <algorithm>
#include <cstdlib>

#include "base/assert.h"

namespace bank::engine {

LargeHistory::LargeHistory(const Plan& plan, BlockPool& blocks, Symbols& symbols)
    : plan_(plan), blocks_(blocks), symbols_(symbols), distinct_(plan.distinct_queries().size()) {}

LargeHistory::~LargeHistory() {
  if (root_ != nullptr) drop(*root_);
}

const std::int64_t* LargeHistory::Ids::find(const Fingerprint& id) const {
  const std::uint32_t slot = index_.find(id.low, [&](std::uint32_t candidate) { return slots_[candidate].id == id; });
  return slot == HashIndex::none ? nullptr : &slots_[slot].time_us;
}

void LargeHistory::Ids::set(const Fingerprint& id, std::int64_t time_us) {
  std::uint32_t slot = index_.find(id.low, [&](std::uint32_t candidate) { return slots_[candidate].id == id; });
  if (slot == HashIndex::none) {
    if (free_.empty()) {
      slot = static_cast<std::uint32_t>(slots_.size());
      slots_.emplace_back();
    } else {
      slot = free_.back();
      free_.pop_back();
    }
    slots_[slot].id = id;
    index_.insert(id.low, slot);
  }
  slots_[slot].time_us = time_us;
}

void LargeHistory::Ids::remove(const Fingerprint& id, std::int64_t time_us) {
  const std::uint32_t slot = index_.find(id.low, [&](std::uint32_t candidate) { return slots_[candidate].id == id; });
  if (slot == HashIndex::none || slots_[slot].time_us != time_us) return;
  index_.erase(id.low, slot);
  free_.push_back(slot);
}

std::size_t LargeHistory::Ids::bytes() const {
  return index_.bytes() + slots_.capacity() * sizeof(Slot) + free_.capacity() * sizeof(std::uint32_t);
}

void LargeHistory::DistinctWindow::add(std::uint64_t value) {
  if (counts[value]++ == 0) ++distinct;
}

void LargeHistory::DistinctWindow::remove(std::uint64_t value) {
  const auto found = counts.find(value);
  BANK_ASSERT(found != counts.end() && found->second > 0);
  if (--found->second == 0) --distinct;
}

void LargeHistory::DistinctWindow::tidy() {
  if (counts.size() > 2 * distinct + 64) std::erase_if(counts, [](const auto& value) { return value.second == 0; });
}

LargeHistory::Child LargeHistory::child_of(std::unique_ptr<Node> node) {
  const std::int64_t first_us = node->first_us;
  const std::int64_t last_us = node->last_us;
  return {first_us, last_us, std::move(node)};
}

std::unique_ptr<LargeHistory::Node> LargeHistory::make_leaf() {
  auto leaf = std::make_unique<Node>();
  leaf->totals.resize(plan_.measures().size());
  leaf->block = blocks_.take(BlockPool::largest);
  return leaf;
}

void LargeHistory::insert(const Entry& entry) {
  if (root_ == nullptr) {
    root_ = make_leaf();
    first_leaf_last_us_ = entry.time_us;
  }
  if (auto sibling = insert(*root_, entry)) {
    auto root = std::make_unique<Node>();
    root->totals.resize(plan_.measures().size());
    root->children.push_back(child_of(std::move(root_)));
    root->children.push_back(child_of(std::move(sibling)));
    sum_up(*root);
    root_ = std::move(root);
  }
  const Node* first = root_.get();
  while (!first->leaf()) first = first->children.front().node.get();
  first_leaf_last_us_ = first->last_us;

  ids_.set(entry.id, entry.time_us);
  for (std::size_t i = 0; i < distinct_.size(); ++i) {
    const Query& query = plan_.queries()[plan_.distinct_queries()[i]];
    std::uint64_t key = 0;
    if (!distinct_key(query, entry, key)) continue;
    for (DistinctWindow& window : distinct_[i]) {
      if (entry.time_us >= window.from_us && entry.time_us <= window.to_us) window.add(key);
    }
  }
}

// Returns the new right-hand sibling, if the node was full.
std::unique_ptr<LargeHistory::Node> LargeHistory::insert(Node& node, const Entry& entry) {
  if (node.leaf()) return insert_into_leaf(node, entry);
  // The last child that may hold something not later than the entry; most often the very last.
  std::size_t at = node.children.size() - 1;
  while (at > 0 && node.children[at].first_us > entry.time_us) --at;
  Child& child = node.children[at];
  auto added = insert(*child.node, entry);
  child.first_us = child.node->first_us;
  child.last_us = child.node->last_us;
  if (added == nullptr) {
    add_to_totals(node, entry);
    return nullptr;
  }
  node.children.insert(node.children.begin() + static_cast<std::ptrdiff_t>(at) + 1, child_of(std::move(added)));
  if (node.children.size() <= fan_out) {
    add_to_totals(node, entry);
    return nullptr;
  }
  // Appending leaves full nodes behind; an entry in the middle splits evenly.
  const std::size_t keep = at + 2 == node.children.size() ? fan_out : fan_out / 2;
  auto sibling = std::make_unique<Node>();
  sibling->totals.resize(plan_.measures().size());
  std::move(node.children.begin() + static_cast<std::ptrdiff_t>(keep), node.children.end(),
            std::back_inserter(sibling->children));
  node.children.resize(keep);
  sum_up(node);
  sum_up(*sibling);
  return sibling;
}

std::unique_ptr<LargeHistory::Node> LargeHistory::insert_into_leaf(Node& leaf, const Entry& entry) {
  const std::int64_t* times = leaf.block.times();
  std::size_t at = leaf.entries;
  while (at > 0 && times[at - 1] > entry.time_us) --at;
  if (leaf.entries < BlockPool::largest) {
    leaf.block.move(at + 1, leaf.block, at, leaf.entries - at);
    leaf.block.put(at, entry);
    add_to_totals(leaf, entry);
    return nullptr;
  }
  auto sibling = make_leaf();
  const std::size_t keep = at == leaf.entries ? leaf.entries : BlockPool::largest / 2;
  sibling->block.move(0, leaf.block, keep, leaf.entries - keep);
  sibling->entries = leaf.entries - keep;
  leaf.entries = keep;
  Node& target = at > keep || at == BlockPool::largest ? *sibling : leaf;
  const std::size_t place = &target == &leaf ? at : at - keep;
  target.block.move(place + 1, target.block, place, target.entries - place);
  target.block.put(place, entry);
  ++target.entries;
  sum_up(leaf);
  sum_up(*sibling);
  return sibling;
}

// The entry is in the node's subtree already; brings the node's own figures up to date.
void LargeHistory::add_to_totals(Node& node, const Entry& entry) const {
  node.first_us = node.entries == 0 ? entry.time_us : std::min(node.first_us, entry.time_us);
  node.last_us = node.entries == 0 ? entry.time_us : std::max(node.last_us, entry.time_us);
  ++node.entries;
  for (std::size_t m = 0; m < node.totals.size(); ++m) {
    const Measure& measure = plan_.measures()[m];
    if (measure.flag != Measure::no_flag && (entry.words[measure.flag / 32] >> (measure.flag % 32) & 1) == 0) continue;
    if (measure.column == Measure::no_column) {
      ++node.totals[m].count;
    } else {
      node.totals[m].add(entry.values[measure.column], measure.needs);
    }
  }
}

// Works the node's figures out anew from its children or its entries.
void LargeHistory::sum_up(Node& node) const {
  std::fill(node.totals.begin(), node.totals.end(), Totals{});
  if (!node.leaf()) {
    node.first_us = node.children.front().first_us;
    node.last_us = node.children.back().last_us;
    node.entries = 0;
    for (const auto& child : node.children) {
      node.entries += child.node->entries;
      for (std::size_t m = 0; m < node.totals.size(); ++m) node.totals[m] += child.node->totals[m];
    }
    return;
  }
  node.first_us = node.block.times()[0];
  node.last_us = node.block.times()[node.entries - 1];
  for (std::size_t m = 0; m < node.totals.size(); ++m) {
    const Measure& measure = plan_.measures()[m];
    for (std::size_t i = 0; i < node.entries; ++i) {
      if (!in_measure(measure, node.block, i)) continue;
      if (measure.column == Measure::no_column) {
        ++node.totals[m].count;
      } else {
        node.totals[m].add(node.block.values(measure.column)[i], measure.needs);
      }
    }
  }
}

bool LargeHistory::in_measure(const Measure& measure, const Block& block, std::size_t at) const {
  return measure.flag == Measure::no_flag || (block.words(measure.flag / 32)[at] >> (measure.flag % 32) & 1) != 0;
}

void LargeHistory::prune(std::int64_t edge_us) {
  if (root_ == nullptr || first_leaf_last_us_ >= edge_us) return;
  forget_in_windows(edge_us);  // what leaves must not be counted any more
  if (prune(*root_, edge_us)) {
    root_.reset();
    return;
  }
  while (!root_->leaf() && root_->children.size() == 1) {
    auto child = std::move(root_->children.front().node);
    root_ = std::move(child);
  }
  const Node* first = root_.get();
  while (!first->leaf()) first = first->children.front().node.get();
  first_leaf_last_us_ = first->last_us;
}

// Whether all of the node went.
bool LargeHistory::prune(Node& node, std::int64_t edge_us) {
  if (node.last_us < edge_us) {
    drop(node);
    return true;
  }
  if (node.leaf() || node.first_us >= edge_us) return false;
  std::size_t gone = 0;
  while (prune(*node.children[gone].node, edge_us)) ++gone;
  node.children.erase(node.children.begin(), node.children.begin() + static_cast<std::ptrdiff_t>(gone));
  node.children.front().first_us = node.children.front().node->first_us;
  sum_up(node);
  return false;
}

void LargeHistory::drop(Node& node) {
  if (!node.leaf()) {
    for (auto& child : node.children) drop(*child.node);
    return;
  }
  for (std::size_t i = 0; i < node.entries; ++i) {
    // A later entry may have the id again, once the history had forgotten this one.
    ids_.remove({node.block.ids_low()[i], node.block.ids_high()[i]}, node.block.times()[i]);
    for (std::size_t w = plan_.flag_words(); w < plan_.layout().words; ++w) symbols_.release(node.block.words(w)[i]);
  }
  blocks_.give_back(node.block);
  node.entries = 0;
}

bool LargeHistory::holds(const Fingerprint& id, std::int64_t edge_us) const {
  const std::int64_t* time_us = ids_.find(id);
  return time_us != nullptr && *time_us >= edge_us;
}

Totals LargeHistory::totals(std::uint32_t measure, std::int64_t from_us, std::int64_t to_us) const {
  Totals sum;
  if (root_ != nullptr && from_us <= to_us) add_totals(*root_, measure, from_us, to_us, sum);
  return sum;
}

void LargeHistory::add_totals(const Node& node, std::uint32_t m, std::int64_t from_us, std::int64_t to_us,
                              Totals& sum) const {
  if (node.first_us >= from_us && node.last_us <= to_us) {
    sum += node.totals[m];
    return;
  }
  if (!node.leaf()) {
    for (const auto& child : node.children) {
      if (child.last_us >= from_us && child.first_us <= to_us) add_totals(*child.node, m, from_us, to_us, sum);
    }
    return;
  }
  const Measure& measure = plan_.measures()[m];
  const std::int64_t* times = node.block.times();
  for (std::size_t i = 0; i < node.entries; ++i) {
    if (times[i] < from_us || times[i] > to_us || !in_measure(measure, node.block, i)) continue;
    if (measure.column == Measure::no_column) {
      ++sum.count;
    } else {
      sum.add(node.block.values(measure.column)[i], measure.needs);
    }
  }
}

bool LargeHistory::distinct_key(const Query& query, const Block& block, std::size_t at, std::uint64_t& key) const {
  if (!in_measure(plan_.measures()[query.measure], block, at)) return false;
  if (query.by_symbol) {
    key = block.words(query.distinct_column)[at];
    return key != Symbols::null;
  }
  key = static_cast<std::uint64_t>(block.values(query.distinct_column)[at]);
  return true;
}

bool LargeHistory::distinct_key(const Query& query, const Entry& entry, std::uint64_t& key) const {
  const Measure& measure = plan_.measures()[query.measure];
  if (measure.flag != Measure::no_flag && (entry.words[measure.flag / 32] >> (measure.flag % 32) & 1) == 0)
    return false;
  if (query.by_symbol) {
    key = entry.words[query.distinct_column];
    return key != Symbols::null;
  }
  key = static_cast<std::uint64_t>(entry.values[query.distinct_column]);
  return true;
}

void LargeHistory::forget_in_windows(std::int64_t edge_us) {
  for (std::size_t i = 0; i < distinct_.size(); ++i) {
    const Query& query = plan_.queries()[plan_.distinct_queries()[i]];
    std::erase_if(distinct_[i], [&](const DistinctWindow& window) { return window.to_us < edge_us; });
    for (DistinctWindow& window : distinct_[i]) {
      if (window.from_us < edge_us) move_window(window, query, edge_us, window.to_us);
    }
  }
}

// The window that is best moved to [from_us, to_us]: one that is near, else one that nobody needed for long.
LargeHistory::DistinctWindow& LargeHistory::window_near(std::uint32_t distinct_index, std::int64_t from_us,
                                                        std::int64_t to_us) {
  auto& windows = distinct_[distinct_index];
  const auto distance = [&](const DistinctWindow& window) {
    return std::abs(window.from_us - from_us) + std::abs(window.to_us - to_us);
  };
  DistinctWindow* nearest = nullptr;
  DistinctWindow* oldest = nullptr;
  for (DistinctWindow& window : windows) {
    if (nearest == nullptr || distance(window) < distance(*nearest)) nearest = &window;
    if (oldest == nullptr || window.last_used < oldest->last_used) oldest = &window;
  }
  if (nearest != nullptr && distance(*nearest) <= (to_us - from_us) / 4) return *nearest;
  if (windows.size() < distinct_windows) return windows.emplace_back();
  return *oldest;
}

void LargeHistory::move_window(DistinctWindow& window, const Query& query, std::int64_t from_us,
                               std::int64_t to_us) const {
  std::uint64_t key = 0;
  const auto add = [&](std::int64_t first_us, std::int64_t last_us) {
    visit(first_us, last_us, [&](const Block& block, std::size_t at) {
      if (distinct_key(query, block, at, key)) window.add(key);
    });
  };
  const auto remove = [&](std::int64_t first_us, std::int64_t last_us) {
    visit(first_us, last_us, [&](const Block& block, std::size_t at) {
      if (distinct_key(query, block, at, key)) window.remove(key);
    });
  };
  if (from_us > window.to_us || to_us < window.from_us) {  // nothing in common
    window.counts.clear();
    window.distinct = 0;
    add(from_us, to_us);
  } else {
    remove(window.from_us, from_us - 1);  // ranges that end before they begin are empty
    remove(to_us + 1, window.to_us);
    add(from_us, window.from_us - 1);
    add(window.to_us + 1, to_us);
    window.tidy();
  }
  window.from_us = from_us;
  window.to_us = to_us;
}

LargeHistory::Distinct LargeHistory::distinct(std::uint32_t query_index, std::int64_t from_us, std::int64_t to_us,
                                              std::uint64_t own) {
  if (from_us > to_us) return {};  // a transaction older than the history's edge: nothing is kept for it
  const Query& query = plan_.queries()[query_index];
  DistinctWindow& window = window_near(query.distinct_index, from_us, to_us);
  window.last_used = ++questions_;
  move_window(window, query, from_us, to_us);
  const auto found = window.counts.find(own);
  return {window.distinct, found != window.counts.end() && found->second > 0};
}

LargeHistory::Place LargeHistory::latest(std::int64_t time_us, std::int64_t edge_us) const {
  if (root_ == nullptr || root_->first_us > time_us) return {};
  const Node* node = root_.get();
  while (!node->leaf()) {
    std::size_t at = node->children.size() - 1;
    while (node->children[at].first_us > time_us) --at;
    node = node->children[at].node.get();
  }
  std::size_t at = node->entries - 1;
  while (node->block.times()[at] > time_us) --at;
  if (node->block.times()[at] < edge_us) return {};
  return {node->block, at};
}

std::size_t LargeHistory::entries() const { return root_ == nullptr ? 0 : root_->entries; }

std::size_t LargeHistory::node_bytes(const Node& node) {
  std::size_t bytes = sizeof(Node) + node.totals.capacity() * sizeof(Totals) + node.children.capacity() * sizeof(Child);
  for (const auto& child : node.children) bytes += node_bytes(*child.node);
  return bytes;
}

std::size_t LargeHistory::bytes() const {
  std::size_t bytes = sizeof(*this) + ids_.bytes();
  // Nodes of a hash map: value and pointer, and the allocator's word.
  for (const auto& windows : distinct_) {
    for (const auto& window : windows) bytes += window.counts.size() * 40 + window.counts.bucket_count() * 8;
  }
  return root_ == nullptr ? bytes : bytes + node_bytes(*root_);
}

}  // namespace bank::engine
