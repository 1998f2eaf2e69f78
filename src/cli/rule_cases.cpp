#include "cli/rule_cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "base/closest.h"
#include "base/hash.h"
#include "engine/plan.h"
#include "yaml/values.h"

namespace bank::cli {
namespace {

using yaml::Node;
using yaml::Problems;

constexpr std::string_view at_key = "at";
constexpr std::array<std::string_view, 3> file_keys{"version", "defaults", "cases"};
constexpr std::array<std::string_view, 3> case_keys{"name", "defaults", "given"};
constexpr std::array<std::string_view, 7> field_keys{
    model::field::transaction_id, model::field::account_number, model::field::transaction_type,
    model::field::amount,         model::field::location,       model::field::merchant,
    model::field::status};
constexpr std::array<std::string_view, 13> given_keys{at_key,
                                                      model::field::amount,
                                                      model::field::merchant,
                                                      model::field::location,
                                                      model::field::status,
                                                      model::field::transaction_type,
                                                      model::field::account_number,
                                                      model::field::transaction_id,
                                                      "fires",
                                                      "risk",
                                                      "decision",
                                                      "reasons",
                                                      "resend"};
constexpr std::array<std::string_view, 3> statuses{"PENDING", "COMPLETED", "FAILED"};
constexpr std::array<std::string_view, 3> decisions{"APPROVE", "REVIEW", "BLOCK"};
/// Monday 2026-01-05 00:00:00 UTC: `at: 0s`.
constexpr std::int64_t base_us = 1'767'571'200LL * 1'000'000;
constexpr std::int64_t second_us = 1'000'000;

class CasesLoader {
 public:
  CasesLoader(const yaml::Document& document, const rules::RuleSet& rules, Problems& problems)
      : document_(document), problems_(problems) {
    for (const rules::Rule& rule : rules.rules) rule_ids_.emplace_back(rule.id);
  }

  RuleCases run() {
    RuleCases cases;
    const Node& root = document_.root();
    if (!yaml::check_keys(root, "a cases file", file_keys, problems_)) return cases;
    if (const Node* version = root.find("version")) {
      if (const auto number = yaml::get_integer(*version, "version", 0, 1'000'000, problems_); number && *number != 1) {
        problems_.add(version->mark, fmt::format("version {} is not known here; write version: 1", *number));
      }
    } else {
      problems_.add(root.mark, "the cases file has no 'version'; add 'version: 1'");
    }
    GivenTransaction defaults;
    defaults.account_number = "ACC-0000000001";
    defaults.transaction_type = "PAYMENT";
    defaults.status = model::Status::completed;
    defaults.amount = model::Amount::from_units(20 * model::Amount::units_per_one);
    if (const Node* node = root.find("defaults")) read_defaults(*node, defaults);
    const Node* list = root.find("cases");
    if (list == nullptr || list->kind != yaml::Kind::sequence || list->items.empty()) {
      problems_.add(list != nullptr ? list->mark : root.mark, "'cases' must be a list of cases (- name: …)");
      return cases;
    }
    for (const Node& node : list->items) cases.cases.push_back(read_case(node, defaults));
    return cases;
  }

 private:
  void read_defaults(const Node& node, GivenTransaction& defaults) {
    if (yaml::check_keys(node, "defaults", field_keys, problems_)) read_fields(node, defaults);
  }

