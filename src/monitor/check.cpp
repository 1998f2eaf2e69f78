#include "monitor/check.h"

#include <algorithm>
#include <cmath>

#include "base/json_writer.h"
#include "monitor/words.h"

namespace bank::monitor {

std::string_view to_string(Status status) {
  switch (status) {
    case Status::ok: return "OK";
    case Status::unknown: return "UNKNOWN";
    case Status::warning: return "WARNING";
    case Status::critical: return "CRITICAL";
  }
  return "";
}

Status judge(double value, const Thresholds& thresholds) {
  if (std::isnan(value)) return Status::unknown;
  if (value >= thresholds.critical) return Status::critical;
  return value >= thresholds.warning ? Status::warning : Status::ok;
}

Status Health::overall() const {
  Status worst = Status::ok;
  for (const Check& check : checks) worst = std::max(worst, check.status);
  return worst;
}

Health look(const std::vector<std::unique_ptr<CheckProvider>>& providers, std::int64_t at_us) {
  Health health{.at_us = at_us, .checks = {}};
  for (const auto& provider : providers) provider->look(health.checks);
  return health;
}

std::string to_json(const Health& health, int indent) {
  std::string out;
  JsonWriter json(out, indent);
  json.begin_object().member("schema_version", 1).member("at", utc_text(health.at_us));
  json.member("status", to_string(health.overall())).key("checks").begin_array();
  for (const Check& check : health.checks) {
    json.begin_object().member("name", check.name).member("status", to_string(check.status));
    if (check.value) json.member("value", *check.value).member("unit", check.unit);
    if (check.value && check.thresholds) {
      json.member("warning", check.thresholds->warning).member("critical", check.thresholds->critical);
    }
    json.member("text", check.text).end_object();
  }
  json.end_array().end_object();
  out += '\n';
  return out;
}

}  // namespace bank::monitor
