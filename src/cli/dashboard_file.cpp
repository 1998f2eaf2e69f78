#include <fmt/format.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <thread>

#include "adapters/file/tail.h"
#include "cli/dashboard_source.h"

namespace bank::cli {
namespace {

constexpr std::int64_t idle_ns = 100'000'000;

class FileSource final : public DashboardSource {
 public:
  FileSource(Context& context, server::Dashboard& dashboard) : context_(context), dashboard_(dashboard) {}
  ~FileSource() override {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  Result<void> follow(std::string_view kind, const std::string& path) {
    const Result<std::optional<std::string>> position = dashboard_.store().position(name_of(kind, path));
    if (!position) return std::unexpected(position.error());
    followed_.push_back({.kind = kind, .tail = std::make_unique<file::Tail>(path, position->value_or(""))});
    return {};
  }

  void start() {
    thread_ = std::thread([this] { run(); });
  }

  [[nodiscard]] std::string trouble() const override {
    const std::lock_guard lock(mutex_);
    return trouble_;
  }

 private:
  struct Followed {
    std::string_view kind;
    std::unique_ptr<file::Tail> tail;
  };

  static std::string name_of(std::string_view kind, const std::string& path) {
    return fmt::format("file:{}:{}", kind, path);
  }

  void run() {
    while (!stop_) {
      bool anything = false;
      std::string trouble;
      std::int64_t left = 0;
      for (Followed& each : followed_) {
        const auto lines = each.tail->next();
        if (!lines) {
          trouble = lines.error().message;
          continue;
        }
        left += each.tail->bytes_left();
        if (lines->empty()) continue;
        anything = true;
        server::Lines batch;
        (each.kind == "alerts" ? batch.alerts : batch.processed) = *lines;
        batch.positions = {{name_of(each.kind, each.tail->path()), each.tail->position()}};
        if (!dashboard_.intake().take(batch, stop_, false)) return;
      }
      note(std::move(trouble));
      dashboard_.hub().set_lag(left);
      if (!anything) context_.clock.sleep_until_ns(context_.clock.monotonic_ns() + idle_ns);
    }
  }

  void note(std::string trouble) {
    const std::lock_guard lock(mutex_);
    trouble_ = std::move(trouble);
  }

  Context& context_;
  server::Dashboard& dashboard_;
  std::vector<Followed> followed_;
  std::atomic<bool> stop_ = false;
  mutable std::mutex mutex_;
  std::string trouble_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<DashboardSource>> file_source(Context& context, server::Dashboard& dashboard) {
  const config::Settings& settings = context.settings;
  auto source = std::make_unique<FileSource>(context, dashboard);
  const std::string& alerts = settings.string("detect.output");
  const std::string& processed = settings.string("detect.processed");
  if (alerts == "-" || processed == "-" || (alerts.empty() && processed.empty())) {
    return fail_config(
        fmt::format("detect.output is '{}' and detect.processed '{}'; the dashboard follows files", alerts, processed));
  }
  // Transactions first: an alert then knows what was decided.
  if (!processed.empty()) {
    if (auto followed = source->follow("processed", processed); !followed) return std::unexpected(followed.error());
  }
  if (!alerts.empty()) {
    if (auto followed = source->follow("alerts", alerts); !followed) return std::unexpected(followed.error());
  }
  source->start();
  return source;
}

}  // namespace bank::cli
