// What readers of a topic share: messages with an owner, records gathered into a batch, the partitions there are.
// Private to this room.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/kafka/client.h"
#include "pipeline/ports.h"

namespace bank::kafka {

inline constexpr int call_timeout_ms = 10'000;
inline constexpr std::size_t batch_bytes = 256 << 10;

struct DestroyMessage {
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
};
using Message = std::unique_ptr<rd_kafka_message_t, DestroyMessage>;

class TopicBatch final : public pipeline::RawBatch {
 public:
  void add(std::int64_t offset, std::string_view value, const pipeline::Stream& stream) {
    places_.push_back({text_.size(), value.size(), offset, &stream});
    text_ += value;
  }
  void finish() { text_.append(pipeline::padding, '\0'); }

  void split(std::vector<pipeline::RawRecord>& out) const override {
    for (const Place& place : places_) {
      out.push_back({.bytes = std::string_view(text_).substr(place.begin, place.size),
                     .number = place.offset,
                     .stream = place.stream});
    }
  }
  [[nodiscard]] std::size_t bytes() const override {
    return text_.size() < pipeline::padding ? 0 : text_.size() - pipeline::padding;
  }
  [[nodiscard]] bool full() const { return text_.size() >= batch_bytes; }

 private:
  struct Place {
    std::size_t begin;
    std::size_t size;
    std::int64_t offset;
    const pipeline::Stream* stream;
  };
  std::string text_;
  std::vector<Place> places_;
};

/// By number. Errors: no broker answers, no such topic.
[[nodiscard]] Result<std::vector<std::int32_t>> partitions_of(const Client& client, const std::string& topic,
                                                              int timeout_ms = call_timeout_ms);

}  // namespace bank::kafka
