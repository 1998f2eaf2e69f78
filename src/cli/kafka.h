// What the commands that talk to Kafka share: flags, connection, topics.
#pragma once

#include <string>

#include "adapters/kafka/connection.h"
#include "base/result.h"
#include "config/settings.h"

namespace CLI {
class App;
}  // namespace CLI

namespace bank::cli {

struct Context;

/// The heading under which --help lists them.
inline constexpr const char* kafka_flags = "Kafka";

/// Adds --bootstrap-server, --command-config and -X.
void add_kafka_flags(CLI::App& command, Context& context);

/// `kafka.bootstrap_servers` with the properties of `kafka.properties_file` and then `kafka.properties`. Errors
/// (config): an unreadable file, a line that is no name=value, a password given by flag. Warns of a password in a file
/// that everybody can read.
[[nodiscard]] Result<kafka::Connection> kafka_connection(const Context& context);

/// `kafka.dead_letter_topic`, or what it is by default.
[[nodiscard]] std::string dead_letter_topic(const config::Settings& settings);

}  // namespace bank::cli
