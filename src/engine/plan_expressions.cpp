// The expressions of a rule set as nodes of a plan.
#include <algorithm>

#include "base/assert.h"
#include "engine/plan_compiler.h"

namespace bank::engine {

using rules::Expr;
using rules::Field;
using rules::Op;
using rules::Scope;
using rules::TypeKind;

namespace {

// Whether the field is read from an entry of the history. All entries of an account share its number.
bool is_stored(const Expr& expr, EntryIs entry) {
  if (expr.op != Op::field) return false;
  if (expr.scope == Scope::last) return true;
  return expr.scope == Scope::entry && entry == EntryIs::stored && expr.field != Field::account_number;
}

bool has_symbol(const Expr& expr, EntryIs entry) {
  return expr.op == Op::field && (is_stored(expr, entry) || expr.field != Field::account_number);
}

// A number literal, maybe with a sign before it.
Int128 literal(const Expr& expr) {
  if (expr.op == Op::negate) return -literal(*expr.args[0]);
  BANK_ASSERT(expr.op == Op::number_literal);
  return expr.number;
}

// The 64-bit numbers for which the comparison with `number` holds.
void set_range(Node& node, Comparison comparison, Int128 number) {
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

}  // namespace

Node* PlanCompiler::make(Code code) {
  plan_->nodes_.push_back(std::make_unique<Node>());
  plan_->nodes_.back()->code = code;
  return plan_->nodes_.back().get();
}

Node* PlanCompiler::make(Code code, const Node* a, const Node* b) {
  Node* node = make(code);
  node->a = a;
  node->b = b;
  return node;
}

const Node* PlanCompiler::any(const Expr& expr) {
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

const Node* PlanCompiler::boolean(const Expr& expr, EntryIs entry) {
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
      return expr.op == Op::logical_or ? make(Code::logical_or, a, b) : both_hold(a, b);
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

// Two ranges of the amount are one.
const Node* PlanCompiler::both_hold(const Node* a, const Node* b) {
  const auto is_plain_range = [](const Node& node) { return node.code == Code::amount_range && !node.outside; };
  if (!is_plain_range(*a) || !is_plain_range(*b)) return make(Code::logical_and, a, b);
  Node* both = make(Code::amount_range);
  both->low = std::max(a->low, b->low);
  both->high = std::min(a->high, b->high);
  return both;
}

const Node* PlanCompiler::text_pair(Code code, const Expr& expr, EntryIs entry) {
  const Node* a = text(*expr.args[0], entry);
  const Node* b = text(*expr.args[1], entry);
  return make(code, a, b);
}

const Node* PlanCompiler::compare(const Expr& expr, Comparison comparison, EntryIs entry) {
  const Expr& left = *expr.args[0];
  const Expr& right = *expr.args[1];
  Node* node = nullptr;
  if (left.op == Op::field && left.field == Field::status && !is_stored(left, entry) && right.op == Op::text_literal) {
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
const Node* PlanCompiler::compare_with_literal(const Expr& left, Comparison comparison, const Expr& right,
                                               EntryIs entry) {
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

const Node* PlanCompiler::is_null(const Expr& expr, EntryIs entry) {
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

const Node* PlanCompiler::in_list(const Expr& expr, EntryIs entry) {
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

const Node* PlanCompiler::exact_at(const Expr& expr, int scale, EntryIs entry) {
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

const Node* PlanCompiler::exact(const Expr& expr, EntryIs entry) {
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

const Node* PlanCompiler::exact_field(const Expr& expr, EntryIs entry) {
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

const Node* PlanCompiler::real(const Expr& expr, EntryIs entry) {
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

const Node* PlanCompiler::text(const Expr& expr, EntryIs entry) {
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

const Node* PlanCompiler::symbol(const Expr& expr, EntryIs entry) {
  Node* node = make(is_stored(expr, entry) ? Code::entry_symbol : Code::transaction_symbol);
  node->source = expr.scope == Scope::last ? EntrySource::last : EntrySource::scanned;
  node->index = symbol_column(expr.field);
  symbol_nodes_.push_back(node);
  return node;
}

}  // namespace bank::engine
