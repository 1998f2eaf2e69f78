// config/bank.yaml, written from the registry.
#pragma once

#include <string>

namespace bank::config {

/// The file that documents every key: its why, and its default as the value.
[[nodiscard]] std::string template_yaml();

}  // namespace bank::config
