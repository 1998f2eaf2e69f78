// Turns a rule set into a Plan. Used by plan.h's Plan::compile alone.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/plan.h"
#include "rules/ast.h"

namespace bank::engine {

/// How a field in Scope::entry is read: of a stored entry, or of the transaction itself as it becomes one.
enum class EntryIs { stored, transaction };

/// Compiles one rule set, once. What rules ask for is placed as it is met: columns and flags are numbered in the order
/// of the rules file, so that the same file gives the same history everywhere.
class PlanCompiler {
 public:
  explicit PlanCompiler(const rules::RuleSet& rules) : rules_(rules), plan_(new Plan) {}

  [[nodiscard]] std::shared_ptr<const Plan> compile();

 private:
  void compile_rule(const rules::Rule& rule);
  void add_preconditions(const Node& condition, std::vector<Precondition>& out) const;

  // plan_expressions.cpp: an expression as a node, by its type.
  Node* make(Code code);
  Node* make(Code code, const Node* a, const Node* b = nullptr);
  const Node* any(const rules::Expr& expr);
  const Node* boolean(const rules::Expr& expr, EntryIs entry);
  const Node* both_hold(const Node* a, const Node* b);
  const Node* text_pair(Code code, const rules::Expr& expr, EntryIs entry);
  const Node* compare(const rules::Expr& expr, Comparison comparison, EntryIs entry);
  const Node* compare_with_literal(const rules::Expr& left, Comparison comparison, const rules::Expr& right,
                                   EntryIs entry);
  const Node* is_null(const rules::Expr& expr, EntryIs entry);
  const Node* in_list(const rules::Expr& expr, EntryIs entry);
  const Node* exact_at(const rules::Expr& expr, int scale, EntryIs entry);
  const Node* exact(const rules::Expr& expr, EntryIs entry);
  const Node* exact_field(const rules::Expr& expr, EntryIs entry);
  const Node* real(const rules::Expr& expr, EntryIs entry);
  const Node* text(const rules::Expr& expr, EntryIs entry);
  const Node* symbol(const rules::Expr& expr, EntryIs entry);

  // plan_compiler.cpp: what expressions refer to, each found again where it is asked for again.
  std::uint32_t aggregate(const rules::Expr& expr);
  std::uint32_t query(const rules::Expr& expr);
  std::uint32_t measure_index(const Measure& measure);
  std::uint32_t flag(const rules::Expr& condition);
  std::uint32_t value_column(const rules::Expr& operand);
  std::uint32_t amount_column();
  template <typename MakeNode>
  std::uint32_t column_of(const rules::Expr& expr, std::string_view what, std::vector<std::string>& keys,
                          std::vector<const Node*>& nodes, MakeNode&& make_node);
  std::uint32_t symbol_column(rules::Field field);
  void place_symbols();

  const rules::RuleSet& rules_;
  std::unique_ptr<Plan> plan_;
  std::vector<Node*> symbol_nodes_;
  std::vector<std::string> query_keys_;
  std::vector<std::string> flag_keys_;
  std::vector<std::string> value_keys_;
  std::string history_text_;  // what the history holds, in words: the plan's history_id is its hash
};

}  // namespace bank::engine
