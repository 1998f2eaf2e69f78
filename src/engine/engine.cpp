#include "engine/engine.h"

#include <algorithm>
#include <span>
#include <string>

#include "base/assert.h"
#include "base/hash.h"
#include "engine/evaluate.h"
#include "engine/saved_state.h"

namespace bank::engine {

namespace {

// To max_reason_bytes, at the border of a character, with a mark that something is missing.
void cut_reason(std::string& reasons, std::size_t begin) {
  constexpr std::string_view mark = "…";
  std::size_t end = begin + max_reason_bytes - mark.size();
  while ((static_cast<unsigned char>(reasons[end]) & 0xc0U) == 0x80U) --end;
  reasons.resize(end);
  reasons += mark;
}

}  // namespace

void Judgements::clear() {
  verdicts.clear();
  firings.clear();
  reasons.clear();
}

class Engine::State {
 public:
  State(std::shared_ptr<const Plan> plan, const Options& options)
      : plan_(std::move(plan)),
        options_(options),
        keep_us_(plan_->longest_window_us() + options.lateness_us),
        histories_(*plan_),
        evaluator_(*plan_, histories_),
        entry_(histories_.make_entry()) {
    // With windows as bounded as this, no time that a calendar has overflows below.
    BANK_ASSERT(options.lateness_us >= 0 && options.lateness_us <= lateness_max_us);
  }

  void judge(std::span<const model::Transaction> batch, Judgements& out);
  void judge_one(const model::Transaction& transaction, std::uint32_t likely_account, Judgements& out);
  void forget_before(std::int64_t edge_us);
  /// The same in as little memory as it needs.
  [[nodiscard]] std::unique_ptr<State> moved() const;

