// The dashboard as one thing: store, hub, engine, interface and server, put together and taken apart in order.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/engine.h"
#include "monitor/check.h"
#include "notify/target.h"
#include "rules/ast.h"
#include "server/decisions.h"
#include "server/http.h"
#include "server/hub.h"
#include "server/intake.h"
#include "server/metrics_text.h"
#include "store/store.h"

namespace bank::server {

struct DashboardOptions {
  HttpOptions http;
  store::Options store;
  std::string mode;  ///< `demo`, `file`, `kafka`
  std::string version;
  std::string commit;
  std::string origin;  ///< As in ApiOptions.
  std::int64_t session_us = 43'200'000'000;
  std::size_t clients_max = 600;
  engine::Options engine;
  std::vector<notify::Target> receivers;  ///< Of notifications.
  std::string admin_password;  ///< Of the user `admin`, made where there is no user yet; empty: there is a link.
  std::function<monitor::Health()> health;
  std::function<std::string()> source_trouble;
  std::function<void(MetricsText&)> process_metrics;
};

class Dashboard {
 public:
  /// Opens the store, gives the engine the histories that the store holds, and serves. `clock` outlives it. Errors:
  /// those of Store::open() and HttpServer::start(); a password that is too short (config).
  [[nodiscard]] static Result<std::unique_ptr<Dashboard>> start(DashboardOptions options, rules::RuleSet rules,
                                                                Clock& clock);
  ~Dashboard();
  Dashboard(const Dashboard&) = delete;
  Dashboard& operator=(const Dashboard&) = delete;

  /// Ends it, when no source gives anything any more; how many transactions it has judged that the store could not
  /// take.
  [[nodiscard]] std::size_t stop();

  [[nodiscard]] std::uint16_t port() const;
  /// The path with which the first user is made; empty where there is one.
  [[nodiscard]] std::string setup_path() const;

  // For sources.
  [[nodiscard]] Intake& intake();
  [[nodiscard]] Hub& hub();
  [[nodiscard]] Decisions& decisions();
  [[nodiscard]] store::Store& store();

 private:
  class Parts;
  explicit Dashboard(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace bank::server
