// Who may do what: the first user, sessions, users, tokens.
#include <fmt/format.h>

#include <algorithm>

#include "base/sha256.h"
#include "server/api.h"
#include "server/render.h"

namespace bank::server {
namespace {

constexpr std::size_t password_min = 12;
constexpr std::size_t password_max = 256;
constexpr std::size_t user_max = 64;
constexpr std::size_t token_name_max = 100;
constexpr std::size_t token_bytes = 24;
constexpr std::size_t token_id_bytes = 6;
constexpr std::int64_t day_us = 86'400'000'000;

bool is_user_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '@' || c == '-';
  };
  return !name.empty() && name.size() <= user_max && std::ranges::all_of(name, allowed);
}

std::optional<std::string> password_fault(std::string_view password) {
  if (password.size() >= password_min && password.size() <= password_max) return std::nullopt;
  return fmt::format("a password has {} to {} bytes", password_min, password_max);
}

void write_user(JsonWriter& json, const store::UserRow& user) {
  json.begin_object().member("user", user.name).member("role", user.role).member("disabled", user.disabled);
  json.member("created_at", time_text(user.created_us));
  write_maybe_time(json, "last_login_at", user.last_login_us);
  json.end_object();
}

void write_token_members(JsonWriter& json, const store::TokenRow& token) {
  json.member("id", token.id).member("name", token.name).member("user", token.user).key("scopes").begin_array();
  std::string_view scopes = token.scopes;
  while (!scopes.empty()) {
    const std::size_t end = std::min(scopes.find(' '), scopes.size());
    json.value(scopes.substr(0, end));
    scopes.remove_prefix(std::min(end + 1, scopes.size()));
  }
  json.end_array().member("created_at", time_text(token.created_us));
  write_maybe_time(json, "expires_at", token.expires_us);
  write_maybe_time(json, "last_used_at", token.used_us);
}

}  // namespace

std::string Api::session_json(const Identity& identity) const {
  std::string out;
  JsonWriter json(out, 0);
  json.begin_object().member("user", identity.user).member("role", identity.role).member("csrf", identity.csrf);
  json.member("masked", identity.masked()).end_object();
  return out;
}

Answered Api::get_setup(const Call& /*call*/) {
  const auto users = parts_.store.users();
  if (!users) return unavailable(users.error());
  return json_of([&](JsonWriter& json) { json.begin_object().member("needed", users->empty()).end_object(); });
}

Answered Api::post_setup(const Call& call) {
  const auto body = Body::parse(call.request.body, {"token", "user", "password"});
  if (!body) return bad_request(body.error().message);
  const auto token = body->required_text("token");
  const auto user = body->required_text("user");
  const auto password = body->required_text("password");
  for (const auto* each : {&token, &user, &password}) {
    if (!*each) return bad_request(each->error().message);
  }
  const std::string wanted = parts_.auth.setup_token();
  if (wanted.empty()) {
    return std::unexpected(Problem{.status = 409, .code = "conflict", .message = "the first user is made already"});
  }
  if (!equal_in_constant_time(*token, wanted)) {
    return std::unexpected(
        Problem{.status = 403, .code = "forbidden", .message = "this is not the link that the program printed"});
  }
  if (!is_user_name(*user)) return bad_request("a user's name has 1 to 64 letters, digits and . _ @ -");
  if (const auto fault = password_fault(*password)) return bad_request(*fault);
  const store::UserRow row{.name = *user,
                           .password_hash = hash_password(*password),
                           .role = "admin",
                           .disabled = false,
                           .created_us = 0,
                           .last_login_us = {}};
  const auto made = parts_.store.create_user(
      row, true, {.user = *user, .remote = call.request.remote, .at_us = parts_.clock.wall_us()});
  if (!made) return unavailable(made.error());
  parts_.auth.set_setup_token({});
  if (!*made) {
    return std::unexpected(Problem{.status = 409, .code = "conflict", .message = "the first user is made already"});
  }
  const auto login = parts_.auth.begin_session(*user, "admin", call.request.remote);
  if (!login) return unavailable(login.error());
  Response response = json_response(session_json(login->identity));
  response.headers.emplace_back("Set-Cookie", login->cookie);
  return response;
}

