#include "server/decisions.h"

#include "base/json_writer.h"
#include "codec/encode.h"

namespace bank::server {
namespace {

std::string fired_json(const engine::Plan& plan, const engine::Judgements& judgements, const engine::Verdict& verdict) {
  if (verdict.firing_begin == verdict.firing_end) return "[]";
  std::string out;
  JsonWriter json(out, 0);
  json.begin_array();
  for (std::uint32_t f = verdict.firing_begin; f != verdict.firing_end; ++f) {
    const engine::Firing& firing = judgements.firings[f];
    const engine::CompiledRule& rule = plan.rules()[firing.rule];
    json.begin_object().member("rule", rule.id).member("severity", model::to_string(rule.severity));
    json.member("score", rule.score).member("reason", judgements.reason(firing)).end_object();
  }
  json.end_array();
  return out;
}

}  // namespace

Decisions::Decisions(std::shared_ptr<const engine::Plan> plan, const engine::Options& options, const Clock& clock,
                     std::size_t remembered)
    : plan_(std::move(plan)), clock_(clock), remembered_each_(remembered / shard_count + 1) {
  for (Shard& shard : shards_) shard.engine.emplace(plan_, options);
}

Judged Decisions::judge(const model::Transaction& transaction, std::string_view origin, std::int64_t number,
                        std::string& processed, std::string& alerts) {
  const Fingerprint id = fingerprint(transaction.transaction_id);
  Memory& memory = memories_[id.high % shard_count];
  // Held while it is judged: two who ask about one transaction at the same time get one answer.
  const std::lock_guard memory_lock(memory.mutex);
  if (const auto found = memory.said.find(id); found != memory.said.end()) {
    return {.said = found->second, .resend = true, .forgotten = false};
  }
  Judged judged;
  Shard& shard = shards_[transaction.account_hash % shard_count];
  {
    const std::lock_guard lock(shard.mutex);
    const std::int64_t begun_ns = clock_.monotonic_ns();
    shard.judgements.clear();
    shard.engine->judge({&transaction, 1}, shard.judgements);
    const engine::Verdict& verdict = shard.judgements.verdicts.front();
    if (verdict.resend) return {.said = {}, .resend = true, .forgotten = true};
    judged.said = {
        .decision = verdict.decision, .risk = verdict.risk, .fired = fired_json(*plan_, shard.judgements, verdict)};
    shard.fired.clear();
    for (std::uint32_t f = verdict.firing_begin; f != verdict.firing_end; ++f) {
      const engine::Firing& firing = shard.judgements.firings[f];
      const engine::CompiledRule& rule = plan_->rules()[firing.rule];
      codec::append_alert(alerts,
                          {.transaction = transaction,
                           .rule_id = rule.id,
                           .reason = shard.judgements.reason(firing),
                           .rules_version = plan_->rules_version(),
                           .score = rule.score,
                           .severity = rule.severity},
                          clock_.wall_us(), {.origin = origin, .number = number});
      shard.fired.push_back(rule.id);
    }
    codec::append_processed(
        processed,
        {.transaction = transaction, .fired = shard.fired, .risk = verdict.risk, .decision = verdict.decision});
    const std::int64_t spent_ns = clock_.monotonic_ns() - begun_ns;
    shard.durations.seconds += static_cast<double>(spent_ns) / 1e9;
    ++shard.durations.count;
    for (std::size_t i = 0; i < Durations::bounds_us.size(); ++i) {
      if (spent_ns <= std::int64_t{Durations::bounds_us[i]} * 1000) ++shard.durations.within[i];
    }
  }
  memory.said.emplace(id, judged.said);
  memory.order.push_back(id);
  if (memory.order.size() > remembered_each_) {
    memory.said.erase(memory.order.front());
    memory.order.pop_front();
  }
  return judged;
}

void Decisions::follow(const model::Transaction& transaction) {
  Shard& shard = shards_[transaction.account_hash % shard_count];
  const std::lock_guard lock(shard.mutex);
  shard.judgements.clear();
  shard.engine->judge({&transaction, 1}, shard.judgements);
}

Decisions::Durations Decisions::durations() const {
  Durations sum;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    sum.count += shard.durations.count;
    sum.seconds += shard.durations.seconds;
    for (std::size_t i = 0; i < sum.within.size(); ++i) sum.within[i] += shard.durations.within[i];
  }
  return sum;
}

}  // namespace bank::server
