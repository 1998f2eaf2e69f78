#include "engine/plan_compiler.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/assert.h"
#include "base/hash.h"

namespace bank::engine {

using rules::Expr;
using rules::Field;
using rules::Op;
using rules::Scope;
using rules::TypeKind;

namespace {

// The tree as a text that is equal for equal trees; what plans share is found by it.
void append_canonical(std::string& out, const Expr& expr) {
  fmt::format_to(std::back_inserter(out), "({} {} {} {}", static_cast<int>(expr.op), expr.type.scale,
                 static_cast<int>(expr.field), static_cast<int>(expr.scope));
  fmt::format_to(std::back_inserter(out), " {} {}:{}", expr.number, expr.text.size(), expr.text);
  for (const auto& arg : expr.args) append_canonical(out, *arg);
  out += ')';
}

std::string canonical(const Expr* expr) {
  std::string text;
  if (expr != nullptr) append_canonical(text, *expr);
  return text;
}

bool mentions_transaction(const Expr& expr) {
  if (expr.op == Op::field && expr.scope == Scope::current) return true;
  return std::any_of(expr.args.begin(), expr.args.end(), [](const auto& arg) { return mentions_transaction(*arg); });
}

bool is_text_field(Field field) {
  switch (field) {
    case Field::transaction_type:
    case Field::account_number:
    case Field::location:
    case Field::merchant:
    case Field::status: return true;
    case Field::amount:
    case Field::hour:
    case Field::weekday: return false;
  }
  BANK_ASSERT(false);
}

unsigned needs_of(rules::Function function) {
  switch (function) {
    case rules::Function::count:
    case rules::Function::distinct: return 0;
    case rules::Function::sum:
    case rules::Function::avg: return needs_sum;
    case rules::Function::stddev: return needs_squares;
    case rules::Function::min:
    case rules::Function::max: return needs_extremes;
  }
  BANK_ASSERT(false);
}

// Finds the texts that an entry must share with the transaction to meet the condition.
void find_symbols(const Node& condition, Scan& scan) {
  if (condition.code == Code::logical_and) {
    find_symbols(*condition.a, scan);
    find_symbols(*condition.b, scan);
  } else if (condition.code == Code::symbol_compare && condition.comparison == Comparison::equal) {
    const bool entry_first = condition.a->code == Code::entry_symbol;
    const Node& entry = entry_first ? *condition.a : *condition.b;
    const Node& own = entry_first ? *condition.b : *condition.a;
    if (entry.code != Code::entry_symbol || own.code != Code::transaction_symbol) return;
    scan.entry_symbol = entry.index;
    scan.own_symbol = own.index;
  }
}

}  // namespace

std::shared_ptr<const Plan> PlanCompiler::compile() {
  plan_->rules_version_ = rules_.version;
  plan_->longest_window_us_ = rules_.longest_window_us;
  for (const auto& rule : rules_.rules) compile_rule(rule);
  place_symbols();
  plan_->layout_ = {plan_->value_nodes_.size(), plan_->flag_words() + plan_->symbol_fields_.size()};
  plan_->history_id_ = hash64(history_text_ + fmt::format("window {}", plan_->longest_window_us_));
  return std::move(plan_);
}

void PlanCompiler::compile_rule(const rules::Rule& rule) {
  CompiledRule compiled{rule.id, rule.severity, rule.score, boolean(*rule.when, EntryIs::stored), {}, {}};
  add_preconditions(*compiled.when, compiled.preconditions);
  for (const auto& part : rule.reason) {
    if (part.expr == nullptr) {
      compiled.reason.push_back({part.text, nullptr, {}});
    } else {
      compiled.reason.push_back({"", any(*part.expr), part.expr->type});
    }
  }
  plan_->rules_.push_back(std::move(compiled));
}

void PlanCompiler::add_preconditions(const Node& condition, std::vector<Precondition>& out) const {
  if (condition.code == Code::logical_and) {
    add_preconditions(*condition.a, out);
    add_preconditions(*condition.b, out);
  } else if (condition.code == Code::amount_range && !condition.outside) {
    out.push_back({.of_amount = true, .low = condition.low, .high = condition.high});
  } else if (condition.code == Code::count_range && !condition.outside) {
    // There can't be more different values, or entries that meet a condition, than entries.
    const Aggregate& aggregate = plan_->aggregates_[condition.index];
    const std::int64_t entries = condition.low - (aggregate.prior ? 0 : 1);
    const std::int64_t window_us = plan_->queries_[aggregate.query].window_us;
    if (entries > 0) out.push_back({.entries = entries, .window_us = window_us});
  }
}

std::uint32_t PlanCompiler::aggregate(const Expr& expr) {
  Aggregate aggregate;
  aggregate.function = expr.function;
  aggregate.prior = expr.prior;
  aggregate.scale = expr.operand != nullptr ? expr.operand->type.scale : 0;
  aggregate.query = query(expr);
  plan_->measures_[plan_->queries_[aggregate.query].measure].needs |= needs_of(expr.function);
  auto& all = plan_->aggregates_;
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    if (all[i].function == aggregate.function && all[i].prior == aggregate.prior && all[i].scale == aggregate.scale &&
        all[i].query == aggregate.query) {
      return i;
    }
  }
  all.push_back(aggregate);
  return static_cast<std::uint32_t>(all.size() - 1);
}

