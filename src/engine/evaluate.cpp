#include "engine/evaluate.h"

#include <algorithm>

#include "base/assert.h"
#include "engine/text.h"

namespace bank::engine {

using rules::Field;
using rules::Function;

namespace {

bool has_flag(const std::vector<std::uint32_t>& words, std::uint32_t flag) {
  return (words[flag / 32] >> (flag % 32) & 1) != 0;
}

template <typename T>
bool compare(Comparison comparison, const T& a, const T& b) {
  switch (comparison) {
    case Comparison::equal: return a == b;
    case Comparison::not_equal: return a != b;
    case Comparison::less: return a < b;
    case Comparison::less_equal: return a <= b;
    case Comparison::greater: return a > b;
    case Comparison::greater_equal: return a >= b;
  }
  BANK_ASSERT(false);
}

bool in_range(const Node& node, std::int64_t value) {
  return (value >= node.low && value <= node.high) != node.outside;
}

}  // namespace

Evaluator::Evaluator(const Plan& plan, Histories& histories)
    : plan_(plan), histories_(histories), answers_(plan.queries().size()) {}

void Evaluator::describe(const model::Transaction& transaction, const Fingerprint& id, Entry& entry) {
  transaction_ = &transaction;
  entry_ = &entry;
  entry.time_us = transaction.time.us();
  entry.id = id;
  const std::size_t flag_words = plan_.flag_words();
  const auto& fields = plan_.symbol_fields();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Text text = transaction_text(fields[i]);
    entry.words[flag_words + i] = text.data() == nullptr ? Symbols::null : histories_.symbols().acquire(text);
  }
  const auto& values = plan_.value_nodes();
  for (std::size_t i = 0; i < values.size(); ++i) entry.values[i] = static_cast<std::int64_t>(exact(*values[i]).value);
  std::fill_n(entry.words.begin(), flag_words, 0);
  const auto& flags = plan_.flag_nodes();
  for (std::size_t i = 0; i < flags.size(); ++i) {
    if (holds(*flags[i])) entry.words[i / 32] |= std::uint32_t{1} << (i % 32);
  }
}

void Evaluator::release_symbols(const Entry& entry) {
  for (std::size_t w = plan_.flag_words(); w < plan_.layout().words; ++w) histories_.symbols().release(entry.words[w]);
}

void Evaluator::start(const model::Transaction& transaction, const Entry& entry, const Account& account,
                      std::int64_t edge_us) {
  transaction_ = &transaction;
  entry_ = &entry;
  account_ = &account;
  edge_us_ = edge_us;
  ++stamp_;
  last_known_ = false;
  if (account.is_large()) return;
  block_ = account.block(histories_.blocks());
  end_ = account.begin() + account.size();
  const std::int64_t* times = block_.times();
  while (end_ > account.begin() && times[end_ - 1] > entry.time_us) --end_;
}

// What most rules consist of; the rest is apart, to keep this small.
bool Evaluator::holds(const Node& node) {
  switch (node.code) {
    case Code::constant: return node.index != 0;
    case Code::logical_not: return !holds(*node.a);
    case Code::logical_and: return holds(*node.a) && holds(*node.b);
    case Code::logical_or: return holds(*node.a) || holds(*node.b);
    case Code::amount_range: return in_range(node, transaction_->amount.units());
    case Code::count_range: return count_in_range(node);
    case Code::status_compare: {
      const model::Status status = transaction_->status;
      return status != model::Status::none &&
             (static_cast<std::uint32_t>(status) == node.index) == (node.comparison == Comparison::equal);
    }
    default: return holds_otherwise(node);
  }
}

// Looks first whether the window has entries enough: most often it has not.
bool Evaluator::count_in_range(const Node& node) {
  const Aggregate& aggregate = plan_.aggregates()[node.index];
  const std::int64_t needed = node.low - (aggregate.prior ? 0 : 1);  // of the entries before
  if (needed > 0 && !node.outside) {
    const Query& query = plan_.queries()[aggregate.query];
    if (!has_entries(needed, query.window_us)) return false;
    if (query.counts_all && node.high == INT64_MAX && !account_->is_large()) return true;
  }
  return in_range(node, static_cast<std::int64_t>(exact_aggregate(aggregate).value));
}

