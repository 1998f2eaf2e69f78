#include "pipeline/lane.h"

#include "base/assert.h"
#include "codec/encode.h"

namespace bank::pipeline {
void clear_text(std::string& text) {
  constexpr std::size_t kept_bytes = 4 << 20;
  if (text.capacity() > kept_bytes) {
    std::string().swap(text);  // an assignment would keep it
  } else {
    text.clear();
  }
}

void Judged::clear() {
  lines.clear();
  clear_text(alerts);
  clear_text(processed);
  alert_count = 0;
}

Lane::Lane(const std::shared_ptr<const engine::Plan>& plan, const engine::Options& options) : engine_(plan, options) {
  counts_.alerts_by_rule.resize(plan->rules().size());
}

void Lane::judge(std::span<const model::Transaction> transactions, bool processed, std::int64_t now_us,
                 const std::function<model::Position(std::size_t)>& position_of, Judged& out) {
  judgements_.clear();
  engine_.judge(transactions, judgements_);
  for (std::size_t i = 0; i < transactions.size(); ++i) {
    const engine::Verdict& verdict = judgements_.verdicts[i];
    if (verdict.resend) continue;
    ++counts_.decisions[static_cast<std::size_t>(verdict.decision)];
    if (verdict.firing_begin == verdict.firing_end && !processed) continue;
    Judged::Lines lines{.transaction = static_cast<std::uint32_t>(i), .alert_count = 0, .alerts = {}, .processed = {}};
    encode(transactions[i], verdict, processed, now_us, position_of(i), lines, out);
    out.lines.push_back(lines);
  }
  BANK_ASSERT(out.alerts.size() <= UINT32_MAX && out.processed.size() <= UINT32_MAX);
}

void Lane::encode(const model::Transaction& transaction, const engine::Verdict& verdict, bool processed,
                  std::int64_t now_us, const model::Position& position, Judged::Lines& lines, Judged& out) {
  const engine::Plan& plan = engine_.plan();
  const auto piece_from = [](std::size_t begin, const std::string& text) {
    return Piece{static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(text.size())};
  };
  const std::size_t alerts_begin = out.alerts.size();
  fired_.clear();
  for (std::uint32_t f = verdict.firing_begin; f != verdict.firing_end; ++f) {
    const engine::Firing& firing = judgements_.firings[f];
    const engine::CompiledRule& rule = plan.rules()[firing.rule];
    codec::append_alert(out.alerts,
                        {.transaction = transaction,
                         .rule_id = rule.id,
                         .reason = judgements_.reason(firing),
                         .rules_version = plan.rules_version(),
                         .score = rule.score,
                         .severity = rule.severity},
                        now_us, position);
    ++counts_.alerts_by_rule[firing.rule];
    fired_.push_back(rule.id);
  }
  lines.alerts = piece_from(alerts_begin, out.alerts);
  lines.alert_count = verdict.firing_end - verdict.firing_begin;
  out.alert_count += lines.alert_count;

  if (!processed) return;
  const std::size_t processed_begin = out.processed.size();
  codec::append_processed(
      out.processed, {.transaction = transaction, .fired = fired_, .risk = verdict.risk, .decision = verdict.decision});
  lines.processed = piece_from(processed_begin, out.processed);
}

void Lane::replay(std::span<const model::Transaction> transactions) {
  judgements_.clear();
  engine_.judge(transactions, judgements_);
}

}  // namespace bank::pipeline