std::uint32_t PlanCompiler::query(const Expr& expr) {
  const bool distinct = expr.function == rules::Function::distinct;
  const std::string key = fmt::format("{} {} [{}] [{}]", expr.window_us, distinct, canonical(expr.operand.get()),
                                      canonical(expr.condition.get()));
  for (std::uint32_t i = 0; i < query_keys_.size(); ++i) {
    if (query_keys_[i] == key) return i;
  }
  Query query;
  query.window_us = expr.window_us;
  query.distinct = distinct;
  query.counts_all = expr.function == rules::Function::count && expr.condition == nullptr;
  Measure measure;
  if (expr.condition != nullptr) {
    if (mentions_transaction(*expr.condition)) {
      query.scan = static_cast<std::int32_t>(plan_->scans_.size());
      const Node* of_entry = boolean(*expr.condition, EntryIs::stored);
      const Node* of_transaction = boolean(*expr.condition, EntryIs::transaction);
      plan_->scans_.push_back({.of_entry = of_entry, .of_transaction = of_transaction});
    } else {
      measure.flag = flag(*expr.condition);
    }
  }
  if (distinct && is_text_field(expr.operand->field)) {
    query.by_symbol = true;
    query.distinct_column = symbol_column(expr.operand->field);
  } else if (expr.operand != nullptr) {
    const std::uint32_t column = value_column(*expr.operand);
    if (distinct) {
      query.distinct_column = column;
    } else {
      measure.column = column;
    }
  }
  query.measure = measure_index(measure);
  const auto index = static_cast<std::uint32_t>(plan_->queries_.size());
  if (distinct && query.scan < 0) {
    query.distinct_index = static_cast<std::uint32_t>(plan_->distinct_queries_.size());
    plan_->distinct_queries_.push_back(index);
  }
  plan_->queries_.push_back(query);
  query_keys_.push_back(key);
  return index;
}

std::uint32_t PlanCompiler::measure_index(const Measure& measure) {
  auto& all = plan_->measures_;
  const auto found = std::find_if(all.begin(), all.end(), [&](const Measure& other) {
    return other.flag == measure.flag && other.column == measure.column;
  });
  if (found != all.end()) return static_cast<std::uint32_t>(found - all.begin());
  all.push_back(measure);
  return static_cast<std::uint32_t>(all.size() - 1);
}

std::uint32_t PlanCompiler::flag(const Expr& condition) {
  return column_of(condition, "flag", flag_keys_, plan_->flag_nodes_,
                   [&] { return boolean(condition, EntryIs::transaction); });
}

std::uint32_t PlanCompiler::value_column(const Expr& operand) {
  return column_of(operand, "value", value_keys_, plan_->value_nodes_,
                   [&] { return exact(operand, EntryIs::transaction); });
}

std::uint32_t PlanCompiler::amount_column() {
  Expr amount;
  amount.op = Op::field;
  amount.type = {TypeKind::exact, model::Amount::decimals, 18, true};
  amount.field = Field::amount;
  amount.scope = Scope::entry;
  return value_column(amount);
}

template <typename MakeNode>
std::uint32_t PlanCompiler::column_of(const Expr& expr, std::string_view what, std::vector<std::string>& keys,
                                      std::vector<const Node*>& nodes, MakeNode&& make_node) {
  const std::string key = canonical(&expr);
  for (std::uint32_t i = 0; i < keys.size(); ++i) {
    if (keys[i] == key) return i;
  }
  keys.push_back(key);
  nodes.push_back(make_node());
  history_text_ += fmt::format("{} {}\n", what, key);
  return static_cast<std::uint32_t>(keys.size() - 1);
}

// Until all flags are known, a symbol's column is its place among the symbols.
std::uint32_t PlanCompiler::symbol_column(Field field) {
  auto& fields = plan_->symbol_fields_;
  const auto found = std::find(fields.begin(), fields.end(), field);
  if (found != fields.end()) return static_cast<std::uint32_t>(found - fields.begin());
  fields.push_back(field);
  history_text_ += fmt::format("symbol {}\n", static_cast<int>(field));
  return static_cast<std::uint32_t>(fields.size() - 1);
}

void PlanCompiler::place_symbols() {
  const auto flag_words = static_cast<std::uint32_t>(plan_->flag_words());
  for (Node* node : symbol_nodes_) node->index += flag_words;
  for (Scan& scan : plan_->scans_) find_symbols(*scan.of_entry, scan);
  for (auto& query : plan_->queries_) {
    if (query.by_symbol) query.distinct_column += flag_words;
  }
}

std::shared_ptr<const Plan> Plan::compile(const rules::RuleSet& rules) { return PlanCompiler(rules).compile(); }

}  // namespace bank::engine
