// The HTTP interface: from a request to what is asked of store, hub and engine. openapi.json describes it.
#pragma once

#include <atomic>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "monitor/check.h"
#include "notify/notifier.h"
#include "rules/ast.h"
#include "server/auth.h"
#include "server/body.h"
#include "server/decisions.h"
#include "server/http.h"
#include "server/hub.h"
#include "server/intake.h"
#include "server/metrics_text.h"
#include "server/store_watch.h"
#include "server/workers.h"
#include "store/store.h"

namespace bank::server {

/// What it serves; all of it outlives it.
struct ApiParts {
  store::Store& store;
  StoreWatch& watch;
  Hub& hub;
  Intake& intake;
  Decisions& decisions;
  Auth& auth;
  notify::Notifier& notifier;
  const rules::RuleSet& rules;
  Clock& clock;
};

struct ApiOptions {
  std::string mode;  ///< `demo`, `file`, `kafka`
  std::string version;
  std::string commit;
  bool loopback = true;  ///< It listens where only this machine can ask.
  bool secure = false;   ///< Browsers come over TLS, here or at a proxy.
  /// Where browsers find it, where a proxy stands before it: `https://fraud.bank.example`. Empty: where it listens.
  std::string origin;
  std::int64_t transactions_max = 0;                  ///< As the store's.
  std::int64_t lateness_us = 0;                       ///< As the engine's.
  std::function<monitor::Health()> health;            ///< Of the machine and what else is known; one call at a time.
  std::function<std::string()> source_trouble;        ///< Why the source does not get on; empty if it does.
  std::function<void(MetricsText&)> process_metrics;  ///< Adds what the process takes; may be empty.
};

/// Why a request is not done.
struct Problem {
  unsigned status = 400;  ///< 0: the store is to be asked, which Call::ask_store does not allow.
  std::string code = "bad_request";
  std::string message;
  std::vector<std::pair<std::string, std::string>> headers{};
  /// What the store says, which names paths and addresses: behind `message`, for those who may know them.
  std::string detail{};
};
using Answered = std::expected<Response, Problem>;

class Api {
 public:
  Api(const ApiParts& parts, ApiOptions options);

  /// As RequestHandler. Thread-safe.
  void handle(Request&& request, Reply reply);
  /// Ends the threads; requests that wait are dropped. To be called when the server has stopped.
  void stop() {
    workers_.stop();
    status_workers_.stop();
  }

  /// Has the health looked at, and the browsers told if the status changed; called every few seconds.
  void tell_of_health();

 private:
  /// A request on its way.
  struct Call {
    Request request;
    Identity identity;
    std::vector<std::string> path;             ///< The parameters in the path.
    std::map<std::string, std::string> query;  ///< Known ones only.
    bool ask_store = true;                     ///< False: it is done on the server's thread, which nothing may hold up.
    [[nodiscard]] std::string get(std::string_view name) const;
    [[nodiscard]] std::optional<std::string> maybe(std::string_view name) const;
  };
  using Handler = Answered (Api::*)(const Call&);
  struct Route {
    std::string_view method;
    std::string_view pattern;
    unsigned rights = 0;  ///< 0: for everybody who is known.
    bool open = false;    ///< For everybody.
    bool quick = false;   ///< Done on the server's thread, if who asks is known without the store.
    bool status = false;  ///< Says how things are, and so goes on while the store does not answer.
    Handler handler = nullptr;
    std::string_view query{};  ///< Known parameters, parted by spaces.
  };
  [[nodiscard]] static const std::vector<Route>& routes();

  void dispatch(const Route& route, std::shared_ptr<Call> call, const Reply& reply);
  [[nodiscard]] Answered run(const Route& route, Call& call, bool ask_store, bool& unknown);
  [[nodiscard]] std::optional<Problem> foreign(const Request& request) const;
  [[nodiscard]] std::optional<Problem> not_allowed(const Route& route, const Call& call) const;
  [[nodiscard]] Response finished(Answered answered, const Request& request) const;
  [[nodiscard]] Answered page(const Request& request) const;
  [[nodiscard]] store::Actor actor(const Call& call) const;
  [[nodiscard]] static std::optional<Problem> guess(const Call& call, const std::optional<std::string>& account);
  [[nodiscard]] std::optional<Problem> audit_read(const Call& call, std::string_view action, std::string_view subject);
  [[nodiscard]] std::string session_json(const Identity& identity) const;
  void tell_changed(const std::vector<std::string>& ids);
  [[nodiscard]] std::expected<std::string, Problem> explanation(const store::AlertRow& alert);
  [[nodiscard]] bool tells_detail(const Call& call) const;
  /// `whole`: with what receivers of notifications have answered.
  [[nodiscard]] std::string health_json(bool whole);
  void look_at_health();
  [[nodiscard]] std::string source_trouble() const;

