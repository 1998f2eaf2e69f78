#include <fmt/format.h>

#include <atomic>
#include <ctime>
#include <mutex>
#include <thread>

#include "cli/dashboard_source.h"
#include "codec/decode.h"
#include "generator/produce.h"

namespace bank::cli {
namespace {

/// What is judged goes to the store in pieces of this length, not one by one.
constexpr std::int64_t piece_ns = 50'000'000;
constexpr std::size_t padding = 64;
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
  DemoSource(Context& context, server::Dashboard& dashboard, generator::Generator generator)
      : context_(context),
        dashboard_(dashboard),
        generator_(std::move(generator)),
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
    flushed_ns_ = context_.clock.monotonic_ns();
    generator::Sinks sinks;
    sinks.transactions = [this](std::string_view text) { return take(text); };
    const auto totals = generator::produce_paced(generator_, generator::Format::jsonl, context_.clock, stop_, sinks);
    if (totals || stop_) return;
    const std::lock_guard lock(mutex_);
    trouble_ = totals.error().message;
  }

  Result<void> take(std::string_view text) {
    std::string padded(text);
    padded.append(padding, '\0');
    std::vector<std::string_view> lines;
    split(std::string_view(padded).substr(0, text.size()), lines);
    codec::TextArena arena;
    for (const std::string_view line : lines) {
      auto transaction = decoder_.decode(line, arena);
      if (!transaction) return fail(fmt::format("the generator made what is no transaction: {}", line));
      transaction->transaction_id = arena.keep(std::string(transaction->transaction_id) + suffix_);
      static_cast<void>(dashboard_.decisions().judge(*transaction, "demo:", ++number_, processed_, alerts_));
    }
    if (context_.clock.monotonic_ns() - flushed_ns_ < piece_ns) return {};
    return flush();
  }

  Result<void> flush() {
    const std::size_t processed_size = processed_.size();
    const std::size_t alerts_size = alerts_.size();
    processed_.append(padding, '\0');
    alerts_.append(padding, '\0');
    server::Lines lines;
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
  generator::Generator generator_;
  codec::JsonDecoder decoder_;
  const std::string suffix_;
  std::int64_t number_ = 0;
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
  options.count = generator::Options::endless;
  options.per_second = settings.decimal("dashboard.rate");
  options.per_day = per_day;
  options.accounts = generator::accounts_for(*options.per_second, per_day);
  options.seed = static_cast<std::uint64_t>(settings.integer("generate.seed"));
  options.fraud_rate = settings.decimal("generate.fraud_rate");
  options.start = model::EventTime::from_us(context.clock.wall_us());
  Result<generator::Generator> generator = generator::Generator::make(options);
  if (!generator) return std::unexpected(generator.error());
  return std::make_unique<DemoSource>(context, dashboard, std::move(*generator));
}

}  // namespace bank::cli
