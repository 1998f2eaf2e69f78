// What a run of records of one partition came to: messages that are to become visible together with the position after
// them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "adapters/kafka/recovery.h"
#include "model/rejection.h"
#include "pipeline/lane.h"

namespace bank::kafka {

enum class Output : std::uint8_t { alerts, processed, dead_letters };
inline constexpr std::size_t output_count = 3;

/// A message to be; its bytes stand in the chunk.
struct OutMessage {
  Output output = Output::alerts;
  bool has_key = true;
  bool has_value = true;
  std::uint32_t key_begin = 0;  ///< In Chunk::keys.
  std::uint32_t key_bytes = 0;
  std::uint32_t value_begin = 0;  ///< In the text of its output.
  std::uint32_t value_bytes = 0;
  // Of dead letters:
  model::Rejection rejection{};
  std::int64_t offset = 0;
};

struct Chunk {
  std::int32_t partition = 0;
  std::int64_t next_offset = 0;  ///< Where the partition stands when this is committed.
  ReplayPoint replay_point;
  std::int64_t taken_ns = 0;  ///< Monotonic: when its first record was taken from the client.
  std::uint64_t records = 0;

  std::vector<OutMessage> messages;
  std::string keys;
  pipeline::Judged judged;  ///< The texts of alerts and processed transactions.
  std::string dead_letters;

  [[nodiscard]] const std::string& text(Output output) const {
    if (output == Output::alerts) return judged.alerts;
    return output == Output::processed ? judged.processed : dead_letters;
  }
  [[nodiscard]] std::size_t bytes() const {
    return keys.size() + judged.alerts.size() + judged.processed.size() + dead_letters.size() +
           messages.size() * sizeof(OutMessage);
  }
  void clear() {
    messages.clear();
    keys.clear();
    judged.clear();
    dead_letters.clear();
    records = 0;
  }
};

}  // namespace bank::kafka
