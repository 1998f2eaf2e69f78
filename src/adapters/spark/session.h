// A shard as Java uses it: its calls in their order, and results that wait where they don't fit.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "adapters/spark/collected.h"
#include "adapters/spark/fault.h"
#include "adapters/spark/setup.h"
#include "adapters/spark/shard.h"
#include "adapters/spark/snapshot.h"

namespace bank::spark {

/// Each call is one of Native.java, which says what it does. Those that write return how many bytes they wrote; or, as
/// a negative number, how many they need.
class ShardSession {
 public:
  explicit ShardSession(std::shared_ptr<const Setup> setup) : shard_(std::move(setup)) {}

  [[nodiscard]] Try<> restore(std::string_view piece);
  [[nodiscard]] Try<> replay(std::string_view chunk);
  [[nodiscard]] Try<std::int64_t> judge(std::string_view chunk, std::span<char> out, std::int64_t now_us);
  [[nodiscard]] Try<std::int64_t> take(std::span<char> out);
  [[nodiscard]] Try<> collect(std::string_view chunk);
  [[nodiscard]] Try<std::int64_t> judge_collected(std::span<char> out, std::int64_t now_us);
  [[nodiscard]] Try<std::int64_t> snapshot(std::span<char> out, bool begin);

  [[nodiscard]] Shard& shard() { return shard_; }

 private:
  [[nodiscard]] Try<> ready();

  Shard shard_;
  SnapshotReader reader_;
  std::optional<SnapshotWriter> writer_;
  std::unique_ptr<Collected> collected_;
  bool judging_collected_ = false;
  bool waiting_ = false;  // there is an outcome to take
};

}  // namespace bank::spark
