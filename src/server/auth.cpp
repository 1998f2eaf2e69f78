#include "server/auth.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/sha256.h"

namespace bank::server {
namespace {

constexpr std::int64_t second_us = 1'000'000;
/// For so long a session or token is believed without asking the store; and, where the store does not answer, longer.
constexpr std::int64_t believed_us = 30 * second_us;
constexpr std::int64_t believed_in_need_us = 3600 * second_us;
constexpr std::size_t known_max = 10'000;

constexpr int failures_free = 5;
constexpr std::int64_t failure_memory_us = 900 * second_us;
constexpr std::int64_t longest_wait_s = 900;
constexpr std::size_t failures_max = 10'000;

constexpr std::size_t secret_bytes = 32;

std::string_view cookie_value(std::string_view cookies, std::string_view name) {
  while (!cookies.empty()) {
    const std::size_t end = std::min(cookies.find(';'), cookies.size());
    std::string_view pair = cookies.substr(0, end);
    cookies.remove_prefix(std::min(end + 1, cookies.size()));
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) return pair.substr(name.size() + 1);
  }
  return {};
}

}  // namespace

std::optional<unsigned> rights_of_role(std::string_view role) {
  if (role == "viewer") return read_right;
  if (role == "analyst") return read_right | work_right | decide_right;
  if (role == "admin") return read_right | work_right | decide_right | admin_right;
  return std::nullopt;
}

std::optional<unsigned> rights_of_scopes(std::string_view scopes) {
  unsigned rights = 0;
  while (!scopes.empty()) {
    const std::size_t end = std::min(scopes.find(' '), scopes.size());
    const std::string_view scope = scopes.substr(0, end);
    scopes.remove_prefix(std::min(end + 1, scopes.size()));
    if (scope == "read") {
      rights |= read_right;
    } else if (scope == "work") {
      rights |= read_right | work_right;
    } else if (scope == "decide") {
      rights |= decide_right;
    } else if (scope == "admin") {
      rights |= read_right | admin_right;
    } else {
      return std::nullopt;
    }
  }
  return rights;
}

Auth::Auth(store::Store& store, const StoreWatch& watch, const Clock& clock, std::int64_t session_us, bool secure)
    : store_(store), watch_(watch), clock_(clock), session_us_(session_us), secure_(secure) {}

Result<std::optional<Identity>> Auth::identify(const Request& request, bool ask_store) {
  std::string_view token;
  const std::string_view authorization = request.header("authorization");
  if (authorization.starts_with("Bearer ")) token = authorization.substr(7);
  const std::string_view value =
      token.empty() ? cookie_value(request.header("cookie"), secure_ ? "__Host-session" : "session") : token;
  if (value.empty() || value.size() > 256) return std::nullopt;
  const std::string hash = sha256_hex(value);
  const std::int64_t now_us = clock_.wall_us();
  std::optional<Known> stale;
  std::uint64_t forgotten = 0;
  {
    const std::lock_guard lock(mutex_);
    forgotten = forgotten_;
    if (const auto found = known_.find(hash); found != known_.end()) {
      if (found->second.identity.expires_us <= now_us) return std::nullopt;
      if (found->second.until_us > now_us) return found->second.identity;
      stale = found->second;
    }
  }
  if (watch_.hangs()) {
    if (stale && stale->until_us + believed_in_need_us > now_us) return stale->identity;
    if (ask_store) return fail("it has not answered for a while");
  }
  if (!ask_store) return std::nullopt;
  Result<std::optional<Known>> known = look_up(token.empty() ? hash : "", token.empty() ? "" : hash);
  if (!known) {
    if (stale && stale->until_us + believed_in_need_us > now_us) return stale->identity;
    return std::unexpected(known.error());
  }
  const std::lock_guard lock(mutex_);
  if (!*known) {
    known_.erase(hash);
    return std::nullopt;
  }
  if (known_.size() >= known_max) known_.clear();
  (*known)->until_us = now_us + believed_us;
  // What was changed while the store was asked may be older than that.
  if (forgotten == forgotten_) known_[hash] = **known;
  return (*known)->identity;
}

// One of the two hashes is given.
Result<std::optional<Auth::Known>> Auth::look_up(std::string_view cookie_hash, std::string_view token_hash) {
  Known known;
  std::optional<unsigned> scopes;
  const std::int64_t now_us = clock_.wall_us();
  if (!cookie_hash.empty()) {
    const auto session = store_.session(cookie_hash, now_us);
    if (!session) return std::unexpected(session.error());
    if (!*session) return std::nullopt;
    known.identity.user = (*session)->user;
    known.identity.session = (*session)->hash;
    known.identity.csrf = (*session)->csrf;
    known.identity.expires_us = (*session)->expires_us;
  } else {
    const auto token = store_.token(token_hash);
    if (!token) return std::unexpected(token.error());
    if (!*token) return std::nullopt;
    known.identity.expires_us = (*token)->expires_us.value_or(now_us + session_us_);
    if (known.identity.expires_us <= now_us) return std::nullopt;
    known.identity.user = (*token)->user;
    scopes = rights_of_scopes((*token)->scopes);
    // That it was used is worth knowing, and not worth a failure.
    static_cast<void>(store_.token_used((*token)->id, now_us));
  }
  const auto user = store_.user(known.identity.user);
  if (!user) return std::unexpected(user.error());
  if (!*user || (*user)->disabled) return std::nullopt;
  known.identity.credential = cookie_hash.empty() ? token_hash : cookie_hash;
  known.identity.role = (*user)->role;
  known.identity.rights = rights_of_role((*user)->role).value_or(0);
  if (scopes) known.identity.rights &= *scopes;
  return known;
}

