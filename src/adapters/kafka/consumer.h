// The detector's consumer: a member of the group, with librdkafka set up for the way in which the detector reads.
#pragma once

#include <optional>

#include "adapters/kafka/client.h"
#include "adapters/kafka/detector.h"
#include "base/result.h"

namespace bank::kafka {

/// Not yet subscribed. Errors (config): a property that can't be set.
[[nodiscard]] Result<Client> make_consumer(const DetectorOptions& options, const Callbacks& callbacks);

/// Whether all topics that the detector reads and writes are there: one that is missing would be made by the broker
/// with one partition, or be missed only when the first dead letter comes. Errors (runtime): one isn't, or can't be
/// seen.
[[nodiscard]] Result<void> check_topics(const Client& consumer, const DetectorOptions& options);

/// Why the consumer will get no records any more, if that is so.
[[nodiscard]] std::optional<Error> consumer_error(const Client& consumer, const DetectorOptions& options);

/// Asks some broker, briefly; an answer clears the complaint that none can be reached.
void look_for_broker(const Client& consumer);

}  // namespace bank::kafka
