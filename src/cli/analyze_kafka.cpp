#include "cli/analyze_kafka.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "adapters/kafka/publisher.h"
#include "adapters/kafka/topic_source.h"
#include "analytics/live.h"
#include "cli/analyze.h"
#include "cli/command.h"
#include "cli/detect_screen.h"
#include "cli/human.h"
#include "cli/kafka.h"
#include "codec/alert_decode.h"
#include "codec/decode.h"

namespace bank::cli {
namespace {

constexpr std::int64_t turn_ns = 50'000'000;
constexpr std::size_t rules_shown = 3;

// Flags of files have no meaning here, and a user who gives one expects something else.
Result<void> check_flags(const Context& context) {
  for (const std::string_view key :
       {"analyze.input", "analyze.alerts", "analyze.json", "analyze.html", "detect.format"}) {
    const std::string& origin = context.settings.origin(key);
    if (!origin.starts_with("-")) continue;
    return fail_config(
        fmt::format("{} is for files, and has no meaning with --kafka; topics are set in the "
                    "configuration: kafka.transactions_topic, kafka.alerts_topic, kafka.analytics_topic",
                    origin));
  }
  return {};
}

/// What both readers add to, and the main thread shows.
class Shared {
 public:
  explicit Shared(model::DecisionThresholds thresholds) : figures_(thresholds) {}

  template <typename Use>
  auto with_figures(Use use) {
    const std::lock_guard lock(mutex_);
    return use(figures_);
  }
  void fail(Error error) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
  }
  [[nodiscard]] std::optional<Error> error() const {
    const std::lock_guard lock(mutex_);
    return error_;
  }

  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> no_alerts = 0;  ///< Records of the alerts' topic that are none.

 private:
  mutable std::mutex mutex_;
  analytics::LiveFigures figures_;
  std::optional<Error> error_;
};

/// A batch's records into the figures; one of these a topic.
class Taker {
 public:
  explicit Taker(Shared& shared) : shared_(shared) {}
  virtual ~Taker() = default;
  virtual void take(const std::vector<pipeline::RawRecord>& records) = 0;

 protected:
  Shared& shared_;
};

class TransactionTaker final : public Taker {
 public:
  TransactionTaker(Shared& shared, const codec::FieldNames& names) : Taker(shared), decoder_(names) {}

  void take(const std::vector<pipeline::RawRecord>& records) override {
    transactions_.clear();
    rejected_.clear();
    for (const pipeline::RawRecord& record : records) {
      const auto decoded = decoder_.decode(record.bytes, arena_);
      if (decoded) {
        transactions_.push_back(*decoded);
      } else {
        rejected_.push_back(decoded.error().reason);
      }
    }
    shared_.with_figures([this](analytics::LiveFigures& figures) {
      figures.add(transactions_);
      for (const model::Reason reason : rejected_) figures.add_rejected(reason);
    });
    arena_.clear();
  }

 private:
  codec::JsonDecoder decoder_;
  codec::TextArena arena_;
  std::vector<model::Transaction> transactions_;  // of a batch; reused
  std::vector<model::Reason> rejected_;
};

class AlertTaker final : public Taker {
 public:
  using Taker::Taker;

  void take(const std::vector<pipeline::RawRecord>& records) override {
    shared_.with_figures([&](analytics::LiveFigures& figures) {
      for (const pipeline::RawRecord& record : records) {
        const auto alert = codec::decode_alert(record.bytes, arena_);
        if (alert) {
          figures.add(partition_of(record.stream), *alert);
        } else {
          ++shared_.no_alerts;
        }
      }
    });
    arena_.clear();
  }

 private:
  std::int64_t partition_of(const pipeline::Stream* stream) {
    const auto known = std::ranges::find(streams_, stream);
    const std::int64_t number = known - streams_.begin();
    if (known == streams_.end()) streams_.push_back(stream);
    return number;
  }

