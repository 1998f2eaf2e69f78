#include "cli/generate_screen.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/human.h"

namespace bank::cli {
namespace {

std::string text_of(model::EventTime time) {
  std::string text;
  model::append_event_time(text, time);
  return text;
}

std::string text_of(std::uint64_t number) { return with_commas(static_cast<std::int64_t>(number)); }

}  // namespace

void show_generate_progress(Progress& progress, const generator::Totals& so_far, const generator::Options& options,
                            double seconds) {
  if (!progress.due()) return;
  const double rate = static_cast<double>(so_far.transactions) / std::max(seconds, 1e-3);
  if (options.count == generator::Options::endless) {
    progress.update(fmt::format("{} transactions, {}", text_of(so_far.transactions), human_rate(rate)));
    return;
  }
  const double done = static_cast<double>(so_far.transactions) / static_cast<double>(options.count);
  progress.update(fmt::format("{} of {} transactions, {}, {}", text_of(so_far.transactions), text_of(options.count),
                              human_percent(done, 0), human_rate(rate)));
}

void print_generated(Terminal& terminal, const generator::Totals& totals, const GenerateOptions& request,
                     double seconds, std::string_view after_stop,
                     const std::function<void(Table& facts)>& add_destination) {
  if (terminal.quiet()) return;
  const generator::Options& options = request.generator;
  const std::uint64_t written = totals.transactions;
  if (totals.stopped && options.count == generator::Options::endless) {
    terminal.note(fmt::format("Stopped; {}.", after_stop));
  } else if (totals.stopped) {
    terminal.note(fmt::format("Stopped before the end ({} were asked for); {}.", text_of(options.count), after_stop));
  }
  terminal.note(fmt::format("{} transaction{} of {} account{} in {} ({})", text_of(written), written == 1 ? "" : "s",
                            text_of(options.accounts), options.accounts == 1 ? "" : "s", human_seconds(seconds),
                            human_rate(static_cast<double>(written) / std::max(seconds, 1e-9))));
  Table facts({{""}, {""}});
  add_destination(facts);
  if (!request.labels.empty()) facts.add({"Labels", request.labels});
  if (totals.first) {
    facts.add({"Event times", fmt::format("{} – {}", text_of(*totals.first), text_of(*totals.last))});
  }
  std::uint64_t fraudulent = 0;
  for (const std::uint64_t of_scenario : totals.fraudulent) fraudulent += of_scenario;
  const double share = written == 0 ? 0 : static_cast<double>(fraudulent) / static_cast<double>(written);
  facts.add({"Fraud", fmt::format("{} transactions ({})", text_of(fraudulent), human_percent(share, 2))});
  facts.print(terminal.err());
  if (fraudulent == 0) return;
  Table table({{"SCENARIO"}, {"CASES", Align::right}, {"TRANSACTIONS", Align::right}}, 4);
  for (const generator::Scenario scenario : generator::fraud_scenarios) {
    const auto i = static_cast<std::size_t>(scenario);
    table.add({to_string(scenario), text_of(totals.cases[i]), text_of(totals.fraudulent[i])});
  }
  table.print(terminal.err());
}

}  // namespace bank::cli
