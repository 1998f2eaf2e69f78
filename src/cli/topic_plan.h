// The topics that bank uses, and how it would have them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "adapters/kafka/admin.h"
#include "config/settings.h"

namespace bank::cli {

struct PlannedSetting {
  std::string_view name;
  std::string_view value;
  std::string_view why;  ///< In a few words, for people.
};

struct PlannedTopic {
  std::string name;
  std::string_view purpose;
  std::vector<PlannedSetting> settings;
};

/// Transactions, alerts, processed transactions, analytics, dead letters; named as the settings say.
[[nodiscard]] std::vector<PlannedTopic> planned_topics(const config::Settings& settings);

/// What `planned` asks for and `actual` has otherwise, each in words: `retention.ms is 604800000; bank would set -1:
/// …`.
[[nodiscard]] std::vector<std::string> differing_settings(const PlannedTopic& planned,
                                                          const std::vector<kafka::TopicSetting>& actual);

}  // namespace bank::cli
