// `bank dashboard`: alerts on a web page, as they come, and what is done about them.
#include "server/dashboard.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include <CLI/CLI.hpp>

#include "base/closest.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/dashboard_service.h"
#include "cli/dashboard_source.h"
#include "cli/detect.h"
#include "cli/detect_metrics.h"
#include "cli/kafka.h"
#include "cli/kafka_health.h"
#include "cli/monitor.h"
#include "notify/message.h"
#include "notify/transport.h"
#include "rules/load.h"

namespace bank::cli {
namespace {

constexpr auto examples =
    "bank dashboard --source demo                     # a bank of its own, made and judged here; then open the link\n"
    "bank dashboard --source demo --rate 500          # a busier one\n"
    "bank dashboard                                   # follow what bank detect writes: alerts, and --processed\n"
    "bank dashboard --source kafka --bootstrap-server 127.0.0.1:9092    # follow the topics\n"
    "bank dashboard --store postgresql:///bank        # keep alerts in PostgreSQL, for a team\n"
    "bank dashboard --notifications receivers.yaml --test-notification fraud-desk    # does my receiver take it?\n"
    "bank dashboard --listen 0.0.0.0:8443 --tls-certificate server.pem --tls-key server.key   # for other machines";

constexpr std::int64_t look_ns = 100'000'000;

/// Flags that are no settings.
struct DashboardFlags {
  std::string test_notification;
};

struct Address {
  std::string host;
  std::uint16_t port = 0;
};

// `127.0.0.1:8080`, `[::1]:8080`
Result<Address> parse_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  Address address;
  if (colon != std::string::npos) {
    address.host = text.substr(0, colon);
    if (address.host.starts_with('[') && address.host.ends_with(']')) {
      address.host = address.host.substr(1, address.host.size() - 2);
    }
    if (address.host == "localhost") address.host = "127.0.0.1";
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, address.port);
    if (error == std::errc() && stop == end && !address.host.empty()) return address;
  }
  return fail_config(fmt::format("dashboard.listen is '{}'; write ADDRESS:PORT, as 127.0.0.1:8080", text));
}

bool is_loopback(const std::string& host) { return host.starts_with("127.") || host == "::1"; }

Result<std::string> read_password(Context& context, const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path);
  std::string password;
  if (!file || !std::getline(file, password)) return fail_config(fmt::format("cannot read a password from {}", path));
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0 && (status.st_mode & S_IROTH) != 0) {
    context.terminal.warn(fmt::format(
        "{}: a password stands in this file, and everybody on this machine can read it; chmod 600 it", path));
  }
  return password;
}

Result<server::HttpOptions> http_options(const config::Settings& settings) {
  const Result<Address> address = parse_address(settings.string("dashboard.listen"));
  if (!address) return std::unexpected(address.error());
  server::HttpOptions http;
  http.address = address->host;
  http.port = address->port;
  http.certificate_file = settings.string("dashboard.tls_certificate");
  http.key_file = settings.string("dashboard.tls_key");
  if (http.certificate_file.empty() != http.key_file.empty()) {
    return fail_config("dashboard.tls_certificate and dashboard.tls_key go together: give both, or neither");
  }
  if (!is_loopback(http.address) && http.certificate_file.empty() && settings.string("dashboard.plain_http") != "yes") {
    return fail_config(fmt::format(
        "dashboard.listen is {}: there, passwords and account numbers would go over the network in the clear; give "
        "--tls-certificate and --tls-key, or say --plain-http yes where something in front does TLS",
        settings.string("dashboard.listen")));
  }
  return http;
}

Result<std::vector<notify::Target>> read_receivers(Context& context, const rules::RuleSet& rules) {
  const std::string& path = context.settings.string("dashboard.notifications");
  if (path.empty()) return std::vector<notify::Target>();
  std::vector<std::string> ids;
  for (const rules::Rule& rule : rules.rules) ids.push_back(rule.id);
  Result<notify::Targets> targets = notify::load_targets(path, ids, [](const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  });
  if (!targets) return std::unexpected(targets.error());
  for (const std::string& warning : targets->warnings) context.terminal.warn(warning);
  return std::move(targets->all);
}

