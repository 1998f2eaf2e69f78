// Kafka's properties as its Java clients name them.
#pragma once

#include <vector>

#include "adapters/kafka/connection.h"
#include "base/result.h"

namespace bank::cli {

/// What librdkafka's properties are to Java's clients: security settings are translated, with certificates and keys as
/// text instead of files, which need not lie on every worker; the others have the same names. bootstrap.servers is not
/// among them. Errors (config): a file that can't be read, a user without a password, what Java's clients can't do.
/// Sources: librdkafka's CONFIGURATION.md; Kafka's documentation, "Security", PEM in KIP-651.
[[nodiscard]] Result<std::vector<kafka::Property>> java_properties(const kafka::Connection& connection);

}  // namespace bank::cli
