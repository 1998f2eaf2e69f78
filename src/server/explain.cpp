#include "server/explain.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "model/event_time.h"
#include "rules/explain.h"

namespace bank::server {
namespace {

using rules::Expr;
using rules::Int128;
using rules::Op;
using store::TransactionRow;

/// A value of the rules' language. Slow and plain: a page's worth of transactions is looked at.
struct Datum {
  enum class Kind : std::uint8_t { null, boolean, exact, real, text } kind = Kind::null;
  bool boolean = false;
  Int128 number = 0;
  int scale = 0;
  double real = 0;
  std::string text{};
};

Datum of(bool value) { return {.kind = Datum::Kind::boolean, .boolean = value}; }
Datum of(Int128 number, int scale) { return {.kind = Datum::Kind::exact, .number = number, .scale = scale}; }
Datum of(double value) { return {.kind = Datum::Kind::real, .real = value}; }
Datum of(const std::optional<std::string>& text) {
  if (!text) return {};
  return {.kind = Datum::Kind::text, .text = *text};
}

Int128 power_of_ten(int exponent) {
  Int128 power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

double to_real(const Datum& value) {
  if (value.kind == Datum::Kind::real) return value.real;
  return static_cast<double>(value.number) / static_cast<double>(power_of_ten(value.scale));
}

bool both_exact(const Datum& a, const Datum& b) { return a.kind == Datum::Kind::exact && b.kind == Datum::Kind::exact; }

void align(Datum& a, Datum& b) {
  const int scale = std::max(a.scale, b.scale);
  for (Datum* each : {&a, &b}) {
    each->number *= power_of_ten(scale - each->scale);
    each->scale = scale;
  }
}

/// Below 0, 0, above 0.
int compare(Datum a, Datum b) {
  if (a.kind == Datum::Kind::text) return a.text.compare(b.text);
  if (both_exact(a, b)) {
    align(a, b);
    return a.number < b.number ? -1 : static_cast<int>(a.number > b.number);
  }
  const double left = to_real(a);
  const double right = to_real(b);
  return left < right ? -1 : static_cast<int>(left > right);
}

Datum field_of(rules::Field field, const TransactionRow& transaction) {
  const auto time = model::EventTime::from_us(transaction.time_us);
  switch (field) {
    case rules::Field::transaction_type: return of(std::optional(transaction.type));
    case rules::Field::account_number: return of(std::optional(transaction.account));
    case rules::Field::amount: return of(Int128{transaction.amount.units()}, 4);
    case rules::Field::location: return of(transaction.location);
    case rules::Field::merchant: return of(transaction.merchant);
    case rules::Field::status: return of(transaction.status);
    case rules::Field::hour: return of(Int128{time.hour()}, 0);
    case rules::Field::weekday: return of(Int128{time.weekday()}, 0);
  }
  return {};
}

class Evaluator {
 public:
  Evaluator(const TransactionRow& entry, const TransactionRow& judged) : entry_(entry), judged_(judged) {}

  [[nodiscard]] bool holds(const Expr& expr) const { return value(expr).boolean; }

  [[nodiscard]] Datum value(const Expr& expr) const {
    switch (expr.op) {
      case Op::boolean_literal: return of(expr.number != 0);
      case Op::number_literal: return of(expr.number, expr.type.scale);
      case Op::text_literal: return of(std::optional(expr.text));
      case Op::field: return field_of(expr.field, expr.scope == rules::Scope::entry ? entry_ : judged_);
      case Op::logical_not: return of(!holds(*expr.args[0]));
      case Op::logical_and: return of(holds(*expr.args[0]) && holds(*expr.args[1]));
      case Op::logical_or: return of(holds(*expr.args[0]) || holds(*expr.args[1]));
      case Op::is_null: return of(value(*expr.args[0]).kind == Datum::Kind::null);
      case Op::is_not_null: return of(value(*expr.args[0]).kind != Datum::Kind::null);
      case Op::negate:
      case Op::add:
      case Op::subtract:
      case Op::multiply:
      case Op::divide: return arithmetic(expr);
      case Op::in_list: return of(in_list(expr));
      case Op::equal:
      case Op::not_equal:
      case Op::less:
      case Op::less_equal:
      case Op::greater:
      case Op::greater_equal:
      case Op::contains:
      case Op::starts_with:
      case Op::ends_with: return of(comparison(expr));
      // The checker lets neither into a condition.
      case Op::null_literal:
      case Op::since_last:
      case Op::aggregate: return {};
    }
    return {};
  }

 private:
  [[nodiscard]] bool in_list(const Expr& expr) const {
    const Datum wanted = value(*expr.args[0]);
    if (wanted.kind == Datum::Kind::null) return false;
    return std::any_of(expr.args.begin() + 1, expr.args.end(),
                       [&](const auto& each) { return compare(wanted, value(*each)) == 0; });
  }

  [[nodiscard]] bool comparison(const Expr& expr) const {
    const Datum a = value(*expr.args[0]);
    const Datum b = value(*expr.args[1]);
    if (a.kind == Datum::Kind::null || b.kind == Datum::Kind::null) return false;
    switch (expr.op) {
      case Op::equal: return compare(a, b) == 0;
      case Op::not_equal: return compare(a, b) != 0;
      case Op::less: return compare(a, b) < 0;
      case Op::less_equal: return compare(a, b) <= 0;
      case Op::greater: return compare(a, b) > 0;
      case Op::greater_equal: return compare(a, b) >= 0;
      case Op::contains: return a.text.contains(b.text);
      case Op::starts_with: return a.text.starts_with(b.text);
      case Op::ends_with: return a.text.ends_with(b.text);
      default: return false;
    }
  }

  [[nodiscard]] Datum arithmetic(const Expr& expr) const {
    Datum a = value(*expr.args[0]);
    if (a.kind == Datum::Kind::null) return {};
    if (expr.op == Op::negate) return a.kind == Datum::Kind::exact ? of(-a.number, a.scale) : of(-a.real);
    Datum b = value(*expr.args[1]);
    if (b.kind == Datum::Kind::null) return {};
    if (expr.op == Op::divide) return to_real(b) == 0 ? Datum{} : of(to_real(a) / to_real(b));
    if (!both_exact(a, b)) {
      const double left = to_real(a);
      const double right = to_real(b);
      if (expr.op == Op::add) return of(left + right);
      return of(expr.op == Op::subtract ? left - right : left * right);
    }
    if (expr.op == Op::multiply) return of(a.number * b.number, a.scale + b.scale);
    align(a, b);
    return of(expr.op == Op::add ? a.number + b.number : a.number - b.number, a.scale);
  }

  const TransactionRow& entry_;
  const TransactionRow& judged_;
};

void visit_aggregates(const Expr& expr, const std::function<void(const Expr&)>& visit) {
  if (expr.op == Op::aggregate) visit(expr);
  for (const auto& argument : expr.args) visit_aggregates(*argument, visit);
}

bool asks_for_last(const Expr& expr) {
  if (expr.op == Op::since_last || (expr.op == Op::field && expr.scope == rules::Scope::last)) return true;
  return std::ranges::any_of(expr.args, [](const auto& argument) { return asks_for_last(*argument); });
}

bool counts(const Expr& aggregate, const TransactionRow& entry, const TransactionRow& judged) {
  const Evaluator evaluator(entry, judged);
  if (aggregate.condition != nullptr && !evaluator.holds(*aggregate.condition)) return false;
  return aggregate.operand == nullptr || evaluator.value(*aggregate.operand).kind != Datum::Kind::null;
}

/// The latest before the one that is judged; of the same time the one that arrived last.
ExplainedWindow last_window(const std::vector<TransactionRow>& history,
                            std::vector<TransactionRow>::const_iterator judged, std::int64_t time_us) {
  const TransactionRow* last = nullptr;
  for (auto entry = history.begin(); entry != history.end() && entry < judged && judged != history.end(); ++entry) {
    if (entry->time_us <= time_us && (last == nullptr || entry->time_us >= last->time_us)) last = &*entry;
  }
  ExplainedWindow window{.aggregate = "last",
                         .words = "the account's transaction before this one",
                         .duration_us = 0,
                         .from_us = time_us,
                         .to_us = time_us,
                         .prior = true,
                         .transaction_ids = {}};
  if (last == nullptr) return window;
  window.from_us = last->time_us;
  window.duration_us = time_us - last->time_us;
  window.transaction_ids.push_back(last->transaction_id);
  return window;
}

}  // namespace

std::int64_t look_back_us(const rules::Rule& rule, std::int64_t history_us) {
  std::int64_t longest = asks_for_last(*rule.when) ? history_us : 0;
  visit_aggregates(*rule.when, [&](const Expr& aggregate) { longest = std::max(longest, aggregate.window_us); });
  return longest;
}

std::vector<ExplainedWindow> explain_windows(const rules::Rule& rule, const std::vector<TransactionRow>& history,
                                             const std::string& id, std::int64_t time_us) {
  const auto judged = std::ranges::find(history, id, &TransactionRow::transaction_id);
  std::vector<ExplainedWindow> windows;
  if (asks_for_last(*rule.when)) windows.push_back(last_window(history, judged, time_us));
  visit_aggregates(*rule.when, [&](const Expr& aggregate) {
    ExplainedWindow window{.aggregate = rules::spell(aggregate),
                           .words = rules::in_words(aggregate),
                           .duration_us = aggregate.window_us,
                           .from_us = time_us - aggregate.window_us,
                           .to_us = time_us,
                           .prior = aggregate.prior,
                           .transaction_ids = {}};
    if (std::ranges::find(windows, window.aggregate, &ExplainedWindow::aggregate) != windows.end()) return;
    std::vector<const TransactionRow*> entries;
    for (auto entry = history.begin(); entry != history.end() && judged != history.end(); ++entry) {
      if (entry > judged) break;
      if (entry == judged && window.prior) break;
      if (entry->time_us < window.from_us || entry->time_us > window.to_us) continue;
      if (counts(aggregate, *entry, *judged)) entries.push_back(&*entry);
    }
    std::ranges::stable_sort(entries, {}, &TransactionRow::time_us);
    for (const TransactionRow* entry : entries) window.transaction_ids.push_back(entry->transaction_id);
    windows.push_back(std::move(window));
  });
  return windows;
}

}  // namespace bank::server