[[gnu::noinline]] bool Evaluator::holds_otherwise(const Node& node) {
  switch (node.code) {
    case Code::exact_compare: {
      const Exact a = exact(*node.a);
      const Exact b = exact(*node.b);
      return !a.null && !b.null && compare(node.comparison, a.value, b.value);
    }
    case Code::real_compare: {
      const Real a = real(*node.a);
      if (a.null) return false;
      const Real b = real(*node.b);
      return !b.null && compare(node.comparison, a.value, b.value);
    }
    case Code::text_compare: {
      const Text a = text(*node.a);
      const Text b = text(*node.b);
      return a.data() != nullptr && b.data() != nullptr && equal_texts(a, b) == (node.comparison == Comparison::equal);
    }
    case Code::symbol_compare: {
      const std::uint32_t a = symbol(*node.a);
      const std::uint32_t b = symbol(*node.b);
      return a != Symbols::null && b != Symbols::null && (a == b) == (node.comparison == Comparison::equal);
    }
    case Code::exact_is_null: return exact(*node.a).null;
    case Code::real_is_null: return real(*node.a).null;
    case Code::text_is_null: return text(*node.a).data() == nullptr;
    case Code::contains:
    case Code::starts_with:
    case Code::ends_with: {
      const Text a = text(*node.a);
      const Text b = text(*node.b);
      if (a.data() == nullptr || b.data() == nullptr) return false;
      if (node.code == Code::contains) return a.contains(b);
      return node.code == Code::starts_with ? a.starts_with(b) : a.ends_with(b);
    }
    case Code::exact_in: {
      const Exact a = exact(*node.a);
      return !a.null && std::find(node.numbers.begin(), node.numbers.end(), a.value) != node.numbers.end();
    }
    case Code::real_in: {
      const Real a = real(*node.a);
      return !a.null && std::find(node.reals.begin(), node.reals.end(), a.value) != node.reals.end();
    }
    case Code::text_in: {
      const Text a = text(*node.a);
      return a.data() != nullptr && std::find(node.texts.begin(), node.texts.end(), a) != node.texts.end();
    }
    default: BANK_ASSERT(false);
  }
}

Evaluator::Exact Evaluator::exact(const Node& node) {
  switch (node.code) {
    case Code::exact_literal: return {node.number};
    case Code::amount: return {transaction_->amount.units()};
    case Code::hour: return {transaction_->time.hour()};
    case Code::weekday: return {transaction_->time.weekday()};
    case Code::entry_time_hour:
    case Code::entry_time_weekday: {
      const Place& entry = place(node.source);
      if (entry.none()) return {0, true};
      const auto time = model::EventTime::from_us(entry.block.times()[entry.index]);
      return {node.code == Code::entry_time_hour ? time.hour() : time.weekday()};
    }
    case Code::entry_value: {
      const Place& entry = place(node.source);
      if (entry.none()) return {0, true};
      return {entry.block.values(node.index)[entry.index]};
    }
    case Code::since_last: {
      const Place& entry = last();
      if (entry.none()) return {0, true};
      return {entry_->time_us - entry.block.times()[entry.index]};
    }
    case Code::exact_aggregate: return exact_aggregate(plan_.aggregates()[node.index]);
    case Code::exact_negate: {
      const Exact a = exact(*node.a);
      return {-a.value, a.null};
    }
    case Code::rescale: {
      const Exact a = exact(*node.a);
      return {a.value * node.number, a.null};
    }
    case Code::exact_add:
    case Code::exact_subtract:
    case Code::exact_multiply: {
      const Exact a = exact(*node.a);
      const Exact b = exact(*node.b);
      if (a.null || b.null) return {0, true};
      if (node.code == Code::exact_add) return {a.value + b.value};
      return {node.code == Code::exact_subtract ? a.value - b.value : a.value * b.value};
    }
    default: BANK_ASSERT(false);
  }
}

Evaluator::Real Evaluator::real(const Node& node) {
  switch (node.code) {
    case Code::real_literal: return {node.real};
    case Code::real_of_exact: {
      const Exact a = exact(*node.a);
      if (a.null) return {0, true};
      return {to_real(a.value, static_cast<int>(node.index))};
    }
    case Code::real_aggregate: return real_aggregate(plan_.aggregates()[node.index]);
    case Code::real_negate: {
      const Real a = real(*node.a);
      return {-a.value, a.null};
    }
    case Code::real_add:
    case Code::real_subtract:
    case Code::real_multiply:
    case Code::real_divide: {
      const Real a = real(*node.a);
      const Real b = real(*node.b);
      if (a.null || b.null) return {0, true};
      if (node.code == Code::real_add) return {a.value + b.value};
      if (node.code == Code::real_subtract) return {a.value - b.value};
      if (node.code == Code::real_multiply) return {a.value * b.value};
      if (b.value == 0) return {0, true};
      return {a.value / b.value};
    }
    default: BANK_ASSERT(false);
  }
}

