#include "rules/doubts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/closest.h"
#include "model/transaction.h"

namespace bank::rules {
namespace {

class Doubter {
 public:
  explicit Doubter(const RuleSet& rules) : rules_(rules) {}

  void visit(const Expr& expr) {
    const bool compares = expr.op == Op::equal || expr.op == Op::not_equal || expr.op == Op::in_list;
    if (compares && std::ranges::any_of(expr.args, [](const ExprPtr& arg) { return is_status(*arg); })) {
      for (const ExprPtr& arg : expr.args) look_at(*arg);
    }
    for (const ExprPtr& arg : expr.args) visit(*arg);
    if (expr.operand) visit(*expr.operand);
    if (expr.condition) visit(*expr.condition);
  }

  [[nodiscard]] std::vector<std::string> take() { return std::move(doubts_); }

 private:
  static bool is_status(const Expr& expr) { return expr.op == Op::field && expr.field == Field::status; }

  void look_at(const Expr& literal) {
    using model::Status;
    static const std::array<std::string_view, 3> statuses = {
        model::to_string(Status::pending), model::to_string(Status::completed), model::to_string(Status::failed)};
    if (literal.op != Op::text_literal || std::ranges::find(statuses, literal.text) != statuses.end()) return;
    doubts_.push_back(fmt::format("{}:{}:{}: no transaction has the status '{}'{}", rules_.file, literal.mark.line,
                                  literal.mark.column, literal.text, suggestion(literal.text, statuses)));
  }

  const RuleSet& rules_;
  std::vector<std::string> doubts_;
};

}  // namespace

std::vector<std::string> doubts(const RuleSet& rules) {
  Doubter doubter(rules);
  for (const Rule& rule : rules.rules) {
    doubter.visit(*rule.when);
    for (const ReasonPart& part : rule.reason) {
      if (part.expr) doubter.visit(*part.expr);
    }
  }
  return doubter.take();
}

}  // namespace bank::rules
