// Who asks, and what they may: users with passwords, sessions, API tokens.
//
// Passwords are kept by Argon2id; of cookies and tokens only SHA-256 is kept. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "server/http.h"
#include "server/store_watch.h"
#include "store/store.h"

namespace bank::server {

/// Bits.
enum Right : unsigned { read_right = 1, work_right = 2, decide_right = 4, admin_right = 8 };
/// Of a role; none for a word that is no role.
[[nodiscard]] std::optional<unsigned> rights_of_role(std::string_view role);
/// Of scopes parted by spaces; none where one is unknown.
[[nodiscard]] std::optional<unsigned> rights_of_scopes(std::string_view scopes);

struct Identity {
  std::string user;
  std::string role;
  unsigned rights = 0;
  std::string session;          ///< Its hash; empty for a token.
  std::string csrf;             ///< Empty for a token, which a browser doesn't send by itself.
  std::string credential{};     ///< The hash of the session or token.
  std::int64_t expires_us = 0;  ///< Then the session or token does.
  [[nodiscard]] bool may(unsigned right) const { return (rights & right) == right; }
  /// Whether account numbers are not for them.
  [[nodiscard]] bool masked() const { return !may(work_right); }
};

// ---- secrets (secrets.cpp)

/// Hex digits from the system's randomness.
[[nodiscard]] std::string random_token(std::size_t bytes);
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b);
/// Argon2id, as a PHC string. Takes about 40 ms, and 19 MiB.
[[nodiscard]] std::string hash_password(std::string_view password);
[[nodiscard]] bool verify_password(std::string_view password, const std::string& hash);

class Auth {
 public:
  /// All outlive it. `secure`: browsers come over TLS, here or at a proxy.
  Auth(store::Store& store, const StoreWatch& watch, const Clock& clock, std::int64_t session_us, bool secure);

  /// Who sends it; nullopt: nobody that is known. `ask_store` false: only from what is known here already, and then
  /// also nullopt.
  [[nodiscard]] Result<std::optional<Identity>> identify(const Request& request, bool ask_store);

  struct Login {
    enum class Outcome : std::uint8_t { ok, refused, throttled } outcome = Outcome::refused;
    Identity identity;
    std::string cookie;       ///< For Set-Cookie.
    std::int64_t wait_s = 0;  ///< throttled
  };
  [[nodiscard]] Result<Login> login(const std::string& user, const std::string& password, const std::string& remote);
  /// A session for a user who is known to be right.
  [[nodiscard]] Result<Login> begin_session(const std::string& user, const std::string& role,
                                            const std::string& remote);
  [[nodiscard]] Result<void> logout(const Identity& identity, const std::string& remote);
  [[nodiscard]] std::string expired_cookie() const;

  /// What is known here of users, sessions and tokens is asked for anew.
  void forget();

  /// The one-time token that lets the first user be made; empty once there is one.
  [[nodiscard]] std::string setup_token() const;
  void set_setup_token(std::string token);

 private:
  struct Known {
    Identity identity;
    std::int64_t until_us = 0;  ///< Then it is asked for anew.
  };
  struct Failures {
    int count = 0;
    std::int64_t last_us = 0;
  };

  [[nodiscard]] Result<std::optional<Known>> look_up(std::string_view cookie, std::string_view token);
  [[nodiscard]] std::int64_t wait_s(const std::string& key, std::int64_t now_us);
  void failed(const std::string& key, std::int64_t now_us);
  [[nodiscard]] std::string cookie(std::string_view value, std::int64_t age_s) const;

  store::Store& store_;
  const StoreWatch& watch_;
  const Clock& clock_;
  const std::int64_t session_us_;
  const bool secure_;
  mutable std::mutex mutex_;
  std::map<std::string, Known, std::less<>> known_;  ///< By hash.
  std::uint64_t forgotten_ = 0;                      ///< How often some of that was.
  std::map<std::string, Failures> failures_;
  std::string setup_token_;
};

}  // namespace bank::server