  codec::TextArena arena_;
  std::vector<const pipeline::Stream*> streams_;
};

/// Reads a topic on a thread of its own, to its end or until it is stopped.
class Reader {
 public:
  Reader(std::unique_ptr<pipeline::Source> source, std::unique_ptr<Taker> taker, Shared& shared)
      : source_(std::move(source)), taker_(std::move(taker)), shared_(shared), thread_([this] { run(); }) {}
  ~Reader() {
    shared_.stop = true;
    thread_.join();
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  [[nodiscard]] bool done() const { return done_; }

 private:
  void run() {
    std::vector<pipeline::RawRecord> records;
    for (;;) {
      const Result<std::unique_ptr<pipeline::RawBatch>> batch = source_->next();
      if (!batch) shared_.fail(batch.error());
      if (!batch || *batch == nullptr) break;
      records.clear();
      (*batch)->split(records);
      if (!records.empty()) taker_->take(records);
    }
    done_ = true;
  }

  const std::unique_ptr<pipeline::Source> source_;
  const std::unique_ptr<Taker> taker_;
  Shared& shared_;
  std::atomic<bool> done_ = false;
  std::thread thread_;
};

struct Windows {
  std::optional<analytics::WindowFigures> hour;
  std::optional<analytics::WindowFigures> day;
};

/// Publishes and shows.
class Announcer {
 public:
  Announcer(Context& context, Shared& shared, kafka::Publisher& publisher)
      : context_(context),
        shared_(shared),
        publisher_(publisher),
        progress_(context.terminal, context.clock),
        interval_ns_(context.settings.duration_us("kafka.analytics_interval") * 1000),
        next_ns_(context.clock.monotonic_ns() + interval_ns_) {}

  Result<void> turn() {
    const std::int64_t now_ns = context_.clock.monotonic_ns();
    if (now_ns >= next_ns_) {
      next_ns_ = now_ns + interval_ns_;
      const Result<Windows> windows = publish();
      if (!windows) return std::unexpected(windows.error());
      line_ = line(*windows, now_ns);
      if (!context_.terminal.err().is_terminal()) context_.terminal.note(line_);
    }
    if (progress_.due()) {
      const std::string trouble = publisher_.trouble();
      progress_.update(!trouble.empty() ? "Waiting for Kafka: " + trouble : line_);
    }
    return {};
  }

  Result<Windows> publish() {
    Windows windows = shared_.with_figures(
        [](const analytics::LiveFigures& figures) { return Windows{.hour = figures.hour(), .day = figures.day()}; });
    for (const auto& [name, figures] : {std::pair("hour", &windows.hour), std::pair("day", &windows.day)}) {
      if (!*figures) continue;
      const Result<void> sent = publisher_.send(name, analytics::live_json(name, **figures, report_context()));
      if (!sent) return std::unexpected(sent.error());
    }
    return windows;
  }

  [[nodiscard]] analytics::ReportContext report_context() const {
    const config::Settings& settings = context_.settings;
    return {.generator = "bank",
            .generated_at_us = context_.clock.wall_us(),
            .inputs = {settings.string("kafka.transactions_topic")},
            .alerts_input = settings.string("kafka.alerts_topic"),
            .top = static_cast<std::size_t>(settings.integer("analyze.top")),
            .resends = std::nullopt};
  }

 private:
  // 1,000 transactions, 200/s; last hour: 900 transactions, 30 alerts (VELOCITY 20, HIGH_AMOUNT 10)
  std::string line(const Windows& windows, std::int64_t now_ns) {
    const std::uint64_t count = shared_.with_figures([](const auto& figures) { return figures.transactions(); });
    const double seconds = static_cast<double>(now_ns - counted_ns_) / 1e9;
    std::string text = fmt::format("{}, {}", counted(count, "transaction"),
                                   human_rate(static_cast<double>(count - counted_) / std::max(seconds, 1e-3)));
    counted_ = count;
    counted_ns_ = now_ns;
    if (!windows.hour) return text;
    text += fmt::format("; last hour: {}, {}", counted(windows.hour->transactions.total().count, "transaction"),
                        counted(windows.hour->alerts.total(), "alert"));
    std::vector<analytics::AlertAccumulator::NamedRule> rules = windows.hour->alerts.rules();
    std::ranges::sort(rules, std::ranges::greater(), [](const auto& rule) { return rule.tally.count; });
    for (std::size_t i = 0; i < std::min(rules.size(), rules_shown); ++i) {
      text += fmt::format("{}{} {}", i == 0 ? " (" : ", ", visible(rules[i].id), count_text(rules[i].tally.count));
    }
    if (!rules.empty()) text += rules.size() > rules_shown ? ", …)" : ")";
    return text;
  }