  RuleCase read_case(const Node& node, GivenTransaction defaults) {
    RuleCase result;
    result.mark = node.mark;
    if (!yaml::check_keys(node, "a case", case_keys, problems_)) return result;
    if (const Node* name = node.find("name")) {
      result.name = yaml::get_text(*name, "name", problems_).value_or("");
      const auto [first, added] = names_.emplace(result.name, name->mark);
      if (!added)
        problems_.add(name->mark, fmt::format("duplicate name; it stands at {}:{} already", first->second.line,
                                              first->second.column));
    } else {
      problems_.add(node.mark, "this case has no 'name'; say what it shows");
    }
    if (const Node* given = node.find("defaults")) read_defaults(*given, defaults);
    const Node* list = node.find("given");
    if (list == nullptr || list->kind != yaml::Kind::sequence || list->items.empty()) {
      problems_.add(list != nullptr ? list->mark : node.mark, "'given' must be a list of transactions (- {at: 0s, …})");
      return result;
    }
    std::int64_t last_us = base_us - second_us;
    for (const Node& item : list->items) {
      result.given.push_back(read_given(item, defaults, result.given.size() + 1, last_us));
      last_us = result.given.back().time.us();
    }
    return result;
  }

  GivenTransaction read_given(const Node& node, const GivenTransaction& defaults, std::size_t number,
                              std::int64_t last_us) {
    GivenTransaction given = defaults;
    given.mark = node.mark;
    if (given.transaction_id.empty()) given.transaction_id = fmt::format("T{}", number);
    given.time = model::EventTime::from_us(last_us + second_us);
    if (!yaml::check_keys(node, "a transaction", given_keys, problems_)) return given;
    read_fields(node, given);
    if (const Node* at = node.find(at_key)) read_time(*at, given);
    model::append_event_time(given.timestamp, given.time);
    read_expectations(node, given);
    return given;
  }

  void read_fields(const Node& node, GivenTransaction& into) {
    read_text(node, model::field::transaction_id, model::max_transaction_id_bytes, into.transaction_id);
    read_text(node, model::field::account_number, model::max_account_number_bytes, into.account_number);
    read_text(node, model::field::transaction_type, model::max_transaction_type_bytes, into.transaction_type);
    read_optional(node, model::field::location, into.location);
    read_optional(node, model::field::merchant, into.merchant);
    if (const Node* amount = node.find(model::field::amount)) read_amount(*amount, into);
    std::optional<std::string> status;
    if (node.find(model::field::status) == nullptr) return;
    read_optional(node, model::field::status, status);
    into.status = model::Status::none;
    if (!status) return;
    const auto found = std::ranges::find(statuses, *status);
    if (found == statuses.end()) {
      problems_.add(node.find(model::field::status)->mark,
                    fmt::format("unknown status '{}'{}", *status, suggestion(*status, statuses)));
    } else {
      into.status = static_cast<model::Status>(found - statuses.begin() + 1);
    }
  }

  void read_text(const Node& map, std::string_view key, std::size_t longest, std::string& into) {
    const Node* node = map.find(key);
    if (node == nullptr) return;
    std::optional<std::string> text = yaml::get_text(*node, key, problems_);
    if (!text) return;
    if (text->size() > longest) problems_.add(node->mark, fmt::format("'{}' is longer than {} bytes", key, longest));
    into = std::move(*text);
  }

  void read_optional(const Node& map, std::string_view key, std::optional<std::string>& into) {
    const Node* node = map.find(key);
    if (node == nullptr) return;
    if (node->kind == yaml::Kind::null) {
      into.reset();
    } else if (node->kind == yaml::Kind::scalar) {
      into = node->text;
    } else {
      problems_.add(node->mark,
                    fmt::format("'{}' must be a text or null, and is {}", key, yaml::to_string(node->kind)));
    }
  }

  void read_amount(const Node& node, GivenTransaction& into) {
    const std::expected<model::Amount, model::Reason> amount = node.kind == yaml::Kind::scalar && node.plain
                                                                   ? model::parse_amount(node.text)
                                                                   : std::unexpected(model::Reason::bad_amount_syntax);
    if (amount) {
      into.amount = *amount;
    } else {
      problems_.add(node.mark,
                    "'amount' must be a number from 0 to below 10^14 with at most 4 decimals, as in 5000.01");
    }
  }

