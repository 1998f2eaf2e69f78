// `bank rules`: check, explain and test a rules file.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/closest.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/human.h"
#include "cli/rule_cases.h"
#include "cli/table.h"
#include "engine/engine.h"
#include "engine/plan.h"
#include "rules/doubts.h"
#include "rules/explain.h"
#include "rules/load.h"
#include "yaml/values.h"

namespace bank::cli {
namespace {

struct Flags {
  std::vector<std::string> files;
  std::string file;
  std::string cases;
  std::string rule;
};

std::string duration_text(std::int64_t us) {
  std::string text;
  yaml::append_duration(text, us);
  return text;
}

/// `text` in lines of at most `width` columns; the later ones begin with `indent` blanks.
std::string wrapped(std::string_view text, int indent, int width) {
  std::string out;
  int column = indent;
  while (!text.empty()) {
    const std::size_t blank = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, blank);
    const int columns = display_width(word);
    if (column > indent && column + 1 + columns > width) {
      out += '\n';
      out.append(static_cast<std::size_t>(indent), ' ');
      column = indent;
    } else if (!out.empty()) {
      out += ' ';
      ++column;
    }
    out += word;
    column += columns;
    text.remove_prefix(std::min(blank + 1, text.size()));
  }
  return out;
}

Result<ExitCode> check(Context& context, const std::vector<std::string>& files) {
  Stream& out = context.terminal.out();
  std::string mistakes;
  for (const std::string& file : files) {
    const Result<rules::RuleSet> rules = rules::load_rules(file);
    if (!rules) {
      mistakes += (mistakes.empty() ? "" : "\n") + rules.error().message;
      continue;
    }
    const std::string window =
        rules->longest_window_us == 0 ? "no window" : "longest window " + duration_text(rules->longest_window_us);
    out.write(fmt::format("{}: {}, {}, {}, version {}\n", visible(file), out.paint(Style::green, "fine"),
                          counted(rules->rules.size(), "rule"), window, rules->version));
    for (const std::string& doubt : rules::doubts(*rules)) context.terminal.warn(visible(doubt));
  }
  if (!mistakes.empty()) return fail_config(std::move(mistakes));
  return ExitCode::ok;
}

void print_rule(Stream& out, const rules::Rule& rule, const rules::RuleSet& rules) {
  constexpr int indent = 2;
  constexpr int widest = 100;
  const int width = std::min(out.width(), widest);
  const rules::Explanation explanation = rules::explain(rule, rules);
  const auto line = [&](std::string_view text) { out.write(fmt::format("  {}\n", wrapped(text, indent, width))); };
  const std::string_view severity = model::to_string(rule.severity);
  out.write(fmt::format("{}  {}, score {}\n", out.paint(Style::bold, rule.id), out.paint_word(severity), rule.score));
  line(visible(explanation.sentence));
  std::vector<std::string> windows;
  for (const std::int64_t us : explanation.windows_us) windows.push_back(duration_text(us));
  if (!windows.empty()) line(fmt::format("Window{}: {}", windows.size() == 1 ? "" : "s", fmt::join(windows, ", ")));
  for (const rules::Cost& cost : explanation.costs) {
    line(fmt::format("Cost of {}: {}", visible(cost.aggregate),
                     out.paint(cost.scans ? Style::yellow : Style::plain, cost.words)));
  }
  if (explanation.costs.empty()) line("Cost: constant: looks at no history window");
  for (const std::string& hint : explanation.hints) line("Note: " + hint);
}

Result<ExitCode> explain(Context& context, const std::string& file, const std::string& only) {
  const Result<rules::RuleSet> rules = rules::load_rules(file);
  if (!rules) return std::unexpected(rules.error());
  std::vector<std::string_view> ids;
  for (const rules::Rule& rule : rules->rules) ids.emplace_back(rule.id);
  if (!only.empty() && std::ranges::find(ids, only) == ids.end()) {
    return fail_config(fmt::format("{} has no rule '{}'{}", file, only, suggestion(only, ids)));
  }
  Stream& out = context.terminal.out();
  bool first = true;
  for (const rules::Rule& rule : rules->rules) {
    if (!only.empty() && rule.id != only) continue;
    if (!first) out.write("\n");
    first = false;
    print_rule(out, rule, *rules);
  }
  return ExitCode::ok;
}

/// `rules.yaml` → `rules.cases.yaml`.
std::string cases_beside(const std::string& file) {
  const std::string::size_type dot = file.rfind('.');
  const bool has_ending = dot != std::string::npos && file.find('/', dot) == std::string::npos;
  return has_ending ? file.substr(0, dot) + ".cases" + file.substr(dot) : file + ".cases.yaml";
}

engine::Options engine_options(const config::Settings& settings) {
  engine::Options options;
  options.lateness_us = settings.duration_us("detect.lateness");
  options.thresholds.review = static_cast<int>(settings.integer("decision.review_threshold"));
  options.thresholds.block = static_cast<int>(settings.integer("decision.block_threshold"));
  return options;
}

Result<ExitCode> test(Context& context, const std::string& file, const std::string& cases_file) {
  const Result<rules::RuleSet> rules = rules::load_rules(file);
  if (!rules) return std::unexpected(rules.error());
  const Result<RuleCases> cases = load_rule_cases(cases_file, *rules);
  if (!cases) return std::unexpected(cases.error());
  const CasesReport report =
      run_rule_cases(engine::Plan::compile(*rules), *rules, *cases, engine_options(context.settings));
  Stream& out = context.terminal.out();
  for (const CaseResult& result : report.results) {
    const bool passed = result.failures.empty();
    out.write(fmt::format("{} {}\n", passed ? out.paint(Style::green, "pass") : out.paint(Style::bold_red, "FAIL"),
                          visible(result.rule_case->name)));
    for (const std::string& failure : result.failures) out.write("     " + visible(failure) + "\n");
  }
  const std::size_t failed = report.failed();
  out.write(fmt::format("{} of {}: {} passed, {} failed\n", counted(report.results.size(), "case"), visible(file),
                        report.results.size() - failed, failed));
  if (!report.never_fired.empty())
    context.terminal.note(fmt::format("no case fires {}", fmt::join(report.never_fired, ", ")));
  return failed == 0 ? ExitCode::ok : ExitCode::failed;
}

}  // namespace

