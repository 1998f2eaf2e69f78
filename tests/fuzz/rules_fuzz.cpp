// Any bytes as a rules file: they are read or refused with a place, nothing else; and what is read can be spelled, read
// again the same, and put into words.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "rules/explain.h"
#include "rules/load.h"

namespace {

/// A file of one rule with this condition, in single quotes.
std::string file_of(const std::string& when) {
  std::string yaml = "version: 1\nrules:\n  - id: A\n    severity: LOW\n    score: 1\n    reason: x\n    when: '";
  for (const char c : when) yaml += c == '\'' ? std::string("''") : std::string(1, c);
  return yaml + "'\n";
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const bank::Result<bank::rules::RuleSet> rules = bank::rules::parse_rules(text, "f");
  if (!rules) {
    BANK_ASSERT(rules.error().kind == bank::ErrorKind::config);
    BANK_ASSERT(rules.error().message.starts_with("f:"));
    return 0;
  }
  BANK_ASSERT(!rules->rules.empty());
  for (const bank::rules::Rule& rule : rules->rules) {
    BANK_ASSERT(!bank::rules::explain(rule, *rules).sentence.empty());
    const std::string spelled = bank::rules::spell(*rule.when);
    const bank::Result<bank::rules::RuleSet> again = bank::rules::parse_rules(file_of(spelled), "g");
    if (spelled.size() > bank::rules::max_rules_file_bytes / 4) continue;  // the detour may be too long for a file
    BANK_ASSERT(again.has_value());
    BANK_ASSERT(bank::rules::spell(*again->rules[0].when) == spelled);
  }
  return 0;
}
