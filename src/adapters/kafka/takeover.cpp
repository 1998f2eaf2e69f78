#include "adapters/kafka/takeover.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "adapters/kafka/recovery.h"
#include "base/hash.h"

namespace bank::kafka {
namespace {

constexpr int call_timeout_ms = 10'000;
/// Brokers restart, and partitions change their leaders: how long one is asked again.
constexpr std::int64_t ask_ns = 60'000'000'000;
constexpr auto ask_pause = std::chrono::milliseconds(250);

}  // namespace

Takeover::Takeover(const DetectorOptions& options, const std::shared_ptr<const engine::Plan>& plan,
                   const JudgingOptions& judging, const Client& consumer, const Snapshots& snapshots,
                   const Clock& clock, const Notice& notice)
    : options_(options),
      plan_(plan),
      judging_(judging),
      consumer_(consumer),
      snapshots_(snapshots),
      clock_(clock),
      notice_(notice),
      reach_us_(pipeline::reach_us_of(*plan, options.engine)) {}

// Until there is an answer, or there will be none.
template <typename Call>
rd_kafka_resp_err_t Takeover::ask(Call call) {
  const std::int64_t deadline_ns = clock_.monotonic_ns() + ask_ns;
  for (;;) {
    const rd_kafka_resp_err_t code = call();
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
        code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED) {
      return code;
    }
    if (options_.stop->load(std::memory_order_relaxed) || clock_.monotonic_ns() >= deadline_ns) return code;
    std::this_thread::sleep_for(ask_pause);
  }
}

Result<PartitionList> Takeover::committed(const rd_kafka_topic_partition_list_t& partitions) {
  PartitionList list(rd_kafka_topic_partition_list_copy(&partitions));
  if (list->cnt == 0) return list;
  // While a transaction of the one before is open the offsets are not settled, and the cluster says so until it is.
  const rd_kafka_resp_err_t code = ask([&] {
    rd_kafka_resp_err_t answer = rd_kafka_committed(consumer_.get(), list.get(), call_timeout_ms);
    for (int i = 0; i < list->cnt && answer == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) answer = list->elems[i].err;
    return answer;
  });
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return list;
  return std::unexpected(consumer_.error("cannot look up the group's offsets", code));
}

Result<Takeover::Watermarks> Takeover::watermarks(std::int32_t partition) {
  Watermarks there;
  const rd_kafka_resp_err_t code = ask([&] {
    return rd_kafka_query_watermark_offsets(consumer_.get(), options_.transactions_topic.c_str(), partition, &there.low,
                                            &there.high, call_timeout_ms);
  });
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return there;
  return std::unexpected(consumer_.error(
      fmt::format("cannot look up where partition {} of {} ends", partition, options_.transactions_topic), code));
}

Result<std::unique_ptr<Assigned>> Takeover::prepare(const rd_kafka_topic_partition_t& committed, Parked& parked) {
  const Result<Watermarks> there = watermarks(committed.partition);
  if (!there) return std::unexpected(there.error());
  if (committed.offset > there->high) {
    return fail(
        fmt::format("partition {} of {} ends at {}, before group {}'s offset {}: was the topic made anew? Use "
                    "another group (--group), or reset this one's offsets",
                    committed.partition, options_.transactions_topic, there->high, options_.group, committed.offset));
  }
  auto assigned = std::make_unique<Assigned>();
  const auto own = parked.find(committed.partition);
  if (own != parked.end() && committed.offset >= 0 && own->second->position() == committed.offset) {
    assigned->partition = std::move(own->second);
    parked.erase(own);
    assigned->floor = assigned->live_from = committed.offset;
  } else {
    assigned->partition = std::make_unique<Partition>(committed.partition, plan_, judging_);
    start_at(*assigned, committed, *there);
  }
  assigned->next_offset = assigned->first_offset();
  if (options_.until_end) {
    assigned->end_wanted = there->high;
    assigned->done = assigned->live_from >= there->high;
  }
  return assigned;
}

// A number that no other detector, and no earlier run of this one, comes to.
std::int64_t Takeover::new_lineage(std::int32_t partition) {
  return static_cast<std::int64_t>(hash64(fmt::format("{} {} {}", options_.identity, partition, ++lineages_)) >> 1);
}

// Where a partition's reading begins, and where its judging.
void Takeover::start_at(Assigned& assigned, const rd_kafka_topic_partition_t& committed, const Watermarks& there) {
  const std::string_view topic = options_.transactions_topic;
  assigned.partition->set_lineage(new_lineage(committed.partition));
  if (committed.offset < 0) {
    assigned.floor = assigned.live_from = options_.from_beginning ? there.low : there.high;
    return;
  }
  assigned.live_from = committed.offset;
  if (assigned.live_from < there.low) {
    notice_(
        fmt::format("Partition {} of {}: {} records that were not yet judged are no longer in the log (its "
                    "retention is too short); going on with what is there.",
                    committed.partition, topic, there.low - assigned.live_from));
    assigned.live_from = there.low;
  }
  const std::optional<ReplayPoint> point =
      parse_metadata({static_cast<const char*>(committed.metadata), committed.metadata_size});
  if (point) assigned.partition->set_lineage(point->lineage);
  const bool fits = point && point->reach_us >= reach_us_ && point->columns == assigned.partition->columns();
  if (fits && point->floor <= committed.offset) {
    assigned.floor = std::clamp(point->floor, there.low, assigned.live_from);
    for (const std::int64_t outlier : point->outliers) {
      if (outlier >= there.low && outlier < assigned.floor) assigned.outliers.push_back(outlier);
    }
  } else {
    // Committed by somebody else, or under rules with shorter windows, or with other columns read: what is needed now
    // is not known.
    assigned.floor = there.low;
  }
  use_snapshot(assigned);
}

// Where there is one that spares most of the replay.
void Takeover::use_snapshot(Assigned& assigned) {
  const std::int32_t number = assigned.partition->number();
  const std::string snapshot = snapshots_.load(number);
  const std::int64_t offset = snapshot_offset(snapshot, *assigned.partition);
  if (offset <= assigned.floor || offset > assigned.live_from) return;
  auto restored = std::make_unique<Partition>(number, plan_, judging_);
  if (Result<void> done = restore_partition(snapshot, *restored); !done) return;  // it only costs time
  assigned.partition = std::move(restored);
  assigned.floor = offset;
  assigned.outliers.clear();
}

}  // namespace bank::kafka