  // api_session.cpp
  Answered get_setup(const Call& call);
  Answered post_setup(const Call& call);
  Answered post_session(const Call& call);
  Answered get_session(const Call& call);
  Answered delete_session(const Call& call);
  Answered get_users(const Call& call);
  Answered post_users(const Call& call);
  Answered patch_user(const Call& call);
  Answered get_tokens(const Call& call);
  Answered post_tokens(const Call& call);
  Answered delete_token(const Call& call);
  Answered get_assignees(const Call& call);
  // api_alerts.cpp
  Answered get_alerts(const Call& call);
  Answered get_alert(const Call& call);
  Answered patch_alert(const Call& call);
  Answered post_alert_note(const Call& call);
  Answered post_bulk(const Call& call);
  Answered get_cases(const Call& call);
  Answered get_case(const Call& call);
  Answered patch_case(const Call& call);
  Answered post_case_note(const Call& call);
  // api_pages.cpp
  Answered get_statistics(const Call& call);
  Answered get_account(const Call& call);
  Answered get_rules(const Call& call);
  Answered get_health(const Call& call);
  Answered get_labels(const Call& call);
  Answered get_audit(const Call& call);
  Answered get_events(const Call& call);
  Answered get_openapi(const Call& call);
  // api_decisions.cpp
  Answered post_decisions(const Call& call);
  // api_notifications.cpp
  Answered get_notifications(const Call& call);
  Answered post_resend(const Call& call);
  Answered post_discard(const Call& call);
  [[nodiscard]] std::string notification_trouble(bool whole);
  void write_notification_metrics(MetricsText& out);
  // api_status.cpp
  Answered get_metrics(const Call& call);
  Answered get_livez(const Call& call);
  Answered get_readyz(const Call& call);

  const ApiParts parts_;
  const ApiOptions options_;
  std::mutex read_mutex_;
  std::map<std::string, std::int64_t> reads_;  ///< Reads that stand in the audit log, and when.
  std::mutex health_mutex_;
  std::optional<monitor::Health> health_;
  std::int64_t health_ns_ = 0;
  std::atomic<bool> looking_ = false;  // at the health, of one thread of status_workers_
  std::string announced_health_;       // its
  std::atomic<std::int64_t> decision_number_ = 0;
  Workers workers_;
  Workers status_workers_;
};

// ---- shared by the files of the interface (api.cpp)

[[nodiscard]] std::unexpected<Problem> unavailable(const Error& error);
[[nodiscard]] std::unexpected<Problem> bad_request(std::string message);
[[nodiscard]] std::unexpected<Problem> not_found(std::string_view what);
[[nodiscard]] Response json_response(std::string body, unsigned status = 200);
[[nodiscard]] Response no_content();
/// A JSON document by `write`, which is given a JsonWriter.
template <typename Write>
[[nodiscard]] Response json_of(Write write, unsigned status = 200) {
  std::string out;
  JsonWriter json(out, 0);
  write(json);
  return json_response(std::move(out), status);
}
/// `limit` and `cursor`.
[[nodiscard]] std::expected<store::PageWish, Problem> page_wish(const std::map<std::string, std::string>& query);
/// A time as a query gives it.
[[nodiscard]] std::expected<std::optional<std::int64_t>, Problem> time_parameter(
    const std::map<std::string, std::string>& query, std::string_view name);
[[nodiscard]] std::expected<std::int64_t, Problem> number_parameter(const std::map<std::string, std::string>& query,
                                                                    std::string_view name, std::int64_t otherwise,
                                                                    std::int64_t min, std::int64_t max);
/// `a,b`
[[nodiscard]] std::vector<std::string> list_of(std::string_view text);

}  // namespace bank::server
