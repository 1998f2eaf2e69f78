#include "engine/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
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

}  // namespace

class PlanCompiler {
 public:
  explicit PlanCompiler(const rules::RuleSet& rules) : rules_(rules), plan_(new Plan) {}

  std::shared_ptr<const Plan> compile() {
    plan_->rules_version_ = rules_.version;
    plan_->longest_window_us_ = rules_.longest_window_us;
    for (const auto& rule : rules_.rules) compile_rule(rule);
    place_symbols();
    plan_->layout_ = {plan_->value_nodes_.size(), plan_->flag_words() + plan_->symbol_fields_.size()};
    plan_->history_id_ = hash64(history_text_ + fmt::format("window {}", plan_->longest_window_us_));
    return std::move(plan_);
  }

 private:
  // How a field in Scope::entry is read: of a stored entry, or of the transaction itself as it becomes one.
  enum class EntryIs { stored, transaction };

  Node* make(Code code) {
    plan_->nodes_.push_back(std::make_unique<Node>());
    plan_->nodes_.back()->code = code;
    return plan_->nodes_.back().get();
  }
  Node* make(Code code, const Node* a, const Node* b = nullptr) {
    Node* node = make(code);
    node->a = a;
    node->b = b;
    return node;
  }

  void compile_rule(const rules::Rule& rule) {
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

  void add_preconditions(const Node& condition, std::vector<Precondition>& out) const {
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

  const Node* any(const Expr& expr) {
    switch (expr.type.kind) {
      case TypeKind::boolean: return boolean(expr, EntryIs::stored);
      case TypeKind::exact: return exact(expr, EntryIs::stored);
      case TypeKind::real: return real(expr, EntryIs::stored);
      case TypeKind::text: return text(expr, EntryIs::stored);
      case TypeKind::null: break;
    }
    Node* null = make(Code::text_literal);  // the literal null in a reason
    null->index = 1;
    return null;
  }

  const Node* boolean(const Expr& expr, EntryIs entry) {
    switch (expr.op) {
      case Op::boolean_literal: {
        Node* node = make(Code::constant);
        node->index = expr.number != 0 ? 1 : 0;
        return node;
      }
      case Op::logical_not: return make(Code::logical_not, boolean(*expr.args[0], entry));
      case Op::logical_and:
      case Op::logical_or: {
        // A statement of its own for each side: the order of evaluation of arguments is not defined, and columns are
        // numbered by it.
        const Node* a = boolean(*expr.args[0], entry);
        const Node* b = boolean(*expr.args[1], entry);
        if (expr.op == Op::logical_or) return make(Code::logical_or, a, b);
        const auto is_plain_range = [](const Node& node) { return node.code == Code::amount_range && !node.outside; };
        if (!is_plain_range(*a) || !is_plain_range(*b)) return make(Code::logical_and, a, b);
        Node* both = make(Code::amount_range);
        both->low = std::max(a->low, b->low);
        both->high = std::min(a->high, b->high);
        return both;
      }
      case Op::equal: return compare(expr, Comparison::equal, entry);
      case Op::not_equal: return compare(expr, Comparison::not_equal, entry);
      case Op::less: return compare(expr, Comparison::less, entry);
      case Op::less_equal: return compare(expr, Comparison::less_equal, entry);
      case Op::greater: return compare(expr, Comparison::greater, entry);
      case Op::greater_equal: return compare(expr, Comparison::greater_equal, entry);
      case Op::is_null: return is_null(*expr.args[0], entry);
      case Op::is_not_null: return make(Code::logical_not, is_null(*expr.args[0], entry));
      case Op::contains: return text_pair(Code::contains, expr, entry);
      case Op::starts_with: return text_pair(Code::starts_with, expr, entry);
      case Op::ends_with: return text_pair(Code::ends_with, expr, entry);
      case Op::in_list: return in_list(expr, entry);
      default: BANK_ASSERT(false);
    }
  }

  const Node* text_pair(Code code, const Expr& expr, EntryIs entry) {
    const Node* a = text(*expr.args[0], entry);
    const Node* b = text(*expr.args[1], entry);
    return make(code, a, b);
  }

  const Node* compare(const Expr& expr, Comparison comparison, EntryIs entry) {
    const Expr& left = *expr.args[0];
    const Expr& right = *expr.args[1];
    Node* node = nullptr;
    if (left.op == Op::field && left.field == Field::status && !is_stored(left, entry) &&
        right.op == Op::text_literal) {
      node = make(Code::status_compare);
      node->index = no_status;
      for (const auto status : {model::Status::pending, model::Status::completed, model::Status::failed}) {
        if (right.text == to_string(status)) node->index = static_cast<std::uint32_t>(status);
      }
    } else if (left.type.kind == TypeKind::text) {
      const bool by_symbol =
          has_symbol(left, entry) && has_symbol(right, entry) && (is_stored(left, entry) || is_stored(right, entry));
      const Node* a = by_symbol ? symbol(left, entry) : text(left, entry);
      const Node* b = by_symbol ? symbol(right, entry) : text(right, entry);
      node = make(by_symbol ? Code::symbol_compare : Code::text_compare, a, b);
    } else if (left.type.kind == TypeKind::exact && right.type.kind == TypeKind::exact) {
      if (const Node* range = compare_with_literal(left, comparison, right, entry)) return range;
      const int scale = std::max(left.type.scale, right.type.scale);
      const Node* a = exact_at(left, scale, entry);
      const Node* b = exact_at(right, scale, entry);
      node = make(Code::exact_compare, a, b);
    } else {
      const Node* a = real(left, entry);
      const Node* b = real(right, entry);
      node = make(Code::real_compare, a, b);
    }
    node->comparison = comparison;
    return node;
  }

  // Most comparisons of most rules are of one of these two; null without one.
  const Node* compare_with_literal(const Expr& left, Comparison comparison, const Expr& right, EntryIs entry) {
    if (right.op != Op::number_literal || right.type.scale > left.type.scale) return nullptr;
    Node* node = nullptr;
    if (left.op == Op::field && left.field == Field::amount && !is_stored(left, entry)) {
      node = make(Code::amount_range);
    } else if (left.op == Op::aggregate &&
               (left.function == rules::Function::count || left.function == rules::Function::distinct)) {
      node = make(Code::count_range);
      node->index = aggregate(left);
    } else {
      return nullptr;
    }
    set_range(*node, comparison, right.number * power_of_ten(left.type.scale - right.type.scale));
    if (node->code == Code::count_range) node->low = std::max<std::int64_t>(node->low, 0);
    return node;
  }

  // The 64-bit numbers for which the comparison with `number` holds.
  static void set_range(Node& node, Comparison comparison, Int128 number) {
    constexpr Int128 least = INT64_MIN;
    constexpr Int128 most = INT64_MAX;
    Int128 low = least;
    Int128 high = most;
    switch (comparison) {
      case Comparison::not_equal:
      case Comparison::equal: low = high = number; break;
      case Comparison::less: high = number - 1; break;
      case Comparison::less_equal: high = number; break;
      case Comparison::greater: low = number + 1; break;
      case Comparison::greater_equal: low = number; break;
    }
    if (low > most || high < least) {  // none at all
      low = 1;
      high = 0;
    }
    node.low = static_cast<std::int64_t>(std::max(low, least));
    node.high = static_cast<std::int64_t>(std::min(high, most));
    node.outside = comparison == Comparison::not_equal;
  }

  const Node* is_null(const Expr& expr, EntryIs entry) {
    switch (expr.type.kind) {
      case TypeKind::exact: return make(Code::exact_is_null, exact(expr, entry));
      case TypeKind::real: return make(Code::real_is_null, real(expr, entry));
      case TypeKind::text: return make(Code::text_is_null, text(expr, entry));
      case TypeKind::boolean:
      case TypeKind::null: break;
    }
    Node* node = make(Code::constant);
    node->index = expr.type.kind == TypeKind::null ? 1 : 0;
    return node;
  }

  const Node* in_list(const Expr& expr, EntryIs entry) {
    const Expr& left = *expr.args[0];
    Node* node = nullptr;
    if (left.type.kind == TypeKind::text) {
      node = make(Code::text_in, text(left, entry));
      for (std::size_t i = 1; i < expr.args.size(); ++i) node->texts.push_back(expr.args[i]->text);
    } else if (left.type.kind == TypeKind::real) {
      node = make(Code::real_in, real(left, entry));
      for (std::size_t i = 1; i < expr.args.size(); ++i) {
        node->reals.push_back(to_real(literal(*expr.args[i]), expr.args[i]->type.scale));
      }
    } else {
      int scale = left.type.scale;
      for (std::size_t i = 1; i < expr.args.size(); ++i) scale = std::max(scale, expr.args[i]->type.scale);
      node = make(Code::exact_in, exact_at(left, scale, entry));
      for (std::size_t i = 1; i < expr.args.size(); ++i) {
        const Expr& item = *expr.args[i];
        node->numbers.push_back(literal(item) * power_of_ten(scale - item.type.scale));
      }
    }
    return node;
  }

  // A number literal, maybe with a sign before it.
  static Int128 literal(const Expr& expr) {
    if (expr.op == Op::negate) return -literal(*expr.args[0]);
    BANK_ASSERT(expr.op == Op::number_literal);
    return expr.number;
  }

  const Node* exact_at(const Expr& expr, int scale, EntryIs entry) {
    const Int128 factor = power_of_ten(scale - expr.type.scale);
    if (expr.op == Op::number_literal) {
      Node* node = make(Code::exact_literal);
      node->number = expr.number * factor;
      return node;
    }
    const Node* value = exact(expr, entry);
    if (factor == 1) return value;
    Node* node = make(Code::rescale, value);
    node->number = factor;
    return node;
  }

  const Node* exact(const Expr& expr, EntryIs entry) {
    switch (expr.op) {
      case Op::number_literal: {
        Node* node = make(Code::exact_literal);
        node->number = expr.number;
        return node;
      }
      case Op::field: return exact_field(expr, entry);
      case Op::since_last: return make(Code::since_last);
      case Op::aggregate: {
        Node* node = make(Code::exact_aggregate);
        node->index = aggregate(expr);
        return node;
      }
      case Op::negate: return make(Code::exact_negate, exact(*expr.args[0], entry));
      case Op::add:
      case Op::subtract: {
        const Node* a = exact_at(*expr.args[0], expr.type.scale, entry);
        const Node* b = exact_at(*expr.args[1], expr.type.scale, entry);
        return make(expr.op == Op::add ? Code::exact_add : Code::exact_subtract, a, b);
      }
      case Op::multiply: {
        const Node* a = exact(*expr.args[0], entry);
        const Node* b = exact(*expr.args[1], entry);
        return make(Code::exact_multiply, a, b);
      }
      default: BANK_ASSERT(false);
    }
  }

  const Node* exact_field(const Expr& expr, EntryIs entry) {
    if (!is_stored(expr, entry)) {
      switch (expr.field) {
        case Field::amount: return make(Code::amount);
        case Field::hour: return make(Code::hour);
        case Field::weekday: return make(Code::weekday);
        default: BANK_ASSERT(false);
      }
    }
    Node* node = nullptr;
    switch (expr.field) {
      case Field::amount:
        node = make(Code::entry_value);
        node->index = amount_column();
        break;
      case Field::hour: node = make(Code::entry_time_hour); break;
      case Field::weekday: node = make(Code::entry_time_weekday); break;
      default: BANK_ASSERT(false);
    }
    node->source = expr.scope == Scope::last ? EntrySource::last : EntrySource::scanned;
    return node;
  }

  const Node* real(const Expr& expr, EntryIs entry) {
    if (expr.type.kind == TypeKind::exact) {
      if (expr.op == Op::number_literal) {
        Node* node = make(Code::real_literal);
        node->real = to_real(expr.number, expr.type.scale);
        return node;
      }
      Node* node = make(Code::real_of_exact, exact(expr, entry));
      node->index = static_cast<std::uint32_t>(expr.type.scale);
      return node;
    }
    const auto both = [&](Code code) {
      const Node* a = real(*expr.args[0], entry);
      const Node* b = real(*expr.args[1], entry);
      return make(code, a, b);
    };
    switch (expr.op) {
      case Op::aggregate: {
        Node* node = make(Code::real_aggregate);
        node->index = aggregate(expr);
        return node;
      }
      case Op::negate: return make(Code::real_negate, real(*expr.args[0], entry));
      case Op::add: return both(Code::real_add);
      case Op::subtract: return both(Code::real_subtract);
      case Op::multiply: return both(Code::real_multiply);
      case Op::divide: return both(Code::real_divide);
      default: BANK_ASSERT(false);
    }
  }

  const Node* text(const Expr& expr, EntryIs entry) {
    if (expr.op == Op::text_literal) {
      Node* node = make(Code::text_literal);
      node->text = expr.text;
      return node;
    }
    BANK_ASSERT(expr.op == Op::field);
    if (is_stored(expr, entry)) return symbol(expr, entry);
    Node* node = make(Code::transaction_text);
    node->index = static_cast<std::uint32_t>(expr.field);
    return node;
  }

  // Whether the field is read from an entry of the history. All entries of an account share its number.
  static bool is_stored(const Expr& expr, EntryIs entry) {
    if (expr.op != Op::field) return false;
    if (expr.scope == Scope::last) return true;
    return expr.scope == Scope::entry && entry == EntryIs::stored && expr.field != Field::account_number;
  }

  static bool has_symbol(const Expr& expr, EntryIs entry) {
    return expr.op == Op::field && (is_stored(expr, entry) || expr.field != Field::account_number);
  }

  const Node* symbol(const Expr& expr, EntryIs entry) {
    Node* node = make(is_stored(expr, entry) ? Code::entry_symbol : Code::transaction_symbol);
    node->source = expr.scope == Scope::last ? EntrySource::last : EntrySource::scanned;
    node->index = symbol_column(expr.field);
    symbol_nodes_.push_back(node);
    return node;
  }

  std::uint32_t aggregate(const Expr& expr) {
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

  static unsigned needs_of(rules::Function function) {
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

  std::uint32_t query(const Expr& expr) {
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

  std::uint32_t measure_index(const Measure& measure) {
    auto& all = plan_->measures_;
    const auto found = std::find_if(all.begin(), all.end(), [&](const Measure& other) {
      return other.flag == measure.flag && other.column == measure.column;
    });
    if (found != all.end()) return static_cast<std::uint32_t>(found - all.begin());
    all.push_back(measure);
    return static_cast<std::uint32_t>(all.size() - 1);
  }

  std::uint32_t flag(const Expr& condition) {
    return column_of(condition, "flag", flag_keys_, plan_->flag_nodes_,
                     [&] { return boolean(condition, EntryIs::transaction); });
  }

  std::uint32_t value_column(const Expr& operand) {
    return column_of(operand, "value", value_keys_, plan_->value_nodes_,
                     [&] { return exact(operand, EntryIs::transaction); });
  }

  std::uint32_t amount_column() {
    Expr amount;
    amount.op = Op::field;
    amount.type = {TypeKind::exact, model::Amount::decimals, 18, true};
    amount.field = Field::amount;
    amount.scope = Scope::entry;
    return value_column(amount);
  }

  template <typename MakeNode>
  std::uint32_t column_of(const Expr& expr, std::string_view what, std::vector<std::string>& keys,
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

  static void find_symbols(const Node& condition, Scan& scan) {
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

  // Until all flags are known, a symbol's column is its place among the symbols.
  std::uint32_t symbol_column(Field field) {
    auto& fields = plan_->symbol_fields_;
    const auto found = std::find(fields.begin(), fields.end(), field);
    if (found != fields.end()) return static_cast<std::uint32_t>(found - fields.begin());
    fields.push_back(field);
    history_text_ += fmt::format("symbol {}\n", static_cast<int>(field));
    return static_cast<std::uint32_t>(fields.size() - 1);
  }

  void place_symbols() {
    const auto flag_words = static_cast<std::uint32_t>(plan_->flag_words());
    for (Node* node : symbol_nodes_) node->index += flag_words;
    for (Scan& scan : plan_->scans_) find_symbols(*scan.of_entry, scan);
    for (auto& query : plan_->queries_) {
      if (query.by_symbol) query.distinct_column += flag_words;
    }
  }

  const rules::RuleSet& rules_;
  std::unique_ptr<Plan> plan_;
  std::vector<Node*> symbol_nodes_;
  std::vector<std::string> query_keys_;
  std::vector<std::string> flag_keys_;
  std::vector<std::string> value_keys_;
  std::string history_text_;
};

std::shared_ptr<const Plan> Plan::compile(const rules::RuleSet& rules) { return PlanCompiler(rules).compile(); }

}  // namespace bank::engine