void add_rules(CLI::App& app, Context& context) {
  const auto flags = std::make_shared<Flags>();
  CLI::App& command =
      add_command(app, "rules", "Check, explain and test a rules file.",
                  "bank rules check my.yaml                     # is it right? Mistakes with line and column\n"
                  "bank rules explain config/rules/default.yaml # each rule in words, with its windows and cost\n"
                  "bank rules test my.yaml my.cases.yaml        # do the rules fire where they should?");
  command.require_subcommand(1);
  const auto or_setting = [&context](const std::string& file) {
    return file.empty() ? context.settings.string("detect.rules") : file;
  };
  constexpr const char* file_help = "The rules file [default: the setting detect.rules]";

  CLI::App& check_command =
      add_command(command, "check", "Say whether rules files are right, and if not, what is wrong where.",
                  "bank rules check config/rules/seed.yaml\n"
                  "bank rules check config/rules/seed.yaml my.yaml");
  check_command.add_option("FILE", flags->files, file_help)->type_name("");
  on_run(check_command, context, [&context, flags, or_setting] {
    return check(context, flags->files.empty() ? std::vector{or_setting("")} : flags->files);
  });

  CLI::App& explain_command =
      add_command(command, "explain", "Put each rule into words, with its windows and what it costs.",
                  "bank rules explain config/rules/default.yaml\n"
                  "bank rules explain config/rules/default.yaml --rule VELOCITY");
  explain_command.add_option("FILE", flags->file, file_help)->type_name("");
  explain_command.add_option("--rule", flags->rule, "Only the rule with this id")->type_name("ID");
  on_run(explain_command, context,
         [&context, flags, or_setting] { return explain(context, or_setting(flags->file), flags->rule); });

  CLI::App& test_command =
      add_command(command, "test", "Run a rules file's cases; exit code 1 if one fails.",
                  "bank rules test config/rules/default.yaml    # with default.cases.yaml beside it\n"
                  "bank rules test my.yaml other.cases.yaml");
  test_command.add_option("FILE", flags->file, file_help)->type_name("");
  test_command.add_option("CASES", flags->cases, "The cases [default: those beside FILE, my.yaml → my.cases.yaml]")
      ->type_name("");
  on_run(test_command, context, [&context, flags, or_setting] {
    const std::string file = or_setting(flags->file);
    return test(context, file, flags->cases.empty() ? cases_beside(file) : flags->cases);
  });
}

}  // namespace bank::cli