Result<ExitCode> test_notification(Context& context, const std::vector<notify::Target>& targets,
                                   const std::string& name) {
  const auto found = std::ranges::find(targets, name, &notify::Target::name);
  if (found == targets.end()) {
    if (targets.empty()) return fail_config("nobody is told of alerts; name a file in dashboard.notifications");
    std::vector<std::string_view> names;
    for (const notify::Target& target : targets) names.push_back(target.name());
    return fail_config(fmt::format("there is no receiver '{}'{}", name, suggestion(name, names)));
  }
  const std::vector alerts{notify::test_alert(context.clock.wall_us())};
  const notify::Sender sender{.version = context.build.version, .origin = context.settings.string("dashboard.origin")};
  const notify::Message message = notify::message_of(*found, alerts, store::message_key(alerts), sender);
  const auto outcome = notify::http_transport()->post(*found, message, context.stop_requested);
  if (outcome.what != notify::Outcome::What::delivered) {
    return fail(fmt::format("{} did not take it: {}", name, outcome.text));
  }
  context.terminal.note(fmt::format("{} took it: {}", name, outcome.text));
  return ExitCode::ok;
}

Result<server::DashboardOptions> dashboard_options(Context& context) {
  const config::Settings& settings = context.settings;
  const Result<server::HttpOptions> http = http_options(settings);
  if (!http) return std::unexpected(http.error());
  const Result<engine::Options> engine = engine_options(settings);
  if (!engine) return std::unexpected(engine.error());
  Result<std::string> password = read_password(context, settings.string("dashboard.admin_password_file"));
  if (!password) return std::unexpected(password.error());
  server::DashboardOptions options;
  options.http = *http;
  options.store = {.location = settings.string("dashboard.store"),
                   .case_window_us = settings.duration_us("dashboard.case_window"),
                   .transactions_max = settings.integer("dashboard.transactions_kept")};
  options.mode = settings.string("dashboard.source");
  options.version = context.build.version;
  options.commit = context.build.commit;
  options.origin = settings.string("dashboard.origin");
  options.session_us = settings.duration_us("dashboard.session");
  options.clients_max = static_cast<std::size_t>(settings.integer("dashboard.clients_max"));
  options.http.connections_max = options.clients_max + 200;
  options.engine = *engine;
  options.admin_password = std::move(*password);
  options.process_metrics = [](server::MetricsText& out) {
    const ProcessUse use = use_of_this_process();
    out.family("process_resident_memory_bytes", "gauge", "Memory that the process has in use.")
        .sample(use.resident_bytes);
    out.family("process_cpu_seconds_total", "counter", "Processor time of the process.").sample(use.cpu_seconds);
  };
  return options;
}

/// What the dashboard asks of a source that is made after it.
class Link {
 public:
  void set(const DashboardSource* source) {
    const std::lock_guard lock(mutex_);
    source_ = source;
  }
  [[nodiscard]] std::string trouble() const {
    const std::lock_guard lock(mutex_);
    return source_ == nullptr ? "starting" : source_->trouble();
  }

 private:
  mutable std::mutex mutex_;
  const DashboardSource* source_ = nullptr;
};

Result<std::unique_ptr<DashboardSource>> make_source(Context& context, server::Dashboard& dashboard) {
  const std::string& kind = context.settings.string("dashboard.source");
  if (kind == "demo") return demo_source(context, dashboard);
  return kind == "kafka" ? kafka_source(context, dashboard) : file_source(context, dashboard);
}

void greet(Context& context, const server::Dashboard& dashboard, const server::HttpOptions& http) {
  const std::string host = http.address.contains(':') ? "[" + http.address + "]" : http.address;
  const std::string url =
      fmt::format("{}://{}:{}", http.certificate_file.empty() ? "http" : "https", host, dashboard.port());
  context.terminal.note(fmt::format("The dashboard is at {}", url));
  if (const std::string path = dashboard.setup_path(); !path.empty()) {
    // For a terminal or a private log, once: whoever has it is the first admin.
    context.terminal.note(fmt::format("Make the first user, an admin, by this link: {}{}", url, path));
  }
  context.terminal.note("Ctrl-C ends it.");
}

