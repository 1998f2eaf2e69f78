// Any bytes as a saved history, with the frame (magic, identity, checksum) put right so that the rest is really read:
// they are refused, or restored to a history that can be judged on and saved again.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include "base/assert.h"
#include "base/hash.h"
#include "engine/engine.h"
#include "engine/plan.h"
#include "rules/load.h"

namespace {

using bank::engine::Engine;
using bank::engine::Plan;

std::shared_ptr<const Plan> plan() {
  static const std::shared_ptr<const Plan> compiled = [] {
    const auto rules = bank::rules::parse_rules(
        "version: 1\nrules:\n  - {id: A, severity: LOW, score: 1, reason: '{last.location}', when: 'stddev(amount, 5m, "
        "hour < 9) > 2 "
        "and distinct(location, 1h) > 2 and count(1m, merchant == this.merchant) > 1'}\n",
        "f");
    BANK_ASSERT(rules.has_value());
    return Plan::compile(*rules);
  }();
  return compiled;
}

bank::model::Transaction transaction(std::int64_t time_us) {
  bank::model::Transaction transaction;
  transaction.transaction_id = "T";
  transaction.account_number = "A";
  transaction.transaction_type = "PAYMENT";
  transaction.amount = bank::model::Amount::from_units(1);
  transaction.time = bank::model::EventTime::from_us(time_us);
  transaction.account_hash = bank::hash64("A");
  return transaction;
}

/// What stands before the account's number in every saved history of this plan: magic and identity.
std::string frame() {
  Engine engine(plan(), {});
  const auto first = transaction(0);
  bank::engine::Judgements out;
  engine.judge({&first, 1}, out);
  std::string saved;
  BANK_ASSERT(engine.save("A", saved));
  return saved.substr(0, 12);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string head = frame();
  std::string saved = head + std::string(reinterpret_cast<const char*>(data), size);
  const std::uint64_t checksum = bank::hash64(saved);
  saved.append(reinterpret_cast<const char*>(&checksum), sizeof checksum);

  Engine engine(plan(), {});
  if (!engine.restore(std::as_bytes(std::span(saved)))) {
    BANK_ASSERT(engine.statistics().accounts == 0);
    return 0;
  }
  BANK_ASSERT(engine.statistics().accounts == 1);
  std::string again;
  BANK_ASSERT(engine.save(engine.accounts().front(), again));
  Engine other(plan(), {});
  BANK_ASSERT(other.restore(std::as_bytes(std::span(again))).has_value());
  const auto next = transaction(1'000'000);
  bank::engine::Judgements out;
  engine.judge({&next, 1}, out);
  engine.forget_before(bank::model::EventTime::from_us(0));
  return 0;
}
