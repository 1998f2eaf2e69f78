#include "adapters/spark/shard.h"

#include <algorithm>
#include <utility>

#include "base/json_writer.h"
#include "codec/encode.h"
#include "engine/plan.h"

namespace bank::spark {
namespace {

constexpr std::int32_t all_partitions = -1;
/// So many at a time, so that no text of theirs can grow beyond what a lane takes.
constexpr std::size_t slice_records = 1024;

template <typename T>
T one_for_all(std::span<const T> values, std::size_t i) {
  return values.size() == 1 ? values[0] : values[i];
}

}  // namespace

Shard::Shard(std::shared_ptr<const Setup> setup) : setup_(std::move(setup)), outcome_(setup_->plan->rules().size()) {
  outcome_.clear();
  if (setup_->analytics) {
    transactions_ = std::make_unique<analytics::TransactionAccumulator>();
    alerts_ = std::make_unique<analytics::AlertAccumulator>(setup_->engine.thresholds);
  }
}

Shard::Part& Shard::part(std::int32_t partition) {
  const std::int32_t key = setup_->histories == Histories::shared ? all_partitions : partition;
  return parts_.try_emplace(key, setup_->plan, setup_->engine).first->second;
}

Try<> Shard::judge(std::string_view chunk, std::int64_t now_us) {
  outcome_.clear();
  if (const Try<> read = chunk_.read(chunk); !read) return read;
  const ChunkHead& head = chunk_.head();
  for (const Refused& refused : chunk_.refused()) refuse(refused, head.partition, head.origin);
  if (head.kind == ChunkKind::accepted) {
    judge({.transactions = chunk_.transactions(),
           .numbers = chunk_.numbers(),
           .partitions = {&head.partition, 1},
           .origins = {&head.origin, 1}},
          now_us);
  }
  return {};
}

// A judging of several partitions has shared histories, or is all of one part.
void Shard::judge(const Judging& judging, std::int64_t now_us) {
  untouched_ = false;
  Part& of = part(judging.partitions[0]);
  const auto slice = [](auto values, std::size_t begin, std::size_t size) {
    return values.size() == 1 ? values : values.subspan(begin, size);
  };
  for (std::size_t begin = 0; begin < judging.transactions.size(); begin += slice_records) {
    const std::size_t size = std::min(slice_records, judging.transactions.size() - begin);
    judge_slice(of,
                {.transactions = judging.transactions.subspan(begin, size),
                 .numbers = judging.numbers.subspan(begin, size),
                 .partitions = slice(judging.partitions, begin, size),
                 .origins = slice(judging.origins, begin, size)},
                now_us);
  }
  if (setup_->histories == Histories::by_partition) of.forgetting.sweep(of.trusted, of.lane.engine());
}

void Shard::judge_slice(Part& part, const Judging& judging, std::int64_t now_us) {
  judged_.clear();
  const auto position_of = [&](std::size_t i) {
    return model::Position{one_for_all(judging.origins, i), judging.numbers[i]};
  };
  part.lane.judge(judging.transactions, setup_->processed, now_us, position_of, judged_);

  OutcomeCounts& counts = outcome_.counts();
  const auto place_of = [&](std::size_t i) {
    return Place{.partition = one_for_all(judging.partitions, i),
                 .number = judging.numbers[i],
                 .time_us = judging.transactions[i].time.us()};
  };
  for (const pipeline::Judged::Lines& lines : judged_.lines) {
    const Place place = place_of(lines.transaction);
    const std::string_view account = judging.transactions[lines.transaction].account_number;
    const auto text = [](const std::string& all, const pipeline::Piece& piece) {
      return std::string_view(all).substr(piece.begin, piece.end - piece.begin);
    };
    outcome_.add_alerts(place, account, text(judged_.alerts, lines.alerts));
    if (setup_->processed) outcome_.add_processed(place, account, text(judged_.processed, lines.processed));
  }
  const engine::Judgements& judgements = part.lane.judgements();
  for (std::size_t i = 0; i < judging.transactions.size(); ++i) {
    const model::Transaction& transaction = judging.transactions[i];
    part.trusted.note(transaction.account_hash, transaction.time.us());
    counts.newest_us = std::max(counts.newest_us, transaction.time.us());
    const engine::Verdict& verdict = judgements.verdicts[i];
    if (verdict.resend) {
      ++counts.resends;
      ++resends_;
      continue;
    }
    ++counts.judged;
    ++judged_count_;
    counts.late += verdict.late ? 1 : 0;
    late_ += verdict.late ? 1 : 0;
    ++counts.decisions[static_cast<std::size_t>(verdict.decision)];
  }
  for (const engine::Firing& firing : judgements.firings) ++counts.alerts_by_rule[firing.rule];
  counts.alerts += judged_.alert_count;
  if (transactions_) add_up(judging.transactions, judgements);
}

// What was just judged, into the report: as if it had been read from a file, and the alerts from one beside it.
void Shard::add_up(std::span<const model::Transaction> transactions, const engine::Judgements& judgements) {
  transactions_->add(transactions);
  const engine::Plan& plan = *setup_->plan;
  for (std::size_t i = 0; i < transactions.size(); ++i) {
    const engine::Verdict& verdict = judgements.verdicts[i];
    for (std::uint32_t f = verdict.firing_begin; f != verdict.firing_end; ++f) {
      const engine::CompiledRule& rule = plan.rules()[judgements.firings[f].rule];
      model::AlertRecord alert;
      alert.rule_id = rule.id;
      alert.transaction_id = transactions[i].transaction_id;
      alert.account_number = transactions[i].account_number;
      alert.rules_version = plan.rules_version();
      alert.amount = transactions[i].amount;
      alert.time = transactions[i].time;
      alert.score = rule.score;
      alert.severity = rule.severity;
      alerts_->add(alert);
    }
  }
}

void Shard::refuse(const Refused& refused, std::int32_t partition, std::string_view origin) {
  untouched_ = false;
  OutcomeCounts& counts = outcome_.counts();
  if (refused.piece <= 1) {
    ++counts.rejected;
    ++counts.rejected_by_reason[static_cast<std::size_t>(refused.rejection.reason)];
    if (transactions_) transactions_->add_rejected(refused.rejection.reason);
  }
  const Place place{.partition = partition, .number = refused.number};
  if (setup_->dead_letters == DeadLetters::records) {
    outcome_.add_dead_letter(place, refused, refused.value);
    return;
  }
  pipeline::clear_text(line_);
  codec::append_rejected(line_, refused.rejection, {origin, refused.number}, refused.value, refused.piece);
  line_.pop_back();
  Refused line = refused;
  line.has_value = true;
  outcome_.add_dead_letter(place, line, line_);
}

Try<> Shard::replay(std::string_view chunk) {
  if (const Try<> read = chunk_.read(chunk); !read) return read;
  if (chunk_.head().kind != ChunkKind::accepted) return bad_state("a chunk of rejected records is no change of state");
  untouched_ = false;
  Part& of = part(chunk_.head().partition);
  of.lane.replay(chunk_.transactions());
  for (const model::Transaction& transaction : chunk_.transactions()) {
    of.trusted.note(transaction.account_hash, transaction.time.us());
  }
  replayed_ += chunk_.head().records;
  if (setup_->histories == Histories::by_partition) of.forgetting.sweep(of.trusted, of.lane.engine());
  return {};
}

std::string Shard::statistics() const {
  engine::Statistics held;
  std::int64_t trusted_us = pipeline::no_time;
  for (const auto& [partition, part] : parts_) {
    const engine::Statistics of = part.lane.engine().statistics();
    held.accounts += of.accounts;
    held.entries += of.entries;
    held.state_bytes += of.state_bytes;
    trusted_us = std::max(trusted_us, part.trusted.us());
  }
  std::string out;
  JsonWriter json(out, 0);
  json.begin_object()
      .member("accounts", held.accounts)
      .member("entries", held.entries)
      .member("state_bytes", held.state_bytes)
      .member("judged", judged_count_)
      .member("resends", resends_)
      .member("late", late_)
      .member("replayed", replayed_)
      .key("trusted_us");
  if (trusted_us == pipeline::no_time) {
    json.null();
  } else {
    json.value(trusted_us);
  }
  json.end_object();
  return out;
}

const analytics::AlertAccumulator* Shard::alerts() {
  if (alerts_) alerts_->finish();
  return alerts_.get();
}

}  // namespace bank::spark