Answered Api::post_session(const Call& call) {
  const auto body = Body::parse(call.request.body, {"user", "password"});
  if (!body) return bad_request(body.error().message);
  const auto user = body->required_text("user");
  const auto password = body->required_text("password");
  if (!user) return bad_request(user.error().message);
  if (!password) return bad_request(password.error().message);
  if (password->size() > password_max) return bad_request(*password_fault(*password));
  const auto login = parts_.auth.login(*user, *password, call.request.remote);
  if (!login) return unavailable(login.error());
  switch (login->outcome) {
    case Auth::Login::Outcome::ok: break;
    case Auth::Login::Outcome::refused:
      return std::unexpected(
          Problem{.status = 401, .code = "unauthorized", .message = "user and password do not go together"});
    case Auth::Login::Outcome::throttled:
      return std::unexpected(Problem{.status = 429,
                                     .code = "too_many",
                                     .message = fmt::format("too many tries; wait {} s", login->wait_s),
                                     .headers = {{"Retry-After", std::to_string(login->wait_s)}}});
  }
  Response response = json_response(session_json(login->identity));
  response.headers.emplace_back("Set-Cookie", login->cookie);
  return response;
}

Answered Api::get_session(const Call& call) { return json_response(session_json(call.identity)); }

Answered Api::delete_session(const Call& call) {
  if (call.identity.session.empty()) return bad_request("a token has no session; DELETE /api/v1/tokens/ID revokes it");
  if (Result<void> done = parts_.auth.logout(call.identity, call.request.remote); !done) {
    return unavailable(done.error());
  }
  parts_.hub.end_feeds_of_credential(call.identity.session);
  Response response = no_content();
  response.headers.emplace_back("Set-Cookie", parts_.auth.expired_cookie());
  return response;
}

Answered Api::get_users(const Call& /*call*/) {
  const auto users = parts_.store.users();
  if (!users) return unavailable(users.error());
  return json_of([&](JsonWriter& json) {
    json.begin_object().key("items").begin_array();
    for (const store::UserRow& user : *users) write_user(json, user);
    json.end_array().end_object();
  });
}

Answered Api::post_users(const Call& call) {
  const auto body = Body::parse(call.request.body, {"user", "password", "role"});
  if (!body) return bad_request(body.error().message);
  const auto user = body->required_text("user");
  const auto password = body->required_text("password");
  const auto role = body->required_text("role");
  for (const auto* each : {&user, &password, &role}) {
    if (!*each) return bad_request(each->error().message);
  }
  if (!is_user_name(*user)) return bad_request("a user's name has 1 to 64 letters, digits and . _ @ -");
  if (const auto fault = password_fault(*password)) return bad_request(*fault);
  if (!rights_of_role(*role)) return bad_request("role must be viewer, analyst or admin");
  const store::Actor who = actor(call);
  const store::UserRow row{.name = *user,
                           .password_hash = hash_password(*password),
                           .role = *role,
                           .disabled = false,
                           .created_us = who.at_us,
                           .last_login_us = {}};
  const auto made = parts_.store.create_user(row, false, who);
  if (!made) return unavailable(made.error());
  if (!*made) {
    return std::unexpected(Problem{.status = 409, .code = "conflict", .message = "there is a user of that name"});
  }
  return json_of([&](JsonWriter& json) { write_user(json, row); }, 201);
}

Answered Api::patch_user(const Call& call) {
  const auto body = Body::parse(call.request.body, {"role", "disabled", "password", "current_password"});
  if (!body) return bad_request(body.error().message);
  const auto role = body->text("role");
  const auto disabled = body->boolean("disabled");
  const auto password = body->text("password");
  const auto current = body->text("current_password");
  if (!role) return bad_request(role.error().message);
  if (!disabled) return bad_request(disabled.error().message);
  if (!password) return bad_request(password.error().message);
  if (!current) return bad_request(current.error().message);
  const std::string& name = call.path[0];
  if (!call.identity.may(admin_right) || (*current && name == call.identity.user)) {
    const bool own =
        name == call.identity.user && *password && *current && !*role && !*disabled && !call.identity.session.empty();
    if (!own) {
      return std::unexpected(Problem{.status = 403,
                                     .code = "forbidden",
                                     .message = "you may change your own password, by giving the current one, too"});
    }
    // A session that somebody found open must not be enough to try passwords by the thousand.
    const auto login = parts_.auth.login(name, **current, call.request.remote);
    if (!login) return unavailable(login.error());
    if (login->outcome != Auth::Login::Outcome::ok) {
      return std::unexpected(Problem{.status = 403, .code = "forbidden", .message = "the current password is wrong"});
    }
  }
  if (*role && !rights_of_role(**role)) return bad_request("role must be viewer, analyst or admin");
  if (*password) {
    if (const auto fault = password_fault(**password)) return bad_request(*fault);
  }
  const std::optional<std::string> hash = *password ? std::optional(hash_password(**password)) : std::nullopt;
  const auto changed = parts_.store.change_user(name, *role, *disabled, hash, actor(call));
  if (!changed) return unavailable(changed.error());
  if (*changed == store::Store::UserChanged::no_such) return not_found("user");
  if (*changed == store::Store::UserChanged::last_admin) {
    return std::unexpected(
        Problem{.status = 409, .code = "conflict", .message = "this is the last admin; make another one first"});
  }
  parts_.auth.forget();
  if (*role || *disabled || *password) parts_.hub.end_feeds_of_user(name);
  const auto user = parts_.store.user(name);
  if (!user) return unavailable(user.error());
  if (!*user) return not_found("user");
  return json_of([&](JsonWriter& json) { write_user(json, **user); });
}

