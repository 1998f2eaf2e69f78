// From which offset a detector must read again after a restart, so that its histories are as they were.
//
// The input is the changelog: with each partition's offset the detector commits, as metadata, the lowest offset that a
// live history still needs. Whoever takes the partition over reads from there, silently up to the committed offset, and
// goes on. Entries older than the partition's newest event time − (W + 2L) are needed by nobody (docs/semantics.md,
// History).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/trusted_time.h"

namespace bank::kafka {

using pipeline::no_time;
using pipeline::TrustedTime;

/// What is committed beside an offset.
struct ReplayPoint {
  std::int64_t floor = 0;                ///< The lowest offset needed …
  std::vector<std::int64_t> outliers{};  ///< … but for these, lower ones, ascending, each of which is needed by itself.
  std::int64_t reach_us = 0;             ///< W + 2L of the rules that it was computed for.
  /// The same in all commits since the group began to read the partition, and in the snapshots that go with them. A
  /// topic that is made anew has the same name and the same offsets, but another of these.
  std::int64_t lineage = 0;
  /// Of the columns that fields were read from (detect.map): read from others, times and accounts may be others.
  std::int64_t columns = 0;

  friend bool operator==(const ReplayPoint&, const ReplayPoint&) = default;
};

/// `bank/1 floor=17 reach=7500000000 lineage=5 columns=8 outliers=3,9`; far below the 4,096 bytes that a broker takes.
[[nodiscard]] std::string to_metadata(const ReplayPoint& point);
/// Nullopt for what to_metadata() has not written.
[[nodiscard]] std::optional<ReplayPoint> parse_metadata(std::string_view metadata);

/// Keeps track of the lowest offset needed, as a partition is read. Memory: 16 bytes for each 4,096 records since the
/// floor.
class ReplayFloor {
 public:
  static constexpr std::size_t bucket_records = 4096;
  static constexpr std::size_t outliers_max = 64;

  /// A run of records: where it begins, and the newest event time in it.
  struct Bucket {
    std::int64_t first_offset = 0;
    std::int64_t newest_us = no_time;
  };
  /// A record dated so far ahead of the others that it would keep its bucket alive for that long.
  struct Outlier {
    std::int64_t offset = 0;
    std::int64_t time_us = 0;
    std::uint64_t account_hash = 0;
  };

  explicit ReplayFloor(std::int64_t reach_us) : reach_us_(reach_us) {}

  /// Told of each transaction, offsets ascending. `trusted_us`: see TrustedTime.
  void note(std::int64_t offset, std::uint64_t account_hash, std::int64_t time_us, std::int64_t trusted_us);

  /// What a restart at `position` (one past the last record read) needs, when the newest trusted time is `trusted_us`.
  [[nodiscard]] ReplayPoint at(std::int64_t position, std::int64_t trusted_us);

  [[nodiscard]] const std::deque<Bucket>& buckets() const { return buckets_; }
  [[nodiscard]] const std::vector<Outlier>& outliers() const { return outliers_; }
  /// Goes on from what these two said.
  void restore(std::deque<Bucket> buckets, std::vector<Outlier> outliers);

 private:
  [[nodiscard]] bool is_outlier(std::int64_t time_us, std::int64_t trusted_us) const;
  bool keep_apart(const Outlier& record);
  void settle_early(std::int64_t trusted_us);

  std::int64_t reach_us_;
  std::deque<Bucket> buckets_;
  std::size_t records_in_last_ = 0;
  std::vector<Outlier> outliers_;
  std::vector<Outlier> early_;  // the records of the first bucket, while no time can be trusted yet
};

}  // namespace bank::kafka
