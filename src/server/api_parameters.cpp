// What stands behind the `?`.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "model/event_time.h"
#include "server/api.h"

namespace bank::server {

std::expected<std::int64_t, Problem> number_parameter(const std::map<std::string, std::string>& query,
                                                      std::string_view name, std::int64_t otherwise, std::int64_t min,
                                                      std::int64_t max) {
  const auto found = query.find(std::string(name));
  if (found == query.end()) return otherwise;
  const std::string& text = found->second;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < min || number > max) {
    return bad_request(fmt::format("{} must be a whole number from {} to {}", name, min, max));
  }
  return number;
}

std::expected<store::PageWish, Problem> page_wish(const std::map<std::string, std::string>& query) {
  const auto limit = number_parameter(query, "limit", 50, 1, 200);
  if (!limit) return std::unexpected(limit.error());
  const auto cursor = query.find("cursor");
  return store::PageWish{.limit = static_cast<std::size_t>(*limit),
                         .cursor = cursor == query.end() ? std::string() : cursor->second};
}

std::expected<std::optional<std::int64_t>, Problem> time_parameter(const std::map<std::string, std::string>& query,
                                                                   std::string_view name) {
  const auto found = query.find(std::string(name));
  if (found == query.end()) return std::nullopt;
  const auto time = model::parse_event_time(found->second);
  if (!time) return bad_request(fmt::format("{} must be a time as 2026-03-02T10:00:00Z", name));
  return time->us();
}

std::vector<std::string> list_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    if (end > 0) out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace bank::server
