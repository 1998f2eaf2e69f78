#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <ctime>
#include <mutex>
#include <optional>
#include <thread>

#include "cli/dashboard_source.h"
#include "codec/decode.h"
#include "generator/produce.h"

namespace bank::cli {
namespace {

/// What is judged goes to the store in pieces of this length, not one by one.
constexpr std::int64_t piece_ns = 50'000'000;
constexpr std::size_t padding = 64;
/// What a new demo begins with, so that there is something to see at once: an hour, but no more transactions than
/// these.
constexpr std::int64_t history_s = 3600;
constexpr std::uint64_t history_transactions_max = 200'000;
/// What is no older than this is live; and so is all that comes when so many were made, as a stream that is faster than
/// the store never gets so near.
constexpr std::int64_t past_us = 3'000'000;
constexpr std::int64_t past_transactions_max = 2 * history_transactions_max;
/// Of the average account: more than in a bank, so that there is something to see of each.
constexpr double per_day = 12;

void split(std::string_view text, std::vector<std::string_view>& out) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    out.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
}

class DemoSource final : public DashboardSource {
 public:
  DemoSource(Context& context, server::Dashboard& dashboard, const generator::Options& options)
      : context_(context),
        dashboard_(dashboard),
        options_(options),
        decoder_(codec::FieldNames()),
        // Numbers begin anew with each start, and a transaction that is known already would not be shown.
        suffix_(fmt::format("-{:x}", context.clock.wall_us() / 1'000'000)),
        thread_([this] { run(); }) {}
  ~DemoSource() override {
    stop_ = true;
    thread_.join();
  }
  DemoSource(const DemoSource&) = delete;
  DemoSource& operator=(const DemoSource&) = delete;

  [[nodiscard]] std::string trouble() const override {
    const std::lock_guard lock(mutex_);
    return trouble_;
  }

 private:
  void run() {
    const auto made = make();
    if (made || stop_) return;
    const std::lock_guard lock(mutex_);
    trouble_ = made.error().message;
  }

  // One stream: in a new demo it began in the past, and what was due since is made at once; then each at its time.
  Result<generator::Totals> make() {
    generator::Options options = options_;
    options.count = generator::Options::endless;
    live_ = dashboard_.hub().totals().transactions > 0;
    const double most_s = static_cast<double>(history_transactions_max) / *options_.per_second;
    const auto history_us = live_ ? 0 : static_cast<std::int64_t>(std::min(most_s, double{history_s}) * 1e6);
    // The generator begins with a whole second, and each is to be judged at its own time.
    const std::int64_t now_us = context_.clock.wall_us();
    const std::int64_t start_us = (now_us - history_us) / 1'000'000 * 1'000'000;
    options.start = model::EventTime::from_us(start_us);
    Result<generator::Generator> generator = generator::Generator::make(options);
    if (!generator) return std::unexpected(generator.error());
    flushed_ns_ = context_.clock.monotonic_ns();
    generator::Sinks sinks;
    sinks.transactions = [this](std::string_view text) -> Result<void> {
      const auto oldest = judge(text);
      if (!oldest) return std::unexpected(oldest.error());
      if (!live_) {
        live_ = context_.clock.wall_us() - oldest->us() < past_us || number_ > past_transactions_max;
        return flush(!live_);
      }
      return context_.clock.monotonic_ns() - flushed_ns_ < piece_ns ? Result<void>() : flush(false);
    };
    return generator::produce_paced(*generator, generator::Format::jsonl, context_.clock, stop_, sinks,
                                    (now_us - start_us) * 1000);
  }

  // Lines, in the order of their times; the time of the first.
  Result<model::EventTime> judge(std::string_view text) {
    std::string padded(text);
    padded.append(padding, '\0');
    std::vector<std::string_view> lines;
    split(std::string_view(padded).substr(0, text.size()), lines);
    codec::TextArena arena;
    std::optional<model::EventTime> oldest;
    for (const std::string_view line : lines) {
      auto transaction = decoder_.decode(line, arena);
      if (!transaction) return fail(fmt::format("the generator made what is no transaction: {}", line));
      transaction->transaction_id = arena.keep(fmt::format("{}{}", transaction->transaction_id, suffix_));
      if (!oldest) oldest = transaction->time;
      static_cast<void>(dashboard_.decisions().judge(*transaction, "demo:", ++number_, processed_, alerts_));
    }
    return oldest.value_or(model::EventTime::from_us(context_.clock.wall_us()));
  }

  Result<void> flush(bool past) {
    const std::size_t processed_size = processed_.size();
    const std::size_t alerts_size = alerts_.size();
    processed_.append(padding, '\0');
    alerts_.append(padding, '\0');
    server::Lines lines;
    lines.past = past;
    split(std::string_view(processed_).substr(0, processed_size), lines.processed);
    split(std::string_view(alerts_).substr(0, alerts_size), lines.alerts);
    static_cast<void>(dashboard_.intake().take(lines, stop_, true));
    processed_.clear();
    alerts_.clear();
    flushed_ns_ = context_.clock.monotonic_ns();
    return {};
  }

  Context& context_;
  server::Dashboard& dashboard_;
  const generator::Options options_;
  codec::JsonDecoder decoder_;
  const std::string suffix_;
  std::int64_t number_ = 0;
  bool live_ = false;  // it has caught up with the clock
  std::string processed_;
  std::string alerts_;
  std::int64_t flushed_ns_ = 0;
  std::atomic<bool> stop_ = false;
  mutable std::mutex mutex_;
  std::string trouble_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<DashboardSource>> demo_source(Context& context, server::Dashboard& dashboard) {
  const config::Settings& settings = context.settings;
  generator::Options options;
  options.per_second = settings.decimal("dashboard.rate");
  options.per_day = per_day;
  options.accounts = generator::accounts_for(*options.per_second, per_day);
  options.seed = static_cast<std::uint64_t>(settings.integer("generate.seed"));
  options.fraud_rate = settings.decimal("generate.fraud_rate");
  if (auto checked = generator::check(options); !checked) return std::unexpected(checked.error());
  return std::make_unique<DemoSource>(context, dashboard, options);
}

}  // namespace bank::cli