  void read_time(const Node& node, GivenTransaction& into) {
    if (node.kind == yaml::Kind::scalar) {
      if (const auto since_base = yaml::parse_duration_us(node.text)) {
        into.time = model::EventTime::from_us(base_us + *since_base);
        return;
      }
      if (const auto time = model::parse_event_time(node.text)) {
        into.time = *time;
        return;
      }
    }
    problems_.add(node.mark,
                  "'at' must be the time since the case's start, as in 90s, or a time, as in 2026-01-05 09:00:00");
  }

  void read_expectations(const Node& node, GivenTransaction& given) {
    if (const Node* fires = node.find("fires")) read_fires(*fires, given);
    if (const Node* risk = node.find("risk")) {
      if (const auto number = yaml::get_integer(*risk, "risk", 0, model::max_risk, problems_))
        given.risk = static_cast<int>(*number);
    }
    if (const Node* decision = node.find("decision")) {
      if (const auto text = yaml::get_text(*decision, "decision", problems_)) {
        const auto found = std::ranges::find(decisions, *text);
        if (found == decisions.end()) {
          problems_.add(decision->mark, fmt::format("unknown decision '{}'{}", *text, suggestion(*text, decisions)));
        } else {
          given.decision = static_cast<model::Decision>(found - decisions.begin());
        }
      }
    }
    if (const Node* reasons = node.find("reasons")) {
      if (yaml::check_keys(*reasons, "reasons", rule_ids_, problems_)) {
        for (const yaml::Entry& entry : reasons->entries) {
          if (auto text = yaml::get_text(entry.value, entry.key, problems_))
            given.reasons.emplace(entry.key, std::move(*text));
        }
      }
    }
    if (const Node* resend = node.find("resend"))
      given.resend = yaml::get_boolean(*resend, "resend", problems_).value_or(false);
  }

  /// One id, or a list of them.
  void read_fires(const Node& node, GivenTransaction& given) {
    const std::span<const Node> ids =
        node.kind == yaml::Kind::sequence ? std::span<const Node>(node.items) : std::span<const Node>(&node, 1);
    for (const Node& id : ids) {
      const std::optional<std::string> text = yaml::get_text(id, "fires", problems_);
      if (!text) continue;
      if (std::ranges::find(rule_ids_, *text) == rule_ids_.end()) {
        problems_.add(id.mark, fmt::format("there is no rule '{}'{}", *text, suggestion(*text, rule_ids_)));
      }
      given.fires.push_back(*text);
    }
  }

  const yaml::Document& document_;
  Problems& problems_;
  std::vector<std::string_view> rule_ids_;
  std::map<std::string, yaml::Mark, std::less<>> names_;
};

std::string listed(std::vector<std::string> ids) {
  if (ids.empty()) return "no rule";
  std::ranges::sort(ids);
  return fmt::format("{}", fmt::join(ids, ", "));
}

/// What one transaction did, against what was expected.
class Comparison {
 public:
  Comparison(const engine::Judgements& judged, const engine::Verdict& verdict, const rules::RuleSet& rules)
      : verdict_(verdict) {
    for (std::uint32_t i = verdict.firing_begin; i < verdict.firing_end; ++i) {
      const engine::Firing& firing = judged.firings[i];
      fired_.emplace_back(rules.rules[firing.rule].id);
      reasons_.emplace(fired_.back(), judged.reason(firing));
    }
  }

  [[nodiscard]] const std::vector<std::string>& fired() const { return fired_; }

