#include "rules/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "base/closest.h"
#include "base/sha256.h"
#include "rules/parser.h"
#include "yaml/values.h"
#include "yaml/yaml.h"

namespace bank::rules {
namespace {

static_assert(max_rules_file_bytes == yaml::max_file_bytes);

constexpr std::array<std::string_view, 3> file_keys{"version", "history", "rules"};
constexpr std::array<std::string_view, 5> rule_keys{"id", "severity", "score", "when", "reason"};
constexpr std::array<std::string_view, 4> severities{"LOW", "MEDIUM", "HIGH", "CRITICAL"};

Mark to_mark(yaml::Mark mark) { return {mark.line, mark.column}; }
yaml::Mark to_mark(Mark mark) { return {mark.line, mark.column}; }

std::string trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(blanks);
  return first == std::string_view::npos ? std::string()
                                         : std::string(text.substr(first, text.find_last_not_of(blanks) - first + 1));
}

bool is_id(std::string_view text) {
  constexpr std::size_t longest = 64;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !text.empty() && text.size() <= longest && letter(text.front()) &&
         std::ranges::all_of(text, [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-'; });
}

std::int64_t longest_window(const Expr* expr) {
  if (expr == nullptr) return 0;
  std::int64_t longest = expr->window_us;
  for (const ExprPtr& arg : expr->args) longest = std::max(longest, longest_window(arg.get()));
  return longest;  // operands and conditions hold no aggregates
}

class Loader {
 public:
  Loader(const yaml::Document& document, yaml::Problems& problems) : document_(document), problems_(problems) {}

  RuleSet run() {
    const yaml::Node& root = document_.root();
    if (root.kind == yaml::Kind::null) {
      problems_.add(root.mark, "the rules file is empty; it needs 'version: 1' and 'rules:'");
      return {};
    }
    if (!yaml::check_keys(root, "a rules file", file_keys, problems_)) return {};
    RuleSet set;
    if (const yaml::Node* version = require(root, "version", file_keys, "the rules file", "add 'version: 1'")) {
      const std::optional<std::int64_t> number = yaml::get_integer(*version, "version", 0, 1'000'000, problems_);
      if (number && *number != 1)
        problems_.add(version->mark, fmt::format("version {} is not known here; write version: 1", *number));
    }
    if (const yaml::Node* history = root.find("history")) {
      set.history_us = yaml::get_duration_us(*history, "history", problems_).value_or(1);
      if (set.history_us == 0)
        problems_.add(history->mark, "'history' must be longer than nothing, as in 1h; or leave it out");
    }
    if (const yaml::Node* rules = require(root, "rules", file_keys, "the rules file", "add the list of rules"))
      load_list(*rules, set);
    set.longest_window_us = set.history_us;
    for (const Rule& rule : set.rules) {
      set.longest_window_us = std::max(set.longest_window_us, longest_window(rule.when.get()));
      for (const ReasonPart& part : rule.reason)
        set.longest_window_us = std::max(set.longest_window_us, longest_window(part.expr.get()));
    }
    return set;
  }

 private:
  /// A slip in the key is told by check_keys already.
  const yaml::Node* require(const yaml::Node& map, std::string_view key, std::span<const std::string_view> known,
                            std::string_view where, std::string_view remedy) {
    const yaml::Node* node = map.find(key);
    const bool slip = node == nullptr && std::ranges::any_of(map.entries, [&](const yaml::Entry& entry) {
                        return std::ranges::find(known, entry.key) == known.end() && closest(entry.key, known) == key;
                      });
    if (node == nullptr && !slip) problems_.add(map.mark, fmt::format("{} has no '{}'; {}", where, key, remedy));
    return node;
  }

  void load_list(const yaml::Node& list, RuleSet& set) {
    if (list.kind != yaml::Kind::sequence || list.items.empty()) {
      problems_.add(list.mark, fmt::format("'rules' must be a list of rules (- id: …), and is {}",
                                           list.kind == yaml::Kind::sequence ? "empty" : to_string(list.kind)));
      return;
    }
    if (list.items.size() > max_rules) {
      problems_.add(list.items[max_rules].mark,
                    fmt::format("more than {} rules; drop some, or split the file", max_rules));
      return;
    }
    for (const yaml::Node& item : list.items) set.rules.push_back(load_rule(item));
  }

  Rule load_rule(const yaml::Node& node) {
    Rule rule;
    rule.mark = to_mark(node.mark);
    if (!yaml::check_keys(node, "a rule", rule_keys, problems_)) return rule;
    const yaml::Node* id = node.find("id");
    const std::string where = id != nullptr && id->kind == yaml::Kind::scalar ? fmt::format("the rule '{}'", id->text)
                                                                              : std::string("this rule");
    if (require(node, "id", rule_keys, where, "add 'id: NAME'") != nullptr) load_id(*id, rule);
    if (const yaml::Node* severity = require(node, "severity", rule_keys, where, "add LOW, MEDIUM, HIGH or CRITICAL"))
      load_severity(*severity, rule);
    if (const yaml::Node* score = require(node, "score", rule_keys, where, "add what it adds to the risk, 0 to 100")) {
      rule.score = static_cast<int>(yaml::get_integer(*score, "score", 0, model::max_risk, problems_).value_or(0));
    }
    if (const yaml::Node* when = require(node, "when", rule_keys, where, "add its condition, as in amount > 5000"))
      load_when(*when, rule);
    if (const yaml::Node* reason = require(node, "reason", rule_keys, where, "add the text of its alerts"))
      load_reason(*reason, rule);
    return rule;
  }

  void load_id(const yaml::Node& node, Rule& rule) {
    const std::optional<std::string> id = yaml::get_text(node, "id", problems_);
    if (!id) return;
    rule.mark = to_mark(node.mark);
    rule.id = *id;
    if (!is_id(*id)) {
      problems_.add(
          node.mark,
          fmt::format(
              "'{}' can't be an id; write a letter, then letters, digits, _ and -, 64 at most, as in HIGH_AMOUNT",
              *id));
    }
    const auto [first, added] = ids_.emplace(*id, node.mark);
    if (!added) {
      problems_.add(node.mark, fmt::format("duplicate id '{}'; it stands at {}:{} already, name this rule otherwise",
                                           *id, first->second.line, first->second.column));
    }
  }

  void load_severity(const yaml::Node& node, Rule& rule) {
    const std::optional<std::string> text = yaml::get_text(node, "severity", problems_);
    if (!text) return;
    const auto found = std::ranges::find(severities, *text);
    if (found == severities.end()) {
      problems_.add(node.mark, fmt::format("unknown severity '{}'{}", *text, suggestion(*text, severities)));
      return;
    }
    rule.severity = static_cast<model::Severity>(found - severities.begin());
  }

  void load_when(const yaml::Node& node, Rule& rule) {
    const std::optional<std::string> text = yaml::get_text(node, "when", problems_);
    if (!text) return;
    rule.when_text = trimmed(*text);
    const yaml::TextMap places = document_.text_map(node);
    std::expected<ExprPtr, Mistake> expr =
        parse_expression(*text, 0, [&](std::size_t offset) { return to_mark(places.at(offset)); });
    if (!expr) {
      problems_.add(places.at(expr.error().offset), expr.error().message);
      return;
    }
    if ((*expr)->type.kind != TypeKind::boolean) {
      const bool number = (*expr)->type.kind == TypeKind::exact || (*expr)->type.kind == TypeKind::real;
      problems_.add(to_mark((*expr)->mark),
                    fmt::format("'when' must be a condition (true or false), and this is {}; compare it{}",
                                number                                 ? "a number"
                                : (*expr)->type.kind == TypeKind::text ? "a text"
                                                                       : "null",
                                number ? ", as in … > 0" : ", as in … == \"A\""));
    }
    rule.when = std::move(*expr);
  }

  void load_reason(const yaml::Node& node, Rule& rule) {
    std::optional<std::string> text = yaml::get_text(node, "reason", problems_);
    if (!text) return;
    // A block scalar ends with a line end that no alert wants.
    while (!text->empty() && text->back() == '\n') text->pop_back();
    if (text->empty()) problems_.add(node.mark, "'reason' is empty; write the text of its alerts");
    const yaml::TextMap places = document_.text_map(node);
    Reason reason = parse_reason(*text, [&](std::size_t offset) { return to_mark(places.at(offset)); });
    for (const Mistake& mistake : reason.mistakes) problems_.add(places.at(mistake.offset), mistake.message);
    rule.reason = std::move(reason.parts);
    rule.reason_text = std::move(*text);
  }

  const yaml::Document& document_;
  yaml::Problems& problems_;
  std::map<std::string, yaml::Mark, std::less<>> ids_;
};

}  // namespace

Result<RuleSet> load_rules(const std::string& path) {
  const Result<std::string> text = yaml::read_file(path);
  if (!text) return std::unexpected(text.error());
  return parse_rules(*text, path);
}

Result<RuleSet> parse_rules(std::string_view yaml, const std::string& file) {
  constexpr std::size_t version_digits = 12;
  const Result<yaml::Document> document = yaml::Document::parse(yaml, file);
  if (!document) return std::unexpected(document.error());
  yaml::Problems problems(file);
  RuleSet set = Loader(*document, problems).run();
  if (!problems.empty()) return std::unexpected(problems.error());
  set.file = file;
  set.version = sha256_hex(yaml).substr(0, version_digits);
  return set;
}

}  // namespace bank::rules
