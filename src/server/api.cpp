#include "server/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "server/assets.h"
#include "server/render.h"

namespace bank::server {
namespace {

constexpr std::size_t worker_threads = 2;
constexpr std::size_t waiting_requests_max = 2000;
constexpr std::size_t waiting_status_max = 100;
constexpr std::int64_t audit_again_us = 300'000'000;
constexpr std::size_t reads_max = 10'000;

constexpr std::string_view content_security_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

constexpr std::string_view no_page =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>bank dashboard</title>"
    "<h1>This bank was built without its page</h1><p><code>make dashboard</code> builds the page and the program "
    "with it. The HTTP interface is here all the same: <a href=\"/api/v1/openapi.json\">/api/v1/openapi.json</a>."
    "</html>\n";

/// Whether the path is the pattern's, segment by segment; fills in its parameters, still encoded.
bool matches(std::string_view pattern, std::string_view path, std::vector<std::string_view>& parameters) {
  parameters.clear();
  while (!pattern.empty() && !path.empty()) {
    const std::size_t wanted_end = std::min(pattern.find('/', 1), pattern.size());
    const std::size_t given_end = std::min(path.find('/', 1), path.size());
    const std::string_view wanted = pattern.substr(1, wanted_end - 1);
    const std::string_view given = path.substr(1, given_end - 1);
    if (wanted.starts_with('{')) {
      parameters.push_back(given);
    } else if (wanted != given) {
      return false;
    }
    pattern.remove_prefix(wanted_end);
    path.remove_prefix(given_end);
  }
  return pattern.empty() && path.empty();
}

bool changes(std::string_view method) { return method != "GET" && method != "HEAD"; }

std::string error_body(std::string_view code, std::string_view message) {
  std::string out;
  JsonWriter json(out, 0);
  json.begin_object().key("error").begin_object().member("code", code).member("message", message);
  json.end_object().end_object();
  return out;
}

// `localhost:8080` → `localhost`, `[::1]:8080` → `[::1]`
std::string_view host_name(std::string_view host) {
  const std::size_t bracket = host.find(']');
  const std::size_t colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  return host.substr(0, colon);
}

}  // namespace

std::unexpected<Problem> unavailable(const Error& error) {
  return std::unexpected(Problem{.status = 503,
                                 .code = "unavailable",
                                 .message = "the store does not answer",
                                 .headers = {{"Retry-After", "2"}},
                                 .detail = error.message});
}
std::unexpected<Problem> bad_request(std::string message) {
  return std::unexpected(Problem{.status = 400, .code = "bad_request", .message = std::move(message)});
}
std::unexpected<Problem> not_found(std::string_view what) {
  return std::unexpected(
      Problem{.status = 404, .code = "not_found", .message = fmt::format("there is no such {}", what)});
}

Response json_response(std::string body, unsigned status) {
  Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}
Response no_content() {
  Response response;
  response.status = 204;
  return response;
}

std::string Api::Call::get(std::string_view name) const { return maybe(name).value_or(std::string()); }

std::optional<std::string> Api::Call::maybe(std::string_view name) const {
  const auto found = query.find(std::string(name));
  return found == query.end() ? std::nullopt : std::optional(found->second);
}

Api::Api(const ApiParts& parts, ApiOptions options)
    : parts_(parts),
      options_(std::move(options)),
      workers_(worker_threads, waiting_requests_max),
      status_workers_(worker_threads, waiting_status_max) {}

void Api::handle(Request&& request, Reply reply) {
  const auto refuse = [&](Problem problem) { reply(finished(std::unexpected(std::move(problem)), request)); };
  if (!request.path.starts_with('/')) return refuse({.message = "the path must begin with a slash"});
  if (auto problem = foreign(request)) return refuse(*std::move(problem));
  std::vector<std::string_view> parameters;
  std::string allowed;
  const std::string_view method = request.method == "HEAD" ? std::string_view("GET") : std::string_view(request.method);
  for (const Route& route : routes()) {
    if (!matches(route.pattern, request.path, parameters)) continue;
    if (route.method != method) {
      allowed += allowed.empty() ? "" : ", ";
      allowed += route.method;
      continue;
    }
    auto call = std::make_shared<Call>();
    for (const std::string_view parameter : parameters) {
      auto decoded = percent_decoded(parameter);
      if (!decoded || decoded->empty()) return refuse({.message = "the path is not UTF-8, percent-encoded"});
      call->path.push_back(*std::move(decoded));
    }
    auto query = query_parameters(request.query);
    if (!query) return refuse({.message = "the query is not UTF-8, percent-encoded, each name once"});
    for (const auto& [name, value] : *query) {
      const std::string wanted = fmt::format(" {} ", route.query);
      if (wanted.find(fmt::format(" {} ", name)) == std::string::npos) {
        return refuse({.message = fmt::format("there is no parameter '{}' here{}{}", name,
                                              route.query.empty() ? "" : "; known are ", route.query)});
      }
    }
    call->query = *std::move(query);
    call->request = std::move(request);
    dispatch(route, std::move(call), reply);
    return;
  }
  if (!allowed.empty()) {
    return refuse({.status = 405,
                   .code = "method_not_allowed",
                   .message = "only " + allowed + " may be asked here",
                   .headers = {{"Allow", allowed}}});
  }
  if (request.path.starts_with("/api/")) return refuse(not_found("path").error());
  reply(finished(page(request), request));
}

void Api::dispatch(const Route& route, std::shared_ptr<Call> call, const Reply& reply) {
  if (route.quick) {
    bool unknown = false;
    Answered answered = run(route, *call, false, unknown);
    if (!unknown) {
      reply(finished(std::move(answered), call->request));
      return;
    }
  }
  // The threads for the others may all be waiting for the store.
  if (!route.status && parts_.watch.hangs()) {
    reply(finished(unavailable({ErrorKind::runtime, {}}), call->request));
    return;
  }
  const bool posted = (route.status ? status_workers_ : workers_).post([this, &route, call, reply] {
    bool unknown = false;
    Answered answered = run(route, *call, true, unknown);
    if (!answered && !answered.error().detail.empty() && tells_detail(*call)) {
      answered.error().message += ": " + answered.error().detail;
    }
    reply(finished(std::move(answered), call->request));
  });
  if (posted) return;
  reply(finished(std::unexpected(Problem{.status = 503,
                                         .code = "unavailable",
                                         .message = "too many requests wait already",
                                         .headers = {{"Retry-After", "1"}}}),
                 call->request));
}

// Who asks from elsewhere, and is no admin, need not know where the store is.
bool Api::tells_detail(const Call& call) const {
  return (options_.loopback && options_.origin.empty()) || call.identity.may(admin_right);
}

// `unknown`: it needs the store, which was not to be asked.
Answered Api::run(const Route& route, Call& call, bool ask_store, bool& unknown) {
  try {
    if (!route.open) {
      const Result<std::optional<Identity>> identity = parts_.auth.identify(call.request, ask_store);
      if (!identity) return unavailable(identity.error());
      if (!*identity) {
        unknown = !ask_store;
        return std::unexpected(
            Problem{.status = 401, .code = "unauthorized", .message = "log in, or send a token that is valid"});
      }
      call.identity = **identity;
    }
    if (auto problem = not_allowed(route, call)) return std::unexpected(*std::move(problem));
    // A batch takes long enough to be noticed by everybody else.
    constexpr std::size_t quick_bytes = 16 << 10;
    if (!ask_store && call.request.body.size() > quick_bytes) {
      unknown = true;
      return std::unexpected(Problem{});
    }
    call.ask_store = ask_store;
    Answered answered = (this->*route.handler)(call);
    unknown = !answered && answered.error().status == 0;
    return answered;
  } catch (const std::exception& error) {
    return std::unexpected(
        Problem{.status = 500, .code = "internal", .message = fmt::format("please report this: {}", error.what())});
  }
}

// Browsers send what other sites ask them to. A page from elsewhere is told nothing, and a name that leads here without
// being ours (DNS rebinding) neither.
std::optional<Problem> Api::foreign(const Request& request) const {
  const std::string_view host = request.header("host");
  const auto refused = [](std::string message) {
    return Problem{.status = 403, .code = "foreign_origin", .message = std::move(message)};
  };
  std::string own = fmt::format("{}://{}", request.secure ? "https" : "http", host);
  if (!options_.origin.empty()) own = options_.origin;
  if (options_.loopback) {
    constexpr std::array<std::string_view, 3> names = {"localhost", "127.0.0.1", "[::1]"};
    const bool named = std::ranges::find(names, host_name(host)) != names.end();
    if (!named && !(options_.origin.ends_with(fmt::format("://{}", host)) && !host.empty())) {
      return refused("this host name is not served here; set dashboard.origin if a proxy stands before it");
    }
  }
  const std::string_view origin = request.header("origin");
  if (!origin.empty() && origin != own) return refused("pages from elsewhere may not ask here");
  const std::string_view site = request.header("sec-fetch-site");
  if (site == "cross-site" && request.path.starts_with("/api/")) {
    return refused("pages from elsewhere may not ask here");
  }
  return std::nullopt;
}

std::optional<Problem> Api::not_allowed(const Route& route, const Call& call) const {
  if (!route.open && !call.identity.may(route.rights)) {
    return Problem{.status = 403, .code = "forbidden", .message = "your role or token does not allow that"};
  }
  if (!changes(call.request.method)) return std::nullopt;
  if (!route.open && !call.identity.session.empty() &&
      !equal_in_constant_time(call.request.header("x-csrf-token"), call.identity.csrf)) {
    return Problem{.status = 403,
                   .code = "csrf",
                   .message = "the header X-CSRF-Token must be what GET /api/v1/session gives as csrf"};
  }
  if (!call.request.body.empty() && !call.request.header("content-type").starts_with("application/json")) {
    return Problem{.status = 415, .code = "unsupported_media_type", .message = "the body must be application/json"};
  }
  return std::nullopt;
}

Response Api::finished(Answered answered, const Request& request) const {
  Response response;
  if (answered) {
    response = std::move(*answered);
  } else {
    response = json_response(error_body(answered.error().code, answered.error().message), answered.error().status);
    response.headers = std::move(answered.error().headers);
  }
  auto& headers = response.headers;
  headers.emplace_back("X-Content-Type-Options", "nosniff");
  headers.emplace_back("Referrer-Policy", "no-referrer");
  headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
  headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
  headers.emplace_back("Content-Security-Policy", content_security_policy);
  if (request.secure) headers.emplace_back("Strict-Transport-Security", "max-age=31536000");
  const bool cached = std::ranges::any_of(headers, [](const auto& header) { return header.first == "Cache-Control"; });
  if (!cached) headers.emplace_back("Cache-Control", "no-store");
  return response;
}

// The page does its own paths: what is no file is its first page.
Answered Api::page(const Request& request) const {
  if (request.method != "GET" && request.method != "HEAD") {
    return std::unexpected(Problem{.status = 405,
                                   .code = "method_not_allowed",
                                   .message = "only GET may be asked here",
                                   .headers = {{"Allow", "GET, HEAD"}}});
  }
  const auto path = percent_decoded(request.path);
  const auto control = [](char c) { return static_cast<unsigned char>(c) < ' '; };
  const bool odd = !path || path->contains("..") || path->contains("//") || path->contains('\\') ||
                   std::ranges::any_of(*path, control);
  if (odd || path->starts_with("/assets/.")) return not_found("file");
  const Asset* asset = find_asset(*path == "/" ? "/index.html" : *path);
  const bool file = path->starts_with("/assets/");
  if (asset == nullptr && file) return not_found("file");
  if (asset == nullptr) asset = find_asset("/index.html");
  Response response;
  response.content_type = "text/html; charset=utf-8";
  if (asset == nullptr) {
    response.fixed_body = no_page;
    return response;
  }
  const std::string tag = fmt::format("\"{}\"", asset->tag);
  response.headers.emplace_back("ETag", tag);
  // Vite puts a hash of the content into the names of what is below assets/.
  response.headers.emplace_back("Cache-Control", file ? "public, max-age=31536000, immutable" : "no-cache");
  if (request.header("if-none-match") == tag) {
    response.status = 304;
    return response;
  }
  response.content_type = content_type_of(asset->path);
  response.fixed_body = asset->bytes;
  return response;
}

store::Actor Api::actor(const Call& call) const {
  return {.user = call.identity.user, .remote = call.request.remote, .at_us = parts_.clock.wall_us()};
}

// Whether a search by account would tell somebody who may not see whole numbers more than what they see: whether there
// is the one that they guessed.
std::optional<Problem> Api::guess(const Call& call, const std::optional<std::string>& account) {
  if (!account || !call.identity.masked() || account->starts_with("acct_")) return std::nullopt;
  constexpr std::string_view mask = "****";
  constexpr std::ptrdiff_t shown = 4;
  const auto begins_character = [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; };
  if (account->starts_with(mask) && std::ranges::count_if(account->substr(mask.size()), begins_character) == shown) {
    return std::nullopt;
  }
  return bad_request("account may be the last four characters as ****1234, or an account_ref").error();
}

// That somebody saw whole numbers is logged before they are shown; again only after a while, as pages ask often.
std::optional<Problem> Api::audit_read(const Call& call, std::string_view action, std::string_view subject) {
  if (call.identity.masked()) return std::nullopt;
  const std::string key = fmt::format("{}\n{}\n{}", call.identity.user, action, subject);
  const std::int64_t now_us = parts_.clock.wall_us();
  {
    const std::lock_guard lock(read_mutex_);
    const auto found = reads_.find(key);
    if (found != reads_.end() && now_us - found->second < audit_again_us) return std::nullopt;
  }
  if (Result<void> logged = parts_.store.audit(actor(call), action, subject); !logged) {
    return unavailable(logged.error()).error();
  }
  const std::lock_guard lock(read_mutex_);
  if (reads_.size() >= reads_max) reads_.clear();
  reads_[key] = now_us;
  return std::nullopt;
}

void Api::tell_changed(const std::vector<std::string>& ids) {
  for (const std::string& id : ids) {
    const auto alert = parts_.store.alert(id);
    if (alert && *alert) parts_.hub.alert_changed(**alert);
  }
}

}  // namespace bank::server
