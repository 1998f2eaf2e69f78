// A setting's value from text, and back.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "config/settings.h"
#include "yaml/yaml.h"

namespace bank::config {

/// Reads one value of the key's type and checks its bounds. The error is a message without a place: `'8x' is not an
/// integer; write a whole number from 0 to 1024`.
[[nodiscard]] std::expected<Value, std::string> parse_value(const Key& key, std::string_view text);

/// The same from the configuration file, where lists and mappings are YAML's and nothing is an empty text, list or
/// mapping.
[[nodiscard]] std::expected<Value, std::string> from_node(const Key& key, const yaml::Node& node);

/// What a value of the key must look like: `a whole number from 0 to 1024`.
[[nodiscard]] std::string expectation(const Key& key);

}  // namespace bank::config
