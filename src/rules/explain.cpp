#include "rules/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/check.h"

namespace bank::rules {
namespace {

std::string duration_words(std::int64_t us) {
  struct Unit {
    std::int64_t us;
    std::string_view name;
  };
  constexpr std::int64_t second = 1'000'000;
  static constexpr std::array<Unit, 4> units{
      {{86'400 * second, "day"}, {3'600 * second, "hour"}, {60 * second, "minute"}, {second, "second"}}};
  for (const Unit& unit : units) {
    // "24 hours" reads better than "1 day".
    if (us % unit.us != 0 || (unit.us == 86'400 * second && us == unit.us)) continue;
    const std::int64_t count = us / unit.us;
    return count == 1 ? fmt::format("1 {}", unit.name) : fmt::format("{} {}s", count, unit.name);
  }
  return fmt::format("{} seconds", us / second);
}

std::string_view field_words(Field field) {
  switch (field) {
    case Field::transaction_type: return "transaction type";
    case Field::account_number: return "account number";
    case Field::hour: return "hour of the day (UTC)";
    case Field::weekday: return "weekday (1 Monday to 7 Sunday)";
    default: return field_name(field);
  }
}

/// What stands between the sides.
std::string_view comparison_words(Op op) {
  switch (op) {
    case Op::equal: return "is";
    case Op::not_equal: return "is not";
    case Op::less: return "is under";
    case Op::less_equal: return "is at most";
    case Op::greater: return "is over";
    case Op::greater_equal: return "is at least";
    case Op::contains: return "contains";
    case Op::starts_with: return "begins with";
    case Op::ends_with: return "ends with";
    default: return "";
  }
}

std::string_view arithmetic_words(Op op) {
  switch (op) {
    case Op::add: return "plus";
    case Op::subtract: return "minus";
    case Op::multiply: return "times";
    default: return "divided by";
  }
}

bool is_arithmetic(Op op) { return op == Op::add || op == Op::subtract || op == Op::multiply || op == Op::divide; }

/// The comparison seen from its other side.
Op mirrored(Op op) {
  switch (op) {
    case Op::less: return Op::greater;
    case Op::less_equal: return Op::greater_equal;
    case Op::greater: return Op::less;
    case Op::greater_equal: return Op::less_equal;
    default: return op;
  }
}

std::string_view plural(Field field) {
  switch (field) {
    case Field::transaction_type: return "transaction types";
    case Field::account_number: return "account numbers";
    case Field::amount: return "amounts";
    case Field::location: return "locations";
    case Field::merchant: return "merchants";
    case Field::status: return "statuses";
    case Field::hour: return "hours of the day (UTC)";
    case Field::weekday: return "weekdays";
  }
  return "";
}

/// "the amount" and "is over 5000": apart, so that clauses about one thing can share it.
struct Clause {
  std::string subject;
  std::string predicate;
  [[nodiscard]] std::string text() const { return subject.empty() ? predicate : subject + " " + predicate; }
};

class Wording {
 public:
  std::string condition(const Expr& expr) {
    return expr.op == Op::logical_and || expr.op == Op::logical_or ? chain(expr) : clause(expr).text();
  }

  std::string value(const Expr& expr) {
    switch (expr.op) {
      case Op::field: return field(expr);
      case Op::since_last: return "the time since the transaction before, in seconds,";
      case Op::aggregate: return aggregate(expr);
      case Op::negate: return "minus " + factor(*expr.args[0]);
      case Op::add:
      case Op::subtract:
      case Op::multiply:
      case Op::divide:
        return fmt::format("{} {} {}", factor(*expr.args[0]), arithmetic_words(expr.op), factor(*expr.args[1]));
      default: return expr.type.kind == TypeKind::boolean ? condition(expr) : spell(expr);
    }
  }

 private:
  static void flatten(const Expr& expr, Op op, std::vector<const Expr*>& parts) {
    if (expr.op != op) {
      parts.push_back(&expr);
      return;
    }
    flatten(*expr.args[0], op, parts);
    flatten(*expr.args[1], op, parts);
  }

  std::vector<Clause> clauses(const Expr& expr, Op op) {
    std::vector<const Expr*> parts;
    flatten(expr, op, parts);
    std::vector<Clause> result;
    for (const Expr* part : parts) {
      const bool mixed = part->op == Op::logical_and || part->op == Op::logical_or;
      result.push_back(mixed ? Clause{"", "(" + condition(*part) + ")"} : clause(*part));
    }
    return result;
  }

  /// "the amount is at least 4000 and is at most 5000, and the hour of the day (UTC) is under 6"
  std::string chain(const Expr& expr) {
    const std::string_view join = expr.op == Op::logical_and ? " and " : " or ";
    std::string text;
    std::string_view last_subject;
    const std::vector<Clause> parts = clauses(expr, expr.op);
    for (const Clause& part : parts) {
      const bool shared = !part.subject.empty() && part.subject == last_subject;
      if (!text.empty()) text += shared || parts.size() == 2 ? join : "," + std::string(join);
      text += shared ? part.predicate : part.text();
      last_subject = part.subject;
    }
    return text;
  }

  std::string factor(const Expr& expr) { return is_arithmetic(expr.op) ? "(" + value(expr) + ")" : value(expr); }

  Clause clause(const Expr& expr) {
    switch (expr.op) {
      case Op::boolean_literal: return {"", expr.number != 0 ? "true" : "false"};
      case Op::logical_not:
        if (expr.args[0]->op == Op::in_list)
          return {value(*expr.args[0]->args[0]), "is none of " + list(*expr.args[0])};
        return {"", "it is not so that (" + condition(*expr.args[0]) + ")"};
      case Op::is_null: return {value(*expr.args[0]), "is missing"};
      case Op::is_not_null: return {value(*expr.args[0]), "is known"};
      case Op::in_list: return {value(*expr.args[0]), "is one of " + list(expr)};
      default: return comparison(expr);
    }
  }

  static std::string list(const Expr& expr) {
    std::string text;
    for (std::size_t i = 1; i < expr.args.size(); ++i) {
      if (i > 1) text += i + 1 == expr.args.size() ? " and " : ", ";
      text += spell(*expr.args[i]);
    }
    return text;
  }

  Clause comparison(const Expr& expr) {
    const Expr* left = expr.args[0].get();
    const Expr* right = expr.args[1].get();
    Op op = expr.op;
    if (left->op == Op::number_literal && right->op != Op::number_literal) {
      std::swap(left, right);
      op = mirrored(op);
    }
    const bool counts =
        left->op == Op::aggregate && (left->function == Function::count || left->function == Function::distinct);
    if (counts && right->op == Op::number_literal && right->type.scale == 0) return counted(*left, op, spell(*right));
    return {value(*left), fmt::format("{} {}", comparison_words(op), value(*right))};
  }

  /// "the account has 5 or more transactions in the last 5 minutes, this one included"
  Clause counted(const Expr& aggregate, Op op, const std::string& number) {
    std::string amount;
    switch (op) {
      case Op::less: amount = "fewer than " + number; break;
      case Op::less_equal: amount = number + " or fewer"; break;
      case Op::greater: amount = "more than " + number; break;
      case Op::greater_equal: amount = number + " or more"; break;
      case Op::equal: amount = "exactly " + number; break;
      default: amount = "any number but " + number + " of"; break;
    }
    return {"the account", fmt::format("has {} {}{}", amount, things(aggregate), window(aggregate))};
  }

  /// "transactions whose status is "FAILED"", "different locations"
  std::string things(const Expr& aggregate) {
    const std::string who = restriction(aggregate);
    if (aggregate.function == Function::count) return "transactions" + who;
    const std::string values = fmt::format("different {}", plural(aggregate.operand->field));
    return who.empty() ? values : values + " of transactions" + who;
  }

  /// " whose status is "FAILED" and whose amount is under 10"; empty without a condition.
  std::string restriction(const Expr& aggregate) {
    constexpr std::string_view article = "the ";
    if (!aggregate.condition) return "";
    inside_ = true;
    const std::string whole = condition(*aggregate.condition);
    std::string relative;
    std::string_view last_subject;
    const std::vector<Clause> parts = clauses(*aggregate.condition, Op::logical_and);
    for (const Clause& part : parts) {
      const bool about_entry = part.subject.starts_with(article) && !part.subject.ends_with(of_this);
      if (!about_entry) {
        inside_ = false;
        return " for which " + whole;
      }
      if (!relative.empty()) relative += " and";
      relative += part.subject == last_subject ? " " + part.predicate : " whose " + part.text().substr(article.size());
      last_subject = part.subject;
    }
    inside_ = false;
    return relative;
  }

  static std::string window(const Expr& expr) {
    const std::string length = duration_words(expr.window_us);
    return expr.prior ? fmt::format(" in the {} before this one", length)
                      : fmt::format(" in the last {}, this one included", length);
  }

  std::string aggregate(const Expr& expr) {
    const std::string length = duration_words(expr.window_us);
    const std::string within = expr.prior ? fmt::format(" in the {} before this one", length)
                                          : fmt::format(" in the last {} (this one included)", length);
    if (expr.function == Function::count || expr.function == Function::distinct)
      return "the number of " + things(expr) + within;
    std::string_view of;
    switch (expr.function) {
      case Function::sum: of = "the sum of the"; break;
      case Function::avg: of = "the average of the"; break;
      case Function::min: of = "the smallest"; break;
      case Function::max: of = "the largest"; break;
      default: of = "the standard deviation of the"; break;
    }
    const std::string who = restriction(expr);
    return fmt::format("{} {}{}{}", of, operand(*expr.operand), who.empty() ? "" : " of transactions" + who, within);
  }

  std::string operand(const Expr& expr) {
    if (expr.op == Op::field) return std::string(field_words(expr.field));
    inside_ = true;
    std::string text = "value of (" + value(expr) + ")";
    inside_ = false;
    return text;
  }

  std::string field(const Expr& expr) const {
    if (expr.scope == Scope::last) return fmt::format("the {} of the transaction before", field_words(expr.field));
    if (expr.scope == Scope::current && inside_) return fmt::format("the {}{}", field_words(expr.field), of_this);
    return fmt::format("the {}", field_words(expr.field));
  }

  static constexpr std::string_view of_this = " of this one";
  bool inside_ = false;  // an aggregate's operand or condition
};

template <typename Visit>
void visit(const Expr& expr, const Visit& visitor) {
  visitor(expr);
  for (const ExprPtr& arg : expr.args) visit(*arg, visitor);
  if (expr.operand) visit(*expr.operand, visitor);
  if (expr.condition) visit(*expr.condition, visitor);
}

/// The first `this.name` of a condition, as it is spelled; empty without one.
std::string current_in(const Expr* condition) {
  std::string found;
  if (condition == nullptr) return found;
  visit(*condition, [&](const Expr& expr) {
    if (found.empty() && expr.op == Op::field && expr.scope == Scope::current)
      found = "this." + std::string(field_name(expr.field));
  });
  return found;
}

std::string_view kept_as(Function function) {
  switch (function) {
    case Function::count: return "constant: kept as a running count";
    case Function::sum: return "constant: kept as a running sum";
    case Function::avg: return "constant: kept as a running sum and count";
    case Function::stddev: return "constant: kept as running sums of values and squares";
    case Function::min: return "constant on average: kept as a running minimum";
    case Function::max: return "constant on average: kept as a running maximum";
    case Function::distinct:
      return "constant: kept as a running count of each value; in a busy account that comes in disorder, with the "
             "disorder";
  }
  return "";
}

Cost cost_of(const Expr& aggregate) {
  const std::string current = current_in(aggregate.condition.get());
  if (current.empty()) return {spell(aggregate), false, std::string(kept_as(aggregate.function))};
  return {spell(aggregate), true, fmt::format("scans the window, because its condition looks at {}", current)};
}

class Explainer {
 public:
  explicit Explainer(Explanation& out) : out_(out) {}

  void look_at(const Expr& root) {
    visit(root, [&](const Expr& expr) {
      looks_back_ = looks_back_ || expr.op == Op::since_last || (expr.op == Op::field && expr.scope == Scope::last);
      if (expr.op != Op::aggregate) return;
      windows_.insert(expr.window_us);
      Cost cost = cost_of(expr);
      if (spelled_.insert(cost.aggregate).second) out_.costs.push_back(std::move(cost));
    });
  }

  void finish(const RuleSet& rules) {
    out_.windows_us.assign(windows_.begin(), windows_.end());
    if (!looks_back_) return;
    if (rules.longest_window_us == 0) {
      out_.hints.emplace_back(
          "last. and since_last reach only as far as the history, and no rule here has a window: beyond the allowed "
          "lateness (1h by default) they are "
          "null. Set history: to look further back.");
    } else {
      out_.hints.push_back(
          fmt::format("last. and since_last reach only as far as the history: the {} of the longest window or "
                      "history:, and the allowed lateness (1h by "
                      "default). Before that they are null.",
                      duration_words(rules.longest_window_us)));
    }
  }

 private:
  Explanation& out_;
  std::set<std::int64_t> windows_;
  std::set<std::string> spelled_;
  bool looks_back_ = false;
};

}  // namespace

std::string in_words(const Expr& expr) {
  Wording wording;
  return expr.type.kind == TypeKind::boolean ? wording.condition(expr) : wording.value(expr);
}

Explanation explain(const Rule& rule, const RuleSet& rules) {
  Explanation explanation;
  if (rule.when->op == Op::boolean_literal) {
    explanation.sentence = rule.when->number != 0 ? "Fires on every transaction." : "Never fires.";
  } else {
    explanation.sentence = "Fires when " + in_words(*rule.when) + ".";
  }
  Explainer explainer(explanation);
  explainer.look_at(*rule.when);
  for (const ReasonPart& part : rule.reason) {
    if (part.expr) explainer.look_at(*part.expr);
  }
  explainer.finish(rules);
  return explanation;
}

}  // namespace bank::rules