Result<ExitCode> run(Context& context, const DashboardFlags& flags) {
  Result<server::DashboardOptions> options = dashboard_options(context);
  if (!options) return std::unexpected(options.error());
  Result<rules::RuleSet> rules = rules::load_rules(context.settings.string("detect.rules"));
  if (!rules) return std::unexpected(rules.error());
  Result<std::vector<notify::Target>> receivers = read_receivers(context, *rules);
  if (!receivers) return std::unexpected(receivers.error());
  if (!flags.test_notification.empty()) return test_notification(context, *receivers, flags.test_notification);
  options->receivers = std::move(*receivers);
  const std::filesystem::path store(options->store.location);
  if (!options->store.location.starts_with("postgres") && store.has_parent_path()) {
    std::error_code error;
    std::filesystem::create_directories(store.parent_path(), error);
    if (error) return fail(fmt::format("cannot make the folder {}: {}", store.parent_path().string(), error.message()));
  }

  std::vector<std::unique_ptr<monitor::CheckProvider>> providers;
  if (options->mode == "file") {
    providers = health_providers(context);
  } else {
    providers.push_back(host_provider(context));
  }
  if (options->mode == "kafka") {
    auto provider = kafka_provider(context);
    if (!provider) return std::unexpected(provider.error());
    providers.push_back(std::move(*provider));
  }
  Link link;
  options->source_trouble = [&link] { return link.trouble(); };
  options->health = [&context, &providers] { return monitor::look(providers, context.clock.wall_us()); };
  const server::HttpOptions http = options->http;
  const auto dashboard = server::Dashboard::start(std::move(*options), std::move(*rules), context.clock);
  if (!dashboard) return std::unexpected(dashboard.error());
  Result<std::unique_ptr<DashboardSource>> source = make_source(context, **dashboard);
  if (!source) return std::unexpected(source.error());
  link.set(source->get());
  greet(context, **dashboard, http);
  tell_service_manager("READY=1");
  while (!context.stop_requested) context.clock.sleep_until_ns(context.clock.monotonic_ns() + look_ns);
  tell_service_manager("STOPPING=1");
  (*dashboard)->store().hurry();
  link.set(nullptr);
  source->reset();
  if (const std::size_t lost = (*dashboard)->stop(); lost > 0) {
    return fail(fmt::format("transactions that were judged here, and that the store could not take: {}", lost));
  }
  context.terminal.note("Stopped. What was taken in is in the store.");
  return ExitCode::ok;
}

}  // namespace

void add_dashboard(CLI::App& app, Context& context) {
  CLI::App& command = add_command(app, "dashboard",
                                  "Serve a web page with live figures and alerts, and work the alerts off.", examples);
  bind_flag(command, context, "-l,--listen", "dashboard.listen");
  bind_flag(command, context, "--source", "dashboard.source");
  bind_flag(command, context, "--store", "dashboard.store");
  bind_flag(command, context, "--rate", "dashboard.rate");
  bind_flag(command, context, "-r,--rules", "detect.rules");
  bind_flag(command, context, "--alerts", "detect.output");
  bind_flag(command, context, "--processed", "detect.processed");
  bind_flag(command, context, "--admin-password-file", "dashboard.admin_password_file");
  bind_flag(command, context, "--tls-certificate", "dashboard.tls_certificate");
  bind_flag(command, context, "--tls-key", "dashboard.tls_key");
  bind_flag(command, context, "--plain-http", "dashboard.plain_http");
  bind_flag(command, context, "--origin", "dashboard.origin");
  bind_flag(command, context, "--notifications", "dashboard.notifications");
  auto flags = std::make_shared<DashboardFlags>();
  command
      .add_option("--test-notification", flags->test_notification,
                  "Send a made-up alert to this receiver, say what came of it, and end.")
      ->type_name("NAME");
  add_kafka_flags(command, context);
  on_run(command, context, [&context, flags] { return run(context, *flags); });
}

}  // namespace bank::cli