Evaluator::Text Evaluator::text(const Node& node) {
  switch (node.code) {
    case Code::text_literal: return node.index == 1 ? Text{} : Text(node.text);
    case Code::transaction_text: return transaction_text(static_cast<Field>(node.index));
    case Code::entry_symbol: return histories_.symbols().text(symbol(node));
    default: BANK_ASSERT(false);
  }
}

std::uint32_t Evaluator::symbol(const Node& node) {
  if (node.code == Code::transaction_symbol) return entry_->words[node.index];
  const Place& entry = place(node.source);
  return entry.none() ? Symbols::null : entry.block.words(node.index)[entry.index];
}

Evaluator::Text Evaluator::transaction_text(Field field) const {
  switch (field) {
    case Field::transaction_type: return transaction_->transaction_type;
    case Field::account_number: return transaction_->account_number;
    case Field::location: return transaction_->location.value_or(Text{});
    case Field::merchant: return transaction_->merchant.value_or(Text{});
    case Field::status: return transaction_->status == model::Status::none ? Text{} : to_string(transaction_->status);
    case Field::amount:
    case Field::hour:
    case Field::weekday: break;
  }
  BANK_ASSERT(false);
}

const Evaluator::Place& Evaluator::place(EntrySource source) {
  return source == EntrySource::scanned ? scanned_ : last();
}

const Evaluator::Place& Evaluator::last() {
  if (last_known_) return last_;
  last_known_ = true;
  last_ = {};
  if (account_->is_large()) {
    const auto found = account_->large().latest(entry_->time_us, edge_us_);
    last_ = {found.block, found.index};
  } else if (end_ > account_->begin() && block_.times()[end_ - 1] >= edge_us_) {
    last_ = {block_, end_ - 1};
  }
  return last_;
}

Evaluator::Exact Evaluator::exact_aggregate(const Aggregate& aggregate) {
  const Answer& before = answer(aggregate.query);
  if (aggregate.function == Function::distinct) {
    return {static_cast<Int128>(before.distinct + (!aggregate.prior && before.own_is_new ? 1 : 0))};
  }
  if (aggregate.function == Function::count) {
    return {static_cast<Int128>(before.totals.count + (!aggregate.prior && before.own_counts ? 1 : 0))};
  }
  const Totals totals = totals_of(aggregate);
  if (aggregate.function == Function::sum) return {totals.sum};
  if (totals.count == 0) return {0, true};
  return {aggregate.function == Function::min ? totals.min : totals.max};
}

Evaluator::Real Evaluator::real_aggregate(const Aggregate& aggregate) {
  const Totals totals = totals_of(aggregate);
  if (totals.count == 0) return {0, true};
  if (aggregate.function == Function::avg) return {average(totals, aggregate.scale)};
  return {standard_deviation(totals, aggregate.scale)};
}

Totals Evaluator::totals_of(const Aggregate& aggregate) {
  const Answer& before = answer(aggregate.query);
  Totals totals = before.totals;
  if (!aggregate.prior && before.own_counts) {
    const Measure& measure = plan_.measures()[plan_.queries()[aggregate.query].measure];
    totals.add(entry_->values[measure.column], measure.needs);
  }
  return totals;
}

const Evaluator::Answer& Evaluator::answer(std::uint32_t query_index) {
  Answer& answer = answers_[query_index];
  if (answer.stamp == stamp_) return answer;
  answer.stamp = stamp_;
  const Query& query = plan_.queries()[query_index];
  if (query.scan >= 0) {
    answer_scan(query, answer);
    return answer;
  }
  const Measure& measure = plan_.measures()[query.measure];
  answer.own_counts = measure.flag == Measure::no_flag || has_flag(entry_->words, measure.flag);
  if (account_->is_large()) {
    answer_large(query_index, query, answer);
  } else {
    answer_small(query, answer);
  }
  return answer;
}

// The entries of the window before the transaction, in a small account.
void Evaluator::find_window(const Query& query, std::size_t& from, std::size_t& to) const {
  const std::int64_t from_us = window_begin(query.window_us);
  const std::int64_t* times = block_.times();
  from = account_->begin();
  to = end_;
  if (from == to || times[to - 1] < from_us) {
    from = to;
    return;
  }
  std::size_t before = 0;
  for (std::size_t i = from; i < to; ++i) before += times[i] < from_us ? 1 : 0;
  from += before;
}