  Context& context_;
  Shared& shared_;
  kafka::Publisher& publisher_;
  Progress progress_;
  const std::int64_t interval_ns_;
  std::int64_t next_ns_;
  std::string line_ = "Waiting for transactions…";
  std::uint64_t counted_ = 0;
  std::int64_t counted_ns_ = context_.clock.monotonic_ns();
};

Result<std::unique_ptr<pipeline::Source>> open_topic(const kafka::Connection& connection, const std::string& topic,
                                                     const KafkaAnalyzeFlags& flags, const Shared& shared) {
  return kafka::open_topic({.connection = connection,
                            .topic = topic,
                            .from_beginning = flags.from_beginning || flags.until_end,
                            .from = {},
                            .follow = !flags.until_end,
                            .stop = &shared.stop});
}

// Reads until it is stopped, comes to the end that is wanted, or fails.
Result<void> follow(Context& context, Shared& shared, Announcer& announcer, const Reader& transactions,
                    const Reader& alerts) {
  while (!context.stop_requested && !(transactions.done() && alerts.done())) {
    if (const std::optional<Error> error = shared.error()) return std::unexpected(*error);
    if (Result<void> done = announcer.turn(); !done) return done;
    context.clock.sleep_until_ns(context.clock.monotonic_ns() + turn_ns);
  }
  if (const std::optional<Error> error = shared.error()) return std::unexpected(*error);
  return {};
}

}  // namespace

void add_kafka_analyze_flags(CLI::App& command, Context& context, KafkaAnalyzeFlags& flags) {
  command
      .add_flag("--kafka", flags.kafka,
                "Follow the topics of transactions and alerts; publish the last hour's and day's figures")
      ->group(kafka_flags);
  bind_flag(command, context, "--every", "kafka.analytics_interval")->group(kafka_flags);
  command
      .add_flag("--from-beginning", flags.from_beginning,
                "Begin with the first records there are, not with the next to come")
      ->group(kafka_flags);
  command
      .add_flag("--until-end", flags.until_end, "Read what is there, publish once, show the last day's report, and end")
      ->group(kafka_flags);
  add_kafka_flags(command, context);
}

Result<ExitCode> analyze_on_kafka(Context& context, const KafkaAnalyzeFlags& flags) {
  if (Result<void> checked = check_flags(context); !checked) return std::unexpected(checked.error());
  const Result<AnalyzeOptions> options = analyze_options(context);
  if (!options) return std::unexpected(options.error());
  const config::Settings& settings = context.settings;
  const Result<kafka::Connection> connection = kafka_connection(context);
  if (!connection) return std::unexpected(connection.error());
  const Result<std::unique_ptr<kafka::Publisher>> publisher =
      kafka::Publisher::open(*connection, settings.string("kafka.analytics_topic"));
  if (!publisher) return std::unexpected(publisher.error());

  Shared shared(options->thresholds);
  auto of_transactions = open_topic(*connection, settings.string("kafka.transactions_topic"), flags, shared);
  if (!of_transactions) return std::unexpected(of_transactions.error());
  auto of_alerts = open_topic(*connection, settings.string("kafka.alerts_topic"), flags, shared);
  if (!of_alerts) return std::unexpected(of_alerts.error());

  Announcer announcer(context, shared, **publisher);
  {
    const Reader transactions(std::move(*of_transactions),
                              std::make_unique<TransactionTaker>(shared, options->source.names), shared);
    const Reader alerts(std::move(*of_alerts), std::make_unique<AlertTaker>(shared), shared);
    if (Result<void> done = follow(context, shared, announcer, transactions, alerts); !done) {
      return std::unexpected(done.error());
    }
  }
  const Result<Windows> windows = announcer.publish();
  if (!windows) return std::unexpected(windows.error());
  if (const Result<void> sent = (*publisher)->flush(); !sent) return std::unexpected(sent.error());
  if (shared.no_alerts > 0) {
    context.terminal.warn(fmt::format("{} of {} left out that {} no alert", counted(shared.no_alerts.load(), "record"),
                                      settings.string("kafka.alerts_topic"), shared.no_alerts == 1 ? "is" : "are"));
  }
  if (flags.until_end && windows->day && !context.terminal.quiet()) {
    print_report(context.terminal.err(),
                 analytics::make_report(windows->day->transactions, &windows->day->alerts, announcer.report_context()));
  }
  context.terminal.note(windows->day ? fmt::format("Published to {}", settings.string("kafka.analytics_topic"))
                                     : "Nothing to publish: there were no transactions.");
  return ExitCode::ok;
}

}  // namespace bank::cli