std::int64_t Auth::wait_s(const std::string& key, std::int64_t now_us) {
  const auto found = failures_.find(key);
  if (found == failures_.end()) return 0;
  const Failures& failures = found->second;
  if (now_us - failures.last_us > failure_memory_us) {
    failures_.erase(found);
    return 0;
  }
  if (failures.count < failures_free) return 0;
  const int doublings = std::min(failures.count - failures_free, 10);
  const std::int64_t wait = std::min(std::int64_t{1} << doublings, longest_wait_s);
  return std::max<std::int64_t>(0, wait - (now_us - failures.last_us) / second_us);
}

void Auth::failed(const std::string& key, std::int64_t now_us) {
  if (failures_.size() >= failures_max) {
    std::erase_if(failures_, [&](const auto& each) { return now_us - each.second.last_us > failure_memory_us; });
    if (failures_.size() >= failures_max) failures_.clear();
  }
  Failures& failures = failures_[key];
  ++failures.count;
  failures.last_us = now_us;
}

Result<Auth::Login> Auth::login(const std::string& user, const std::string& password, const std::string& remote) {
  const std::string by_user = "user " + user.substr(0, 64);
  const std::string by_remote = "from " + remote;
  {
    const std::lock_guard lock(mutex_);
    const std::int64_t now_us = clock_.wall_us();
    const std::int64_t wait = std::max(wait_s(by_user, now_us), wait_s(by_remote, now_us));
    if (wait > 0) return Login{.outcome = Login::Outcome::throttled, .identity = {}, .cookie = {}, .wait_s = wait};
    // Counted before it is looked at, so that many at once are not let through together.
    failed(by_user, now_us);
    failed(by_remote, now_us);
  }
  const auto found = store_.user(user);
  if (!found) return std::unexpected(found.error());
  // A user that doesn't exist takes as long as one that does.
  static const std::string nobody = hash_password("nobody's password");
  const bool right = verify_password(password, *found ? (*found)->password_hash : nobody);
  if (!right || !*found || (*found)->disabled) {
    const auto logged = store_.audit({.user = user.substr(0, 64), .remote = remote, .at_us = clock_.wall_us()},
                                     "session.refused", user.substr(0, 64));
    if (!logged) return std::unexpected(logged.error());
    return Login{};
  }
  {
    const std::lock_guard lock(mutex_);
    failures_.erase(by_user);
    failures_.erase(by_remote);
  }
  return begin_session(user, (*found)->role, remote);
}

Result<Auth::Login> Auth::begin_session(const std::string& user, const std::string& role, const std::string& remote) {
  const std::string value = random_token(secret_bytes);
  const std::int64_t now_us = clock_.wall_us();
  store::SessionRow session{.hash = sha256_hex(value),
                            .user = user,
                            .csrf = random_token(secret_bytes),
                            .created_us = now_us,
                            .expires_us = now_us + session_us_};
  if (auto put = store_.put_session(session, {.user = user, .remote = remote, .at_us = now_us}); !put) {
    return std::unexpected(put.error());
  }
  Login login{.outcome = Login::Outcome::ok, .identity = {}, .cookie = {}, .wait_s = 0};
  login.identity = {.user = user,
                    .role = role,
                    .rights = rights_of_role(role).value_or(0),
                    .session = session.hash,
                    .csrf = session.csrf,
                    .credential = session.hash,
                    .expires_us = session.expires_us};
  login.cookie = cookie(value, session_us_ / second_us);
  return login;
}

Result<void> Auth::logout(const Identity& identity, const std::string& remote) {
  auto deleted =
      store_.delete_session(identity.session, {.user = identity.user, .remote = remote, .at_us = clock_.wall_us()});
  const std::lock_guard lock(mutex_);
  known_.erase(identity.session);
  ++forgotten_;
  return deleted;
}

std::string Auth::cookie(std::string_view value, std::int64_t age_s) const {
  return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{}", secure_ ? "__Host-session" : "session",
                     value, age_s, secure_ ? "; Secure" : "");
}

std::string Auth::expired_cookie() const { return cookie("", 0); }

void Auth::forget() {
  const std::lock_guard lock(mutex_);
  known_.clear();
  ++forgotten_;
}

std::string Auth::setup_token() const {
  const std::lock_guard lock(mutex_);
  return setup_token_;
}

void Auth::set_setup_token(std::string token) {
  const std::lock_guard lock(mutex_);
  setup_token_ = std::move(token);
}

}  // namespace bank::server
