#include "server/intake.h"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <chrono>

#include "codec/alert_decode.h"
#include "codec/json_reader.h"

namespace bank::server {
namespace {

constexpr std::int64_t first_pause_ns = 100'000'000;
constexpr std::int64_t longest_pause_ns = 2'000'000'000;
/// Tried so long, once it is to end, to keep what nobody else has: sources are read again.
constexpr std::int64_t end_patience_ns = 5'000'000'000;
constexpr std::size_t offered_bytes_max = 64 << 20;
constexpr std::chrono::milliseconds offered_pause{50};
constexpr int later_nice = 5;
constexpr std::uint64_t later_slice_ns = 100'000'000;
constexpr std::size_t padding = 64;
/// Kept at once: the store's lock is held as long, and pages wait for it.
constexpr std::size_t batch_lines = 2'000;

/// What the processed output adds to a transaction.
void read_decision(std::string_view line, store::NewTransaction& out) {
  codec::JsonObjectReader reader(line);
  while (reader.next() == codec::JsonObjectReader::Step::member) {
    const std::string_view key = reader.key().text;
    const codec::JsonValue& value = reader.value();
    if (key == "decision" && value.kind == codec::JsonKind::string) {
      out.decision = store::decision_of(value.text);
    } else if (key == "risk" && value.kind == codec::JsonKind::number) {
      int risk = 0;
      const auto [end, error] = std::from_chars(value.text.data(), value.text.data() + value.text.size(), risk);
      if (error == std::errc() && risk >= 0 && risk <= model::max_risk) out.risk = risk;
    } else if (key == "rules" && value.kind == codec::JsonKind::array) {
      out.rules = value.text;
    }
  }
}

/// `["A", "B"]` without anything but texts in it, so that it may stand in an answer as it is.
bool is_array_of_texts(std::string_view array) {
  bool text = false;
  for (std::size_t i = 1; i + 1 < array.size(); ++i) {
    const char c = array[i];
    if (text && c == '\\') {
      ++i;
    } else if (c == '"') {
      text = !text;
    } else if (!text && c != ',' && c != ' ' && c != '\t') {
      return false;
    }
  }
  return true;
}

/// Linux' `struct sched_attr` as sched_setattr(2) has it; its header can't be included beside the C library's.
struct SchedulingAttributes {
  std::uint32_t size = sizeof(SchedulingAttributes);
  std::uint32_t policy = 0;  // SCHED_OTHER
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime_ns = 0;
  std::uint64_t deadline_ns = 0;
  std::uint64_t period_ns = 0;
};
static_assert(sizeof(SchedulingAttributes) == 48);

/// Whoever waits for an answer comes before what this thread writes for later: it weighs less, and its turns are so
/// long that whoever wakes up in one, with a shorter one to come, goes first (Linux 6.12; before that they are as all).
void let_others_first() {
  SchedulingAttributes attributes;
  attributes.nice = later_nice;
  attributes.runtime_ns = later_slice_ns;
  static_cast<void>(::syscall(SYS_sched_setattr, 0, &attributes, 0));
}

void append_padded(std::string& text) { text.append(padding, '\0'); }

void split(std::string_view text, std::vector<std::string_view>& out) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

Intake::Intake(store::Store& store, StoreWatch& watch, Hub& hub, Clock& clock,
               std::function<void(const model::Transaction&)> followed, std::function<void()> queued)
    : store_(store),
      watch_(watch),
      hub_(hub),
      clock_(clock),
      followed_(std::move(followed)),
      queued_(std::move(queued)),
      decoder_(codec::FieldNames()),
      thread_([this] { run(); }) {}

Intake::~Intake() { end(); }

std::size_t Intake::end() {
  stop_ = true;
  offered_more_.notify_all();
  if (thread_.joinable()) thread_.join();
  return lost_;
}

void Intake::read(const Lines& lines, store::Batch& batch, codec::TextArena& arena) {
  const std::lock_guard lock(decoding_);
  for (const std::string_view line : lines.processed) {
    const auto transaction = decoder_.decode(line, arena);
    if (!transaction) {
      ++unreadable_;
      continue;
    }
    store::NewTransaction& added = batch.transactions.emplace_back();
    added.transaction = *transaction;
    read_decision(line, added);
    if (!is_array_of_texts(added.rules)) added.rules = "[]";
  }
  for (const std::string_view line : lines.alerts) {
    const auto alert = codec::decode_alert(line, arena);
    if (alert) {
      batch.alerts.push_back(*alert);
    } else {
      ++unreadable_;
    }
  }
}

bool Intake::take(const Lines& lines, const std::atomic<bool>& stop, bool judged_here) {
  std::size_t kept = 0;
  return take(lines, stop, judged_here, 0, kept);
}

bool Intake::take(const Lines& lines, const std::atomic<bool>& stop, bool judged_here, std::int64_t patience_ns,
                  std::size_t& kept) {
  std::size_t processed = 0;
  std::size_t alerts = 0;
  bool last = false;
  while (!last) {
    Lines part;
    const std::size_t more = std::min(batch_lines, lines.processed.size() - processed);
    part.processed.assign(lines.processed.begin() + static_cast<std::ptrdiff_t>(processed),
                          lines.processed.begin() + static_cast<std::ptrdiff_t>(processed + more));
    processed += more;
    const std::size_t more_alerts = std::min(batch_lines, lines.alerts.size() - alerts);
    part.alerts.assign(lines.alerts.begin() + static_cast<std::ptrdiff_t>(alerts),
                       lines.alerts.begin() + static_cast<std::ptrdiff_t>(alerts + more_alerts));
    alerts += more_alerts;
    last = processed == lines.processed.size() && alerts == lines.alerts.size();

    store::Batch batch;
    codec::TextArena arena;
    read(part, batch, arena);
    batch.past = lines.past;
    // The position is behind all of it, so it is kept with the last part.
    if (last) batch.positions = lines.positions;
    store::Ingested ingested;
    bool again = false;
    if (!keep(batch, stop, patience_ns, ingested, again)) return false;
    kept = processed;
    hub_.add(batch, ingested);
    // A try that was given up may have been kept all the same, and nothing of it is new to the one that came after.
    if (queued_ && (again || ingested.notifications > 0)) queued_();
    if (judged_here || !followed_) continue;
    for (std::size_t i = 0; i < ingested.transactions.size(); ++i) {
      if (again || ingested.transactions[i]) followed_(batch.transactions[i].transaction);
    }
  }
  return true;
}

bool Intake::keep(const store::Batch& batch, const std::atomic<bool>& stop, std::int64_t patience_ns,
                  store::Ingested& out, bool& again) {
  std::int64_t pause_ns = first_pause_ns;
  std::optional<std::int64_t> end_ns;
  again = false;
  for (;; again = true) {
    const std::int64_t begun_ns = clock_.monotonic_ns();
    Result<store::Ingested> ingested = store_.ingest(batch, clock_.wall_us());
    if (ingested) {
      out = std::move(*ingested);
      watch_.note({}, begun_ns);
      return true;
    }
    watch_.note(ingested.error().message, begun_ns);
    constexpr std::int64_t slice_ns = 50'000'000;
    const std::int64_t until_ns = clock_.monotonic_ns() + pause_ns;
    for (std::int64_t now_ns = 0; now_ns < until_ns;) {
      now_ns = clock_.monotonic_ns();
      if (stop && !end_ns) end_ns = now_ns + patience_ns;
      if (end_ns && now_ns >= *end_ns) return false;
      clock_.sleep_until_ns(std::min(until_ns, now_ns + slice_ns));
    }
    pause_ns = std::min(pause_ns * 2, longest_pause_ns);
  }
}

bool Intake::behind() {
  const std::lock_guard lock(offered_mutex_);
  return offered_processed_.size() + offered_alerts_.size() > offered_bytes_max;
}

void Intake::offer(std::string_view processed, std::string_view alerts) {
  const std::lock_guard lock(offered_mutex_);
  offered_processed_ += processed;
  offered_alerts_ += alerts;
}

void Intake::run() {
  let_others_first();
  for (bool last = false; !last;) {
    std::string processed;
    std::string alerts;
    {
      std::unique_lock lock(offered_mutex_);
      offered_more_.wait_for(lock, offered_pause, [this] { return stop_.load(); });
      last = stop_;  // nothing is offered any more, so this is the rest
      processed.swap(offered_processed_);
      alerts.swap(offered_alerts_);
    }
    if (processed.empty() && alerts.empty()) continue;
    Lines lines;
    const std::size_t processed_size = processed.size();
    const std::size_t alerts_size = alerts.size();
    append_padded(processed);
    append_padded(alerts);
    split(std::string_view(processed).substr(0, processed_size), lines.processed);
    split(std::string_view(alerts).substr(0, alerts_size), lines.alerts);
    std::size_t kept = 0;
    if (!take(lines, stop_, true, end_patience_ns, kept)) lost_ += lines.processed.size() - kept;
  }
}

}  // namespace bank::server