Answered Api::get_tokens(const Call& call) {
  const auto own = call.identity.may(admin_right) ? std::nullopt : std::optional(call.identity.user);
  const auto tokens = parts_.store.tokens(own);
  if (!tokens) return unavailable(tokens.error());
  return json_of([&](JsonWriter& json) {
    json.begin_object().key("items").begin_array();
    for (const store::TokenRow& token : *tokens) {
      json.begin_object();
      write_token_members(json, token);
      json.end_object();
    }
    json.end_array().end_object();
  });
}

Answered Api::post_tokens(const Call& call) {
  const auto body = Body::parse(call.request.body, {"name", "scopes", "expires_in_days"});
  if (!body) return bad_request(body.error().message);
  const auto name = body->required_text("name");
  const auto scopes = body->texts("scopes");
  const auto days = body->integer("expires_in_days");
  if (!name) return bad_request(name.error().message);
  if (!scopes) return bad_request(scopes.error().message);
  if (!days) return bad_request(days.error().message);
  if (name->empty() || name->size() > token_name_max) return bad_request("a token's name has 1 to 100 bytes");
  const std::string words = fmt::format("{}", fmt::join(scopes->value_or(std::vector<std::string>{}), " "));
  const auto rights = rights_of_scopes(words);
  if (!rights || *rights == 0) return bad_request("scopes are some of read, decide, work, admin");
  if (!call.identity.may(*rights)) {
    return std::unexpected(
        Problem{.status = 403, .code = "forbidden", .message = "a token may do no more than whom it belongs to"});
  }
  if (*days && (**days < 1 || **days > 3650)) return bad_request("expires_in_days is from 1 to 3650");
  const std::string secret = "bank_" + random_token(token_bytes);
  const store::Actor who = actor(call);
  store::TokenRow row{.id = random_token(token_id_bytes),
                      .name = *name,
                      .user = call.identity.user,
                      .hash = sha256_hex(secret),
                      .scopes = words,
                      .created_us = who.at_us,
                      .expires_us = {},
                      .used_us = {}};
  if (*days) row.expires_us = who.at_us + **days * day_us;
  if (Result<void> put = parts_.store.put_token(row, who); !put) return unavailable(put.error());
  return json_of(
      [&](JsonWriter& json) {
        json.begin_object();
        write_token_members(json, row);
        json.member("token", secret).end_object();
      },
      201);
}

Answered Api::delete_token(const Call& call) {
  const auto own = call.identity.may(admin_right) ? std::nullopt : std::optional(call.identity.user);
  const auto tokens = parts_.store.tokens(own);
  if (!tokens) return unavailable(tokens.error());
  const auto deleted = parts_.store.delete_token(call.path[0], own, actor(call));
  if (!deleted) return unavailable(deleted.error());
  if (!*deleted) return not_found("token");
  parts_.auth.forget();
  const auto token = std::ranges::find(*tokens, call.path[0], &store::TokenRow::id);
  if (token != tokens->end()) parts_.hub.end_feeds_of_credential(token->hash);
  return no_content();
}

Answered Api::get_assignees(const Call& /*call*/) {
  const auto users = parts_.store.users();
  if (!users) return unavailable(users.error());
  return json_of([&](JsonWriter& json) {
    json.begin_object().key("items").begin_array();
    for (const store::UserRow& user : *users) {
      if (!user.disabled && (rights_of_role(user.role).value_or(0) & work_right) != 0) json.value(user.name);
    }
    json.end_array().end_object();
  });
}

}  // namespace bank::server
