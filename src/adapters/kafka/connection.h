// How to reach a Kafka cluster, and what to say when it can't be reached.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace bank::kafka {

/// Name and value of a librdkafka property (`session.timeout.ms`, `sasl.mechanism`). Values may be secrets: they are
/// never printed.
using Property = std::pair<std::string, std::string>;

struct Connection {
  std::string bootstrap_servers = "127.0.0.1:9092";  ///< `host:port`, several parted by commas.
  std::string client_id = "bank";
  /// Passed to librdkafka as they are; of the same name the last one counts. They win over what bank would choose, but
  /// not over what its guarantees rest on: setting such a one is an error that says so.
  std::vector<Property> properties{};
};

/// Whether a property holds a secret (a password, a private key), which must not stand on a command line.
[[nodiscard]] bool is_secret(const std::string& property);

/// Waits until a broker answers, at most `timeout_ms`. The error says what was tried and the likely cause in one
/// sentence.
[[nodiscard]] Result<void> check_reachable(const Connection& connection, int timeout_ms);

}  // namespace bank::kafka