  std::shared_ptr<const Plan> plan_;
  Options options_;
  std::int64_t keep_us_;  // W + L
  Histories histories_;
  Evaluator evaluator_;
  Entry entry_;
  Statistics counts_;  // the running ones only
};

// The memory of an account is fetched while the ones before it are judged: first its place in the index, then the
// account, then its entries.
void Engine::State::judge(std::span<const model::Transaction> batch, Judgements& out) {
  constexpr std::size_t index_ahead = 24;
  constexpr std::size_t account_ahead = 16;
  constexpr std::size_t entries_ahead = 8;
  std::uint32_t likely[account_ahead] = {};
  const std::size_t size = batch.size();
  for (std::size_t i = 0; i < std::min(index_ahead, size); ++i) histories_.prefetch_index(batch[i].account_hash);
  for (std::size_t i = 0; i < std::min(account_ahead, size); ++i) {
    likely[i % account_ahead] = histories_.prefetch_account(batch[i].account_hash);
  }
  for (std::size_t i = 0; i < std::min(entries_ahead, size); ++i) histories_.prefetch_entries(likely[i]);
  for (std::size_t i = 0; i < size; ++i) {
    if (i + index_ahead < size) histories_.prefetch_index(batch[i + index_ahead].account_hash);
    if (i + entries_ahead < size) histories_.prefetch_entries(likely[(i + entries_ahead) % account_ahead]);
    const std::uint32_t likely_account = likely[i % account_ahead];
    if (i + account_ahead < size) {
      likely[i % account_ahead] = histories_.prefetch_account(batch[i + account_ahead].account_hash);
    }
    judge_one(batch[i], likely_account, out);
  }
}

// The five lines of the contract's "History", in its order.
void Engine::State::judge_one(const model::Transaction& transaction, std::uint32_t likely_account, Judgements& out) {
  const std::int64_t time_us = transaction.time.us();
  const Fingerprint id = fingerprint(transaction.transaction_id);
  Account& account = histories_.find_or_add(transaction.account_number, transaction.account_hash, likely_account);
  Verdict& verdict = out.verdicts.emplace_back();
  verdict.firing_begin = verdict.firing_end = static_cast<std::uint32_t>(out.firings.size());

  const bool known = account.newest_us != Account::nothing_yet;
  if (known && histories_.holds(account, id, account.newest_us - keep_us_)) {
    verdict.resend = true;
    ++counts_.resends;
    return;
  }
  verdict.late = known && time_us < account.newest_us - options_.lateness_us;
  account.newest_us = std::max(account.newest_us, time_us);
  const std::int64_t edge_us = account.newest_us - keep_us_;
  histories_.prune(account, edge_us);

  evaluator_.describe(transaction, id, entry_);
  evaluator_.start(transaction, entry_, account, edge_us);
  int risk = 0;
  const auto& rules = plan_->rules();
  for (std::uint32_t rule = 0; rule < rules.size(); ++rule) {
    if (!evaluator_.may_hold(rules[rule]) || !evaluator_.holds(*rules[rule].when)) continue;
    risk += rules[rule].score;
    const auto begin = static_cast<std::uint32_t>(out.reasons.size());
    for (const auto& part : rules[rule].reason) {
      if (part.node == nullptr) {
        out.reasons += part.text;
      } else {
        evaluator_.append_value(out.reasons, *part.node, part.type);
      }
      if (out.reasons.size() - begin > max_reason_bytes) {
        cut_reason(out.reasons, begin);
        break;
      }
    }
    out.firings.push_back({rule, begin, static_cast<std::uint32_t>(out.reasons.size())});
  }
  verdict.firing_end = static_cast<std::uint32_t>(out.firings.size());
  verdict.risk = static_cast<std::uint8_t>(std::min(risk, model::max_risk));
  verdict.decision = model::decide(verdict.risk, options_.thresholds);
  ++counts_.judged;
  if (verdict.late) ++counts_.late;

  if (time_us >= edge_us) {
    histories_.insert(account, entry_);
  } else {
    evaluator_.release_symbols(entry_);
  }
}

void Engine::State::forget_before(std::int64_t edge_us) {
  histories_.visit_accounts([&](Account& account) {
    if (account.newest_us < edge_us) {
      histories_.remove(account);
    } else {
      histories_.prune(account, edge_us);
    }
  });
}

// Accounts never move within their histories, so they move to others.
std::unique_ptr<Engine::State> Engine::State::moved() const {
  auto fresh = std::make_unique<State>(plan_, options_);
  std::string saved;
  histories_.visit_accounts([&](const Account& account) {
    saved.clear();
    save_account(*plan_, keep_us_, histories_, account, saved);
    const Result<void> restored = restore_account(*plan_, keep_us_, std::as_bytes(std::span(saved)), fresh->histories_);
    BANK_ASSERT(restored.has_value());
  });
  fresh->counts_ = counts_;
  return fresh;
}

Engine::Engine(std::shared_ptr<const Plan> plan, Options options)
    : state_(std::make_unique<State>(std::move(plan), options)) {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

void Engine::judge(std::span<const model::Transaction> batch, Judgements& out) { state_->judge(batch, out); }

void Engine::forget_before(model::EventTime edge) {
  state_->forget_before(edge.us());
  if (state_->histories_.mostly_left_behind()) state_ = state_->moved();
}

bool Engine::save(std::string_view account_number, std::string& out) const {
  const Histories& histories = state_->histories_;
  const Account* account = histories.find(account_number, hash64(account_number));
  if (account == nullptr) return false;
  save_account(*state_->plan_, state_->keep_us_, histories, *account, out);
  return true;
}

Result<void> Engine::restore(std::span<const std::byte> saved) {
  return restore_account(*state_->plan_, state_->keep_us_, saved, state_->histories_);
}

std::vector<std::string> Engine::accounts() const {
  std::vector<std::string> numbers;
  const Histories& histories = state_->histories_;
  histories.visit_accounts([&](const Account& account) { numbers.emplace_back(account.number()); });
  return numbers;
}

Statistics Engine::statistics() const {
  Statistics statistics = state_->counts_;
  statistics.accounts = state_->histories_.accounts();
  statistics.entries = state_->histories_.entries();
  statistics.state_bytes = state_->histories_.bytes();
  return statistics;
}

const Plan& Engine::plan() const { return *state_->plan_; }

}  // namespace bank::engine
