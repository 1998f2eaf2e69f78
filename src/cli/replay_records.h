// The work of `bank replay`: records from a source to a topic.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>

#include "adapters/file/file_source.h"
#include "base/result.h"
#include "cli/context.h"
#include "cli/kafka_sending.h"
#include "codec/decode.h"
#include "model/event_time.h"
#include "model/rejection.h"
#include "pipeline/ports.h"

namespace bank::cli {

/// Of `speed` and `rate` one at most; neither: as fast as it goes.
struct ReplayOptions {
  std::optional<double> speed;  ///< Times the pace of the event times.
  std::optional<double> rate;   ///< Records a second.
  std::uint64_t records_max = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t skip = 0;  ///< Records to pass over first.
  bool skip_invalid = false;
};

struct Replayed {
  std::uint64_t read = 0;         ///< Records, with those passed over.
  std::uint64_t passed_over = 0;  ///< By ReplayOptions::skip.
  std::uint64_t bytes = 0;        ///< Of the others.
  std::map<model::Reason, std::uint64_t> invalid{};
  bool invalid_skipped = false;           ///< ReplayOptions::skip_invalid
  std::uint64_t too_long = 0;             ///< Longer than any valid record, and so not sent.
  std::optional<model::EventTime> first;  ///< Earliest event time that was sent …
  std::optional<model::EventTime> last;   ///< … and latest.
  bool rest = false;                      ///< There may be more behind what was read.
  double seconds = 0;                     ///< Until the last one was acknowledged.
  std::optional<Error> error;             ///< Not everything was read, sent, or delivered.
};

/// Sends what `source` has; with progress on the terminal. JSON is sent as the bytes that it came in, unless `names`
/// gives its fields other names; CSV as the JSON object that it stands for.
[[nodiscard]] Replayed replay_records(pipeline::Source& source, const codec::FieldNames& names,
                                      const ReplayOptions& options, KafkaSending& sending,
                                      const file::ReadProgress& progress, Context& context);

}  // namespace bank::cli
