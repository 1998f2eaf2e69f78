#include "server/dashboard.h"

#include <fmt/format.h>

#include <chrono>
#include <condition_variable>
#include <thread>

#include "base/hash.h"
#include "notify/notifier.h"
#include "server/api.h"
#include "server/auth.h"

namespace bank::server {
namespace {

constexpr std::chrono::milliseconds tick_pause{250};
constexpr int ticks_between_health = 20;
constexpr std::size_t setup_token_bytes = 24;
/// Transactions that the engine is given at the start, so that decisions know what came before.
constexpr std::size_t replayed_max = 200'000;
constexpr std::size_t password_min = 12;

bool is_loopback(std::string_view address) { return address.starts_with("127.") || address == "::1"; }

}  // namespace

class Dashboard::Parts {
 public:
  Parts(DashboardOptions options, rules::RuleSet rules, Clock& clock, std::unique_ptr<store::Store> store)
      : options_(std::move(options)),
        rules_(std::move(rules)),
        clock_(clock),
        store_(std::move(store)),
        secure_(!options_.http.certificate_file.empty() || options_.origin.starts_with("https://")),
        hub_({.mode = options_.mode,
              .version = options_.version,
              .account_ref = [this](std::string_view account) { return store_->account_ref(account); },
              .clients_max = options_.clients_max},
             clock),
        decisions_(engine::Plan::compile(rules_), options_.engine, clock),
        notifier_(*store_, clock, options_.receivers, {.version = options_.version, .origin = options_.origin},
                  static_cast<std::uint64_t>(clock.wall_us())),
        watch_(*store_, clock),
        intake_(
            *store_, watch_, hub_, clock,
            [this](const model::Transaction& transaction) { decisions_.follow(transaction); },
            [this] { notifier_.wake(); }),
        auth_(*store_, watch_, clock, options_.session_us, secure_),
        api_({.store = *store_,
              .watch = watch_,
              .hub = hub_,
              .intake = intake_,
              .decisions = decisions_,
              .auth = auth_,
              .notifier = notifier_,
              .rules = rules_,
              .clock = clock},
             {.mode = options_.mode,
              .version = options_.version,
              .commit = options_.commit,
              .loopback = is_loopback(options_.http.address),
              .secure = secure_,
              .origin = options_.origin,
              .transactions_max = options_.store.transactions_max,
              .lateness_us = options_.engine.lateness_us,
              .health = options_.health,
              .source_trouble = options_.source_trouble,
              .process_metrics = options_.process_metrics}) {}

  ~Parts() { static_cast<void>(stop()); }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  std::size_t stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    stop_.notify_all();
    if (thread_.joinable()) thread_.join();
    if (server_ != nullptr) server_->stop();
    api_.stop();
    return intake_.end();
  }

  Result<void> begin() {
    const auto counters = store_->counters();
    if (!counters) return std::unexpected(counters.error());
    hub_.load(*counters);
    if (Result<void> replayed = replay(); !replayed) return replayed;
    if (Result<void> made = first_user(); !made) return made;
    if (Result<void> begun = notifier_.start(); !begun) return begun;
    auto server = HttpServer::start(
        options_.http, [this](Request&& request, Reply reply) { api_.handle(std::move(request), std::move(reply)); });
    if (!server) return std::unexpected(server.error());
    server_ = std::move(*server);
    thread_ = std::thread([this] { run(); });
    return {};
  }

  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  [[nodiscard]] std::string setup_path() const {
    const std::string token = auth_.setup_token();
    return token.empty() ? std::string() : "/setup#" + token;
  }

 private:
  friend class Dashboard;

  Result<void> first_user() {
    const auto users = store_->users();
    if (!users) return std::unexpected(users.error());
    if (!users->empty()) return {};
    if (options_.admin_password.empty()) {
      auth_.set_setup_token(random_token(setup_token_bytes));
      return {};
    }
    if (options_.admin_password.size() < password_min) {
      return fail_config(fmt::format("the admin's password is too short; it must have {} bytes", password_min));
    }
    const store::UserRow admin{.name = "admin",
                               .password_hash = hash_password(options_.admin_password),
                               .role = "admin",
                               .disabled = false,
                               .created_us = 0,
                               .last_login_us = {}};
    const auto made = store_->create_user(admin, true, {.user = "admin", .remote = "", .at_us = clock_.wall_us()});
    if (!made) return std::unexpected(made.error());
    return {};
  }

  Result<void> replay() {
    const auto rows = store_->latest_transactions(replayed_max);
    if (!rows) return std::unexpected(rows.error());
    for (const store::TransactionRow& row : *rows) {
      model::Transaction transaction;
      transaction.transaction_id = row.transaction_id;
      transaction.account_number = row.account;
      transaction.transaction_type = row.type;
      transaction.timestamp = row.timestamp;
      if (row.location) transaction.location = *row.location;
      if (row.merchant) transaction.merchant = *row.merchant;
      transaction.amount = row.amount;
      transaction.time = model::EventTime::from_us(row.time_us);
      transaction.account_hash = hash64(row.account);
      using enum model::Status;
      for (const model::Status status : {pending, completed, failed}) {
        if (row.status == model::to_string(status)) transaction.status = status;
      }
      decisions_.follow(transaction);
    }
    return {};
  }

  void run() {
    std::unique_lock lock(mutex_);
    for (int tick = 0; !stop_.wait_for(lock, tick_pause, [this] { return stopping_; }); ++tick) {
      lock.unlock();
      hub_.tick();
      if (tick % ticks_between_health == 0 && hub_.clients() > 0) api_.tell_of_health();
      lock.lock();
    }
  }

  const DashboardOptions options_;
  const rules::RuleSet rules_;
  Clock& clock_;
  const std::unique_ptr<store::Store> store_;
  const bool secure_;
  Hub hub_;
  Decisions decisions_;
  notify::Notifier notifier_;
  StoreWatch watch_;
  Intake intake_;
  Auth auth_;
  Api api_;
  std::unique_ptr<HttpServer> server_;
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::thread thread_;
};

Result<std::unique_ptr<Dashboard>> Dashboard::start(DashboardOptions options, rules::RuleSet rules, Clock& clock) {
  for (const notify::Target& target : options.receivers) options.store.routes.push_back(target.route);
  Result<std::unique_ptr<store::Store>> store = store::Store::open(options.store, clock);
  if (!store) return std::unexpected(store.error());
  auto parts = std::make_unique<Parts>(std::move(options), std::move(rules), clock, std::move(*store));
  if (Result<void> begun = parts->begin(); !begun) return std::unexpected(begun.error());
  return std::unique_ptr<Dashboard>(new Dashboard(std::move(parts)));
}

Dashboard::Dashboard(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Dashboard::~Dashboard() = default;
std::uint16_t Dashboard::port() const { return parts_->port(); }
std::string Dashboard::setup_path() const { return parts_->setup_path(); }
std::size_t Dashboard::stop() { return parts_->stop(); }
Intake& Dashboard::intake() { return parts_->intake_; }
Hub& Dashboard::hub() { return parts_->hub_; }
Decisions& Dashboard::decisions() { return parts_->decisions_; }
store::Store& Dashboard::store() { return *parts_->store_; }

}  // namespace bank::server
