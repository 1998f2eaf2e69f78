#include "adapters/kafka/recovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace bank::kafka {
namespace {

constexpr std::int64_t second_us = 1'000'000;
constexpr std::int64_t day_us = 86'400 * second_us;
constexpr std::string_view format_name = "bank/1";

// Takes `name=` and what follows up to a space off the front; nullopt if something else stands there.
std::optional<std::string_view> take(std::string_view& text, std::string_view name) {
  if (!text.starts_with(' ')) return std::nullopt;
  text.remove_prefix(1);
  if (!text.starts_with(name) || text.substr(name.size(), 1) != "=") return std::nullopt;
  text.remove_prefix(name.size() + 1);
  const std::string_view value = text.substr(0, text.find(' '));
  text.remove_prefix(value.size());
  return value;
}

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

}  // namespace

std::string to_metadata(const ReplayPoint& point) {
  std::string text = fmt::format("{} floor={} reach={} lineage={} columns={}", format_name, point.floor, point.reach_us,
                                 point.lineage, point.columns);
  if (!point.outliers.empty()) text += fmt::format(" outliers={}", fmt::join(point.outliers, ","));
  return text;
}

std::optional<ReplayPoint> parse_metadata(std::string_view metadata) {
  if (!metadata.starts_with(format_name)) return std::nullopt;
  metadata.remove_prefix(format_name.size());
  ReplayPoint point;
  for (auto [name, target] : {std::pair{"floor", &point.floor}, std::pair{"reach", &point.reach_us},
                              std::pair{"lineage", &point.lineage}, std::pair{"columns", &point.columns}}) {
    const std::optional<std::string_view> text = take(metadata, name);
    const std::optional<std::int64_t> number = text ? parse_number(*text) : std::nullopt;
    if (!number) return std::nullopt;
    *target = *number;
  }
  if (metadata.empty()) return point;
  const std::optional<std::string_view> outliers = take(metadata, "outliers");
  if (!outliers || !metadata.empty()) return std::nullopt;
  for (std::size_t begin = 0; begin <= outliers->size();) {
    const std::size_t end = std::min(outliers->find(',', begin), outliers->size());
    const std::optional<std::int64_t> offset = parse_number(outliers->substr(begin, end - begin));
    if (!offset || *offset >= point.floor) return std::nullopt;
    if (!point.outliers.empty() && *offset <= point.outliers.back()) return std::nullopt;
    point.outliers.push_back(*offset);
    begin = end + 1;
  }
  return point;
}

bool ReplayFloor::is_outlier(std::int64_t time_us, std::int64_t trusted_us) const {
  return time_us > trusted_us + std::max(reach_us_, day_us);
}

// False: there are too many.
bool ReplayFloor::keep_apart(const Outlier& record) {
  // An account forgets what is older than its own newest, however far ahead that is.
  std::erase_if(outliers_, [&](const Outlier& older) {
    return older.account_hash == record.account_hash && older.time_us < record.time_us - reach_us_;
  });
  if (outliers_.size() >= outliers_max) return false;
  outliers_.push_back(record);
  return true;
}

// A log, or a replay, may begin with an outlier, before enough accounts were seen to tell.
void ReplayFloor::settle_early(std::int64_t trusted_us) {
  if (early_.empty() || trusted_us == no_time) return;
  Bucket first{.first_offset = early_.back().offset, .newest_us = no_time};
  for (const Outlier& record : std::exchange(early_, {})) {
    if (is_outlier(record.time_us, trusted_us) && keep_apart(record)) continue;
    first.first_offset = std::min(first.first_offset, record.offset);
    first.newest_us = std::max(first.newest_us, record.time_us);
  }
  buckets_.front() = first;
}

void ReplayFloor::note(std::int64_t offset, std::uint64_t account_hash, std::int64_t time_us, std::int64_t trusted_us) {
  settle_early(trusted_us);
  const Outlier record{.offset = offset, .time_us = time_us, .account_hash = account_hash};
  if (trusted_us != no_time && is_outlier(time_us, trusted_us) && keep_apart(record)) return;
  if (trusted_us == no_time && buckets_.size() == (early_.empty() ? 0 : 1) && early_.size() < bucket_records) {
    early_.push_back(record);
  }
  if (buckets_.empty() || records_in_last_ == bucket_records) {
    buckets_.push_back({.first_offset = offset, .newest_us = time_us});
    records_in_last_ = 0;
  }
  buckets_.back().newest_us = std::max(buckets_.back().newest_us, time_us);
  ++records_in_last_;
}

ReplayPoint ReplayFloor::at(std::int64_t position, std::int64_t trusted_us) {
  settle_early(trusted_us);
  if (trusted_us != no_time) {
    const std::int64_t edge_us = trusted_us - reach_us_;
    while (!buckets_.empty() && buckets_.front().newest_us < edge_us) buckets_.pop_front();
    std::erase_if(outliers_, [edge_us](const Outlier& outlier) { return outlier.time_us < edge_us; });
  }
  ReplayPoint point{.floor = buckets_.empty() ? position : buckets_.front().first_offset, .reach_us = reach_us_};
  for (const Outlier& outlier : outliers_) {
    if (outlier.offset < point.floor) point.outliers.push_back(outlier.offset);
  }
  return point;
}

void ReplayFloor::restore(std::deque<Bucket> buckets, std::vector<Outlier> outliers) {
  buckets_ = std::move(buckets);
  outliers_ = std::move(outliers);
  early_.clear();
  records_in_last_ = bucket_records;  // the last one may be full
}

}  // namespace bank::kafka
