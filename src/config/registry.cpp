#include "config/registry.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace bank::config {

namespace {

using enum Type;

// In the order of config/bank.yaml, which is printed from here (`bank config --template`): keys of one section stand
// together.
constexpr Key keys[] = {
    {.name = "data_dir",
     .type = string,
     .default_value = "data",
     .why = "Where files are written and looked for; {data_dir} in any setting below stands for it."},

    {.name = "generate.count",
     .type = integer,
     .default_value = "10000",
     .why = "Transactions to make.",
     .min = 1,
     .max = 1e12},
    {.name = "generate.accounts",
     .type = integer,
     .default_value = "500",
     .why = "Accounts that make them.",
     .min = 1,
     .max = 1e8},
    {.name = "generate.seed",
     .type = integer,
     .default_value = "42",
     .why = "Same seed, same bytes.",
     .min = 0,
     .max = 9e15},
    {.name = "generate.fraud_rate",
     .type = decimal,
     .default_value = "0.01",
     .why = "Share of the transactions that belong to an injected fraud, 0 to 0.5.",
     .min = 0,
     .max = 0.5},
    {.name = "generate.format",
     .type = choice,
     .default_value = "jsonl",
     .why = "jsonl (a JSON object a line) or csv.",
     .choices = "jsonl|csv"},
    {.name = "generate.output",
     .type = string,
     .default_value = "{data_dir}/sample_transactions.json",
     .why = "Where the transactions go; - is stdout."},
    {.name = "generate.labels",
     .type = string,
     .default_value = "{data_dir}/labels.json",
     .why = "Where the ground truth goes (which transactions are fraud, and of which kind); empty: nowhere."},

    {.name = "detect.input",
     .type = list,
     .default_value = "{data_dir}/sample_transactions.json",
     .why = "Files to read, in this order; patterns (*.json) and - (stdin) may stand among them."},
    {.name = "detect.format",
     .type = choice,
     .default_value = "auto",
     .why = "Format of the input: auto goes by the name (.csv, .jsonl, .ndjson), else by the first bytes; json takes "
            "lines or one array; jsonl takes lines only.",
     .choices = "auto|jsonl|json|csv"},
    {.name = "detect.map",
     .type = mapping,
     .default_value = "",
     .why = "Columns of the input by the field that they hold, where they have other names (account_number: cc_num)."},
    {.name = "detect.rules", .type = string, .default_value = "config/rules/default.yaml", .why = "The rules file."},
    {.name = "detect.lateness",
     .type = duration,
     .default_value = "1h",
     .why = "How far behind its account's newest transaction one may come and still be judged exactly.",
     .min = 0,
     .max = 3660 * 86'400.0},
    {.name = "detect.order",
     .type = choice,
     .default_value = "arrival",
     .why = "Judge in the order of the input (arrival), or sort it by event time first (event-time).",
     .choices = "arrival|event-time"},
    {.name = "detect.threads",
     .type = integer,
     .default_value = "0",
     .why = "Threads that judge; 0: one for each core.",
     .min = 0,
     .max = 1024},
    {.name = "detect.output",
     .type = string,
     .default_value = "{data_dir}/fraud_alerts.json",
     .why = "Where the alerts go, as JSON lines; - is stdout."},
    {.name = "detect.processed",
     .type = string,
     .default_value = "",
     .why = "Where every transaction goes with its risk and decision, as JSON lines; empty: nowhere."},
    {.name = "detect.rejected",
     .type = string,
     .default_value = "{data_dir}/rejected_transactions.json",
     .why = "Where records go that are no valid transaction, each with the reason; empty: nowhere, they are only "
            "counted."},

    {.name = "decision.review_threshold",
     .type = integer,
     .default_value = "50",
     .why = "Risk (0 to 100) from which a transaction is for REVIEW; 101: never.",
     .min = 0,
     .max = 101},
    {.name = "decision.block_threshold",
     .type = integer,
     .default_value = "80",
     .why = "Risk from which a transaction is to BLOCK; not below the review threshold.",
     .min = 0,
     .max = 101},

    {.name = "analyze.input",
     .type = list,
     .default_value = "{data_dir}/sample_transactions.json",
     .why = "Transactions to report on; as detect.input."},
    {.name = "analyze.alerts",
     .type = string,
     .default_value = "{data_dir}/fraud_alerts.json",
     .why = "Alerts to report on; empty: none."},
    {.name = "analyze.json",
     .type = string,
     .default_value = "{data_dir}/analytics_report.json",
     .why = "The report for programs."},
    {.name = "analyze.html",
     .type = string,
     .default_value = "{data_dir}/analytics_report.html",
     .why = "The report for people."},
    {.name = "analyze.top",
     .type = integer,
     .default_value = "10",
     .why = "How many accounts, locations and merchants to list.",
     .min = 1,
     .max = 1000},

    {.name = "monitor.cpu_percent_warn",
     .type = decimal,
     .default_value = "80",
     .why = "Processor time in use.",
     .min = 0,
     .max = 100},
    {.name = "monitor.cpu_percent_critical",
     .type = decimal,
     .default_value = "95",
     .why = "The same, critical.",
     .min = 0,
     .max = 100},
    {.name = "monitor.memory_percent_warn",
     .type = decimal,
     .default_value = "80",
     .why = "Memory in use, what can be freed at once not counted.",
     .min = 0,
     .max = 100},
    {.name = "monitor.memory_percent_critical",
     .type = decimal,
     .default_value = "95",
     .why = "The same, critical.",
     .min = 0,
     .max = 100},
    {.name = "monitor.disk_percent_warn",
     .type = decimal,
     .default_value = "85",
     .why = "Disk in use, where data_dir is.",
     .min = 0,
     .max = 100},
    {.name = "monitor.disk_percent_critical",
     .type = decimal,
     .default_value = "95",
     .why = "The same, critical.",
     .min = 0,
     .max = 100},
    {.name = "monitor.load_per_core_warn",
     .type = decimal,
     .default_value = "1.5",
     .why = "Load average of one minute, divided by the cores.",
     .min = 0,
     .max = 1000},
    {.name = "monitor.load_per_core_critical",
     .type = decimal,
     .default_value = "4",
     .why = "The same, critical.",
     .min = 0,
     .max = 1000},
    {.name = "monitor.open_files_percent_warn",
     .type = decimal,
     .default_value = "70",
     .why = "Open files of the machine, of what it allows.",
     .min = 0,
     .max = 100},
    {.name = "monitor.open_files_percent_critical",
     .type = decimal,
     .default_value = "90",
     .why = "The same, critical.",
     .min = 0,
     .max = 100},
    {.name = "monitor.files",
     .type = list,
     .default_value =
         "{data_dir}/sample_transactions.json,{data_dir}/fraud_alerts.json,{data_dir}/analytics_report.json",
     .why = "Data files that should exist."},
    {.name = "monitor.data_max_age",
     .type = duration,
     .default_value = "1d",
     .why = "A data file older than this is a warning.",
     .min = 1},
    {.name = "monitor.interval",
     .type = duration,
     .default_value = "2s",
     .why = "Time between two looks of --watch.",
     .min = 1,
     .max = 86'400},
};

}  // namespace

std::string_view to_string(Type type) {
  switch (type) {
    case string: return "text";
    case choice: return "word";
    case integer: return "integer";
    case decimal: return "decimal";
    case duration: return "duration";
    case list: return "list";
    case mapping: return "mapping";
  }
  return {};
}

std::span<const Key> registry() { return keys; }

const Key* find_key(std::string_view name) {
  const auto* found = std::ranges::find(keys, name, &Key::name);
  return found == std::end(keys) ? nullptr : found;
}

std::string environment_name(const Key& key) {
  std::string name = "BANK_";
  for (const char c : key.name) name += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

}  // namespace bank::config