  /// `expected …, got …`, one for each difference.
  [[nodiscard]] std::vector<std::string> differences(const GivenTransaction& given) const {
    std::vector<std::string> found;
    const auto differ = [&](std::string_view what, std::string_view expected, std::string_view got) {
      found.push_back(fmt::format("expected {}{}, got {}", what, expected, got));
    };
    if (given.resend != verdict_.resend) {
      differ("", given.resend ? "a resend" : "a transaction of its own",
             verdict_.resend ? "a resend (its id was seen before)" : "a transaction of its own");
    }
    const std::set<std::string> wanted(given.fires.begin(), given.fires.end());
    if (wanted != std::set<std::string>(fired_.begin(), fired_.end())) differ("", listed(given.fires), got_rules());
    if (given.risk && *given.risk != verdict_.risk)
      differ("risk ", std::to_string(*given.risk), std::to_string(verdict_.risk));
    if (given.decision && *given.decision != verdict_.decision)
      differ("", model::to_string(*given.decision), model::to_string(verdict_.decision));
    for (const auto& [id, reason] : given.reasons) {
      const auto got = reasons_.find(id);
      if (got == reasons_.end()) {
        differ(fmt::format("the reason of {} ", id), fmt::format("\"{}\"", reason), "none: it did not fire");
      } else if (got->second != reason) {
        differ(fmt::format("the reason of {} ", id), fmt::format("\"{}\"", reason), fmt::format("\"{}\"", got->second));
      }
    }
    return found;
  }

 private:
  std::string got_rules() const {
    std::string text;
    for (const std::string& id : fired_)
      text += fmt::format("{}{} (\"{}\")", text.empty() ? "" : ", ", id, reasons_.at(id));
    return text.empty() ? "no rule" : text;
  }

  const engine::Verdict& verdict_;
  std::vector<std::string> fired_;
  std::map<std::string, std::string> reasons_;
};

}  // namespace

model::Transaction GivenTransaction::view() const {
  model::Transaction transaction;
  transaction.transaction_id = transaction_id;
  transaction.account_number = account_number;
  transaction.transaction_type = transaction_type;
  transaction.timestamp = timestamp;
  transaction.location = location;
  transaction.merchant = merchant;
  transaction.amount = amount;
  transaction.time = time;
  transaction.account_hash = hash64(account_number);
  transaction.status = status;
  return transaction;
}

Result<RuleCases> load_rule_cases(const std::string& path, const rules::RuleSet& rules) {
  const Result<std::string> text = yaml::read_file(path);
  if (!text) return std::unexpected(text.error());
  return parse_rule_cases(*text, path, rules);
}

Result<RuleCases> parse_rule_cases(std::string_view text, const std::string& file, const rules::RuleSet& rules) {
  const Result<yaml::Document> document = yaml::Document::parse(text, file);
  if (!document) return std::unexpected(document.error());
  Problems problems(file);
  RuleCases cases = CasesLoader(*document, rules, problems).run();
  if (!problems.empty()) return std::unexpected(problems.error());
  cases.file = file;
  return cases;
}

std::size_t CasesReport::failed() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(results, [](const CaseResult& result) { return !result.failures.empty(); }));
}

CasesReport run_rule_cases(const std::shared_ptr<const engine::Plan>& plan, const rules::RuleSet& rules,
                           const RuleCases& cases, const engine::Options& options) {
  CasesReport report;
  std::set<std::string> fired;
  for (const RuleCase& rule_case : cases.cases) {
    CaseResult result{&rule_case, {}};
    engine::Engine engine(plan, options);
    for (std::size_t i = 0; i < rule_case.given.size(); ++i) {
      const GivenTransaction& given = rule_case.given[i];
      const model::Transaction transaction = given.view();
      engine::Judgements judged;
      engine.judge(std::span(&transaction, 1), judged);
      const Comparison comparison(judged, judged.verdicts.front(), rules);
      fired.insert(comparison.fired().begin(), comparison.fired().end());
      for (const std::string& difference : comparison.differences(given)) {
        result.failures.push_back(fmt::format("{}:{}:{}: transaction {} ({}): {}", cases.file, given.mark.line,
                                              given.mark.column, i + 1, given.timestamp, difference));
      }
    }
    report.results.push_back(std::move(result));
  }
  for (const rules::Rule& rule : rules.rules) {
    if (!fired.contains(rule.id)) report.never_fired.push_back(rule.id);
  }
  return report;
}

}  // namespace bank::cli
