// Who is told of alerts: a file in which receivers stand, each with the alerts that it wants and how it is reached.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/store.h"

namespace bank::notify {

/// The form in which a receiver wants to be told.
enum class Kind : std::uint8_t {
  webhook,    ///< Our own JSON; see message.h.
  slack,      ///< An incoming webhook as Slack has it, and Mattermost and Rocket.Chat take it.
  pagerduty,  ///< PagerDuty's Events API, version 2.
};
[[nodiscard]] std::string_view to_string(Kind kind);  ///< `webhook` …

struct Target {
  Kind kind = Kind::webhook;
  store::NotificationRoute route;            ///< Its name, and what it is told of.
  std::string url;                           ///< May be a secret, as Slack's are: never shown.
  std::string secret;                        ///< webhook: a bearer token, may be empty; pagerduty: the routing key.
  std::string ca_file;                       ///< PEM, in place of the system's authorities; empty: those.
  double per_minute = 30;                    ///< Messages, on average,
  double burst = 10;                         ///< and at once, after a pause.
  std::int64_t timeout_us = 10'000'000;      ///< For an answer.
  std::int64_t give_up_us = 14'400'000'000;  ///< After this long an alert becomes a dead letter.

  [[nodiscard]] const std::string& name() const { return route.target; }
};

struct Targets {
  std::vector<Target> all;
  std::vector<std::string> warnings;  ///< A secret that everybody may read.
};

/// A variable of the environment.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// Reads the file. `rules`: the ids that a receiver may name. Errors (config), each with its place: unknown keys, what
/// is missing, names that stand twice, rules that there are not, addresses without TLS that lead off this machine,
/// secrets that can't be read. No error or warning holds a secret.
[[nodiscard]] Result<Targets> load_targets(const std::string& path, std::span<const std::string> rules,
                                           const Environment& environment);

}  // namespace bank::notify
