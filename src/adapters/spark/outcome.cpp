#include "adapters/spark/outcome.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/wire.h"
#include "model/rejection.h"

namespace bank::spark {
namespace {

constexpr std::string_view magic = "BKO1";
constexpr std::uint16_t version = 1;

std::size_t head_bytes(const OutcomeCounts& counts) {
  return 96 + 8 * (counts.alerts_by_rule.size() + counts.rejected_by_reason.size());
}

}  // namespace

void Outcome::clear() {
  std::vector<std::uint64_t> alerts_by_rule = std::move(counts_.alerts_by_rule);
  std::ranges::fill(alerts_by_rule, 0);
  counts_ = {};
  counts_.alerts_by_rule = std::move(alerts_by_rule);
  outputs_ = 0;
  pipeline::clear_text(bytes_);
  bytes_.resize(head_bytes(counts_));
}

void Outcome::add(Kind kind, const Place& place, const Fields& fields) {
  if (bytes_.empty()) clear();
  const std::size_t at = bytes_.size();
  constexpr std::size_t fixed = 36;
  bytes_.resize(at + fixed);
  char* p = bytes_.data() + at;
  const auto put = [&p](auto value) {
    std::memcpy(p, &value, sizeof value);
    p += sizeof value;
  };
  put(static_cast<std::uint8_t>(kind));
  put(fields.reason);
  put(std::uint16_t{0});
  put(place.partition);
  put(place.number);
  put(place.time_us);
  put(fields.has_key ? static_cast<std::int32_t>(fields.key.size()) : -1);
  put(fields.has_value ? static_cast<std::int32_t>(fields.value.size()) : -1);
  put(static_cast<std::uint16_t>(fields.exception.size()));
  put(static_cast<std::uint16_t>(fields.message.size()));
  if (fields.has_key) bytes_ += fields.key;
  if (fields.has_value) bytes_ += fields.value;
  bytes_ += fields.exception;
  bytes_ += fields.message;
  ++outputs_;
}

void Outcome::add_alerts(const Place& place, std::string_view account, std::string_view lines) {
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    add(Kind::alert, place, {.key = account, .value = lines.substr(0, end), .exception = {}, .message = {}});
    lines.remove_prefix(end + 1);
  }
}

void Outcome::add_processed(const Place& place, std::string_view account, std::string_view line) {
  line.remove_suffix(1);
  add(Kind::processed, place, {.key = account, .value = line, .exception = {}, .message = {}});
}

void Outcome::add_dead_letter(const Place& place, const Refused& refused, std::string_view value) {
  const std::string_view reason = model::to_string(refused.rejection.reason);
  const std::string_view field = refused.rejection.field;
  const std::string message = field.empty() ? std::string(reason) : fmt::format("{}: {}", field, reason);
  add(Kind::dead_letter, place,
      {.key = refused.key,
       .value = value,
       .exception = reason,
       .message = message,
       .has_key = refused.has_key,
       .has_value = refused.has_value,
       .reason = static_cast<std::uint8_t>(refused.rejection.reason)});
}

std::string_view Outcome::finish() {
  if (bytes_.empty()) clear();
  std::string head(magic);
  head.reserve(head_bytes(counts_));
  wire::append(head, version);
  wire::append(head, std::uint16_t{0});
  wire::append(head, static_cast<std::uint32_t>(bytes_.size()));
  wire::append(head, outputs_);
  for (const std::uint64_t count : {counts_.judged, counts_.resends, counts_.late, counts_.rejected, counts_.alerts}) {
    wire::append(head, count);
  }
  for (const std::uint64_t count : counts_.decisions) wire::append(head, count);
  wire::append(head, counts_.newest_us);
  wire::append(head, static_cast<std::uint32_t>(counts_.alerts_by_rule.size()));
  wire::append(head, static_cast<std::uint32_t>(counts_.rejected_by_reason.size()));
  for (const std::uint64_t count : counts_.alerts_by_rule) wire::append(head, count);
  for (const std::uint64_t count : counts_.rejected_by_reason) wire::append(head, count);
  bytes_.replace(0, head.size(), head);
  return bytes_;
}

}  // namespace bank::spark
