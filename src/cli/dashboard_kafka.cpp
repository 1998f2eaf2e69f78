#include <fmt/format.h>

#include <atomic>
#include <charconv>
#include <map>
#include <mutex>
#include <thread>

#include "adapters/kafka/follower.h"
#include "cli/dashboard_source.h"
#include "cli/kafka.h"

namespace bank::cli {
namespace {

constexpr std::int64_t again_ns = 2'000'000'000;
constexpr std::int64_t slice_ns = 100'000'000;
constexpr std::int64_t partitions_again_ns = 10'000'000'000;

// `0:4711 1:22`: the next offset of each partition.
std::string text_of(const kafka::TopicEnds& offsets) {
  std::string text;
  for (const auto& [partition, offset] : offsets) {
    if (!text.empty()) text += ' ';
    text += fmt::format("{}:{}", partition, offset);
  }
  return text;
}

kafka::TopicEnds offsets_of(std::string_view text) {
  kafka::TopicEnds offsets;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t colon = std::min(pair.find(':'), pair.size());
    std::int32_t partition = 0;
    std::int64_t offset = 0;
    std::from_chars(pair.data(), pair.data() + colon, partition);
    std::from_chars(pair.data() + std::min(colon + 1, pair.size()), pair.data() + pair.size(), offset);
    offsets[partition] = offset;
  }
  return offsets;
}

/// One topic, on a thread of its own. Where it stands is kept with what it gave; the group is told afterwards, for
/// those who look at its lag.
class Follower {
 public:
  Follower(Context& context, server::Dashboard& dashboard, kafka::FollowerOptions options, bool alerts)
      : context_(context),
        dashboard_(dashboard),
        options_(std::move(options)),
        alerts_(alerts),
        name_(fmt::format("kafka:{}", options_.topic)) {
    options_.stop = &stop_;
  }
  ~Follower() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  Result<void> start() {
    const Result<std::optional<std::string>> position = dashboard_.store().position(name_);
    if (!position) return std::unexpected(position.error());
    options_.from = offsets_of(position->value_or(""));
    Result<std::unique_ptr<kafka::Follower>> opened = kafka::Follower::open(options_);
    if (!opened) return std::unexpected(opened.error());
    follower_ = std::move(*opened);
    thread_ = std::thread([this] { run(); });
    return {};
  }

  [[nodiscard]] std::string trouble() const {
    const std::lock_guard lock(mutex_);
    return trouble_;
  }
  [[nodiscard]] std::int64_t lag() const { return lag_; }

 private:
  void run() {
    std::vector<pipeline::RawRecord> records;
    std::int64_t looked_ns = context_.clock.monotonic_ns();
    while (!stop_) {
      const auto batch = follower_ != nullptr ? follower_->next() : reopen();
      if (!batch) {
        note(batch.error().message);
        follower_.reset();
        pause();
        continue;
      }
      if (*batch == nullptr) return;
      note(follower_->trouble());
      lag_ = follower_->lag();
      if (context_.clock.monotonic_ns() - looked_ns > partitions_again_ns) {
        follower_->look_for_partitions();
        looked_ns = context_.clock.monotonic_ns();
      }
      records.clear();
      (*batch)->split(records);
      if (records.empty()) continue;
      server::Lines lines;
      auto& own = alerts_ ? lines.alerts : lines.processed;
      for (const pipeline::RawRecord& record : records) own.push_back(record.bytes);
      for (const auto& [partition, offset] : follower_->offsets()) options_.from[partition] = offset;
      lines.positions = {{name_, text_of(options_.from)}};
      if (!dashboard_.intake().take(lines, stop_, false)) return;
      follower_->commit();
    }
  }

  Result<std::unique_ptr<pipeline::RawBatch>> reopen() {
    Result<std::unique_ptr<kafka::Follower>> opened = kafka::Follower::open(options_);
    if (!opened) return std::unexpected(opened.error());
    follower_ = std::move(*opened);
    return follower_->next();
  }

  void pause() const {
    const std::int64_t until_ns = context_.clock.monotonic_ns() + again_ns;
    while (!stop_ && context_.clock.monotonic_ns() < until_ns) {
      context_.clock.sleep_until_ns(context_.clock.monotonic_ns() + slice_ns);
    }
  }

  void note(std::string trouble) {
    const std::lock_guard lock(mutex_);
    trouble_ = std::move(trouble);
  }

  Context& context_;
  server::Dashboard& dashboard_;
  kafka::FollowerOptions options_;
  const bool alerts_;
  const std::string name_;
  std::unique_ptr<kafka::Follower> follower_;
  std::atomic<bool> stop_ = false;
  std::atomic<std::int64_t> lag_ = 0;
  mutable std::mutex mutex_;
  std::string trouble_;
  std::thread thread_;
};

class KafkaSource final : public DashboardSource {
 public:
  KafkaSource(Context& context, server::Dashboard& dashboard) : context_(context), dashboard_(dashboard) {}
  ~KafkaSource() override {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  KafkaSource(const KafkaSource&) = delete;
  KafkaSource& operator=(const KafkaSource&) = delete;

  Result<void> follow(const kafka::Connection& connection, const std::string& topic, bool alerts) {
    kafka::FollowerOptions options;
    options.connection = connection;
    options.topic = topic;
    options.group = context_.settings.string("dashboard.group");
    followers_.push_back(std::make_unique<Follower>(context_, dashboard_, std::move(options), alerts));
    return followers_.back()->start();
  }
  void start() {
    thread_ = std::thread([this] {
      while (!stop_) {
        std::int64_t lag = 0;
        for (const auto& follower : followers_) lag += follower->lag();
        dashboard_.hub().set_lag(lag);
        context_.clock.sleep_until_ns(context_.clock.monotonic_ns() + slice_ns);
      }
    });
  }

  [[nodiscard]] std::string trouble() const override {
    for (const auto& follower : followers_) {
      if (std::string trouble = follower->trouble(); !trouble.empty()) return trouble;
    }
    return {};
  }

 private:
  Context& context_;
  server::Dashboard& dashboard_;
  std::vector<std::unique_ptr<Follower>> followers_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<DashboardSource>> kafka_source(Context& context, server::Dashboard& dashboard) {
  const config::Settings& settings = context.settings;
  const Result<kafka::Connection> connection = kafka_connection(context);
  if (!connection) return std::unexpected(connection.error());
  auto source = std::make_unique<KafkaSource>(context, dashboard);
  for (const auto& [topic, alerts] : {std::pair(settings.string("kafka.processed_topic"), false),
                                      std::pair(settings.string("kafka.alerts_topic"), true)}) {
    if (auto followed = source->follow(*connection, topic, alerts); !followed) {
      return std::unexpected(followed.error());
    }
  }
  source->start();
  return source;
}

}  // namespace bank::cli