void Evaluator::answer_small(const Query& query, Answer& answer) {
  std::size_t from = 0;
  std::size_t to = 0;
  find_window(query, from, to);
  const Measure& measure = plan_.measures()[query.measure];
  const std::uint32_t* flags = measure.flag == Measure::no_flag ? nullptr : block_.words(measure.flag / 32);
  const std::uint32_t bit = measure.flag % 32;
  if (query.distinct) {
    std::uint64_t keys[BlockPool::largest];
    std::size_t size = 0;
    std::uint64_t key = 0;
    for (std::size_t i = from; i < to; ++i) {
      if (flags != nullptr && (flags[i] >> bit & 1) == 0) continue;
      if (key_of(query, block_, i, key) && std::find(keys, keys + size, key) == keys + size) keys[size++] = key;
    }
    answer.distinct = size;
    answer.own_is_new = answer.own_counts && own_key(query, key) && std::find(keys, keys + size, key) == keys + size;
    return;
  }
  if (measure.column == Measure::no_column) {
    answer.totals.count = to - from;
    if (flags == nullptr) return;
    std::uint64_t count = 0;
    for (std::size_t i = from; i < to; ++i) count += flags[i] >> bit & 1;
    answer.totals.count = count;
    return;
  }
  answer.totals = {};
  const std::int64_t* values = block_.values(measure.column);
  for (std::size_t i = from; i < to; ++i) {
    if (flags == nullptr || (flags[i] >> bit & 1) != 0) answer.totals.add(values[i], measure.needs);
  }
}

void Evaluator::answer_large(std::uint32_t query_index, const Query& query, Answer& answer) {
  const std::int64_t from_us = window_begin(query.window_us);
  if (!query.distinct) {
    answer.totals = account_->large().totals(query.measure, from_us, entry_->time_us);
    return;
  }
  std::uint64_t own = 0;
  const bool has_own = own_key(query, own);
  const auto found = account_->large().distinct(query_index, from_us, entry_->time_us, own);
  answer.distinct = found.count;
  answer.own_is_new = answer.own_counts && has_own && !found.has_own;
}

void Evaluator::answer_scan(const Query& query, Answer& answer) {
  const Scan& scan = plan_.scans()[static_cast<std::size_t>(query.scan)];
  const Measure& measure = plan_.measures()[query.measure];
  answer.own_counts = holds(*scan.of_transaction);
  answer.totals = {};
  seen_.clear();
  std::uint64_t key = 0;
  const bool by_symbol = scan.entry_symbol != Scan::no_column;
  const std::uint32_t wanted = by_symbol ? entry_->words[scan.own_symbol] : Symbols::null;
  const auto look_at = [&](const Block& block, std::size_t at) {
    if (by_symbol && block.words(scan.entry_symbol)[at] != wanted) return;
    scanned_ = {block, at};
    if (!holds(*scan.of_entry)) return;
    if (query.distinct) {
      if (key_of(query, block, at, key)) seen_.insert(key);
    } else if (measure.column == Measure::no_column) {
      ++answer.totals.count;
    } else {
      answer.totals.add(block.values(measure.column)[at], measure.needs);
    }
  };
  if (account_->is_large()) {
    const std::int64_t from_us = window_begin(query.window_us);
    account_->large().visit(from_us, entry_->time_us, look_at);
  } else {
    std::size_t from = 0;
    std::size_t to = 0;
    find_window(query, from, to);
    for (std::size_t i = from; i < to; ++i) look_at(block_, i);
  }
  answer.distinct = seen_.size();
  answer.own_is_new = query.distinct && answer.own_counts && own_key(query, key) && !seen_.contains(key);
}

bool Evaluator::key_of(const Query& query, const Block& block, std::size_t at, std::uint64_t& key) const {
  if (query.by_symbol) {
    key = block.words(query.distinct_column)[at];
    return key != Symbols::null;
  }
  key = static_cast<std::uint64_t>(block.values(query.distinct_column)[at]);
  return true;
}

bool Evaluator::own_key(const Query& query, std::uint64_t& key) const {
  if (query.by_symbol) {
    key = entry_->words[query.distinct_column];
    return key != Symbols::null;
  }
  key = static_cast<std::uint64_t>(entry_->values[query.distinct_column]);
  return true;
}

}  // namespace bank::engine
