// Records for the tests of this room, and what file mode makes of them.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/spark/packer.h"
#include "adapters/spark/session.h"
#include "adapters/spark/setup.h"
#include "base/clock.h"
#include "base/wire.h"
#include "pipeline/run.h"

namespace bank::spark {

inline constexpr std::int64_t now_us = 1'700'000'000'000'000;

inline constexpr std::string_view test_rules = R"(version: 1
rules:
  - {id: HIGH, severity: HIGH, score: 40, when: amount > 900, reason: "Amount ${amount} at {location}"}
  - {id: OFTEN, severity: LOW, score: 30, when: count(5m) >= 3, reason: "{count(5m)} in 5 minutes, ${sum(amount, 5m)}"}
  - {id: MOVED, severity: CRITICAL, score: 50, when: last.location != location and since_last < 60, reason: "{last.location}"}
)";

inline std::shared_ptr<const Setup> setup(const std::string& options = "processed=yes\n",
                                          std::string_view rules = test_rules) {
  auto made = make_setup(rules, "test.yaml", options);
  EXPECT_TRUE(made.has_value()) << (made ? "" : made.error().message);
  return *made;
}

struct Message {
  std::int64_t offset = 0;
  std::string value;
  std::string key = "k";
  bool has_key = true;
  bool has_value = true;
};

/// A stream with disorder, ties, resends, nulls, odd texts and records that are refused.
inline std::vector<Message> random_stream(std::uint64_t seed, std::size_t count, int accounts = 40) {
  std::mt19937_64 random(seed);
  const auto below = [&random](std::uint64_t end) { return random() % end; };
  std::vector<Message> messages;
  std::int64_t second = 1'767'225'600;  // 2026-01-01
  for (std::size_t i = 0; i < count; ++i) {
    second += static_cast<std::int64_t>(below(12));
    const std::int64_t time = second - (below(10) == 0 ? static_cast<std::int64_t>(below(1800)) : 0);
    std::string timestamp;
    model::append_event_time(timestamp, model::EventTime::from_us(time * 1'000'000));
    switch (below(12)) {
      case 0: timestamp = timestamp.substr(0, 10) + "T" + timestamp.substr(11) + "Z"; break;
      case 1: timestamp += ".25"; break;
      case 2: timestamp = timestamp.substr(0, 10) + "T" + timestamp.substr(11) + "+02:00"; break;
      default: break;
    }
    const std::size_t id = below(20) == 0 && i > 0 ? below(i) : i;
    const std::string location = below(5) == 0 ? "null" : fmt::format(R"("Street {} \"é\"")", below(300));
    const std::string merchant = below(2) == 0 ? "null" : fmt::format(R"("Shop {}")", below(9));
    const std::string amount =
        below(4) == 0 ? fmt::format("{}.{:04}", below(2000), below(10'000)) : fmt::format("{}", below(1000));
    std::string value = fmt::format(
        R"({{"transaction_id": "TXN-{:08}", "account_number": "ACC-{:06}", "transaction_type": "{}", "amount": {}, "timestamp": "{}", "location": {}, "merchant": {}, "status": {}}})",
        id, below(4) == 0 ? 0 : below(static_cast<std::uint64_t>(accounts)), below(2) == 0 ? "PAYMENT" : "T", amount,
        timestamp, location, merchant, below(3) == 0 ? "null" : "\"COMPLETED\"");
    if (below(25) == 0) value.resize(below(value.size()));
    if (below(60) == 0) value += "\xff";
    messages.push_back({.offset = static_cast<std::int64_t>(i), .value = std::move(value)});
  }
  return messages;
}

inline std::string raw_message(std::int32_t partition, std::span<const Message> messages) {
  std::string out = "BKR1";
  wire::append(out, std::uint16_t{1});
  wire::append(out, std::uint16_t{0});
  wire::append(out, std::uint32_t{0});
  wire::append(out, partition);
  wire::append(out, static_cast<std::uint32_t>(messages.size()));
  wire::append(out, std::uint32_t{0});
  for (const Message& message : messages) {
    wire::append(out, message.offset);
    wire::append(out, message.has_key ? static_cast<std::int32_t>(message.key.size()) : -1);
    wire::append(out, message.has_value ? static_cast<std::int32_t>(message.value.size()) : -1);
    if (message.has_key) out += message.key;
    if (message.has_value) out += message.value;
  }
  wire::put(out, 8, static_cast<std::uint32_t>(out.size()));
  return out;
}

/// A chunk and where it goes.
struct Routed {
  std::uint32_t shard = 0;
  std::string chunk;
  friend bool operator==(const Routed&, const Routed&) = default;
};

inline std::vector<Routed> drain(Packer& packer, bool all = true) {
  std::vector<Routed> chunks;
  std::vector<char> out(64);
  for (;;) {
    const std::int64_t size = packer.drain(out, all);
    if (size == 0) return chunks;
    if (size < 0) {
      out.resize(static_cast<std::size_t>(-size));
      continue;
    }
    wire::Reader reader(std::string_view(out.data(), static_cast<std::size_t>(size)));
    EXPECT_EQ(reader.bytes(4), "BKD1");
    EXPECT_EQ(reader.number<std::uint32_t>(), 1U);
    EXPECT_EQ(reader.number<std::uint32_t>(), size);
    for (auto count = reader.number<std::uint32_t>(); count > 0; --count) {
      const auto shard = reader.number<std::uint32_t>();
      chunks.push_back({shard, std::string(reader.bytes(reader.number<std::uint32_t>()))});
    }
    EXPECT_TRUE(reader.done());
  }
}

/// An output of a BKO1 message.
struct Output {
  std::uint8_t kind = 0;
  std::uint8_t reason = 0;
  std::int32_t partition = 0;
  std::int64_t number = 0;
  std::int64_t time_us = 0;
  bool has_key = false;
  bool has_value = false;
  std::string key;
  std::string value;
  std::string exception;
  std::string message;
};

struct ReadOutcome {
  std::uint64_t judged = 0;
  std::uint64_t resends = 0;
  std::uint64_t late = 0;
  std::uint64_t rejected = 0;
  std::uint64_t alerts = 0;
  std::vector<std::uint64_t> decisions;
  std::int64_t newest_us = 0;
  std::vector<std::uint64_t> by_rule;
  std::vector<std::uint64_t> by_reason;
  std::vector<Output> outputs;
};

inline ReadOutcome read_outcome(std::string_view bytes) {
  wire::Reader reader(bytes);
  ReadOutcome out;
  EXPECT_EQ(reader.bytes(4), "BKO1");
  EXPECT_EQ(reader.number<std::uint32_t>(), 1U);
  EXPECT_EQ(reader.number<std::uint32_t>(), bytes.size());
  const auto count = reader.number<std::uint32_t>();
  for (std::uint64_t* number : {&out.judged, &out.resends, &out.late, &out.rejected, &out.alerts}) {
    *number = reader.number<std::uint64_t>();
  }
  for (int i = 0; i < 3; ++i) out.decisions.push_back(reader.number<std::uint64_t>());
  out.newest_us = reader.number<std::int64_t>();
  out.by_rule.resize(reader.number<std::uint32_t>());
  out.by_reason.resize(reader.number<std::uint32_t>());
  for (auto& number : out.by_rule) number = reader.number<std::uint64_t>();
  for (auto& number : out.by_reason) number = reader.number<std::uint64_t>();
  for (std::uint32_t i = 0; i < count; ++i) {
    Output& output = out.outputs.emplace_back();
    output.kind = reader.number<std::uint8_t>();
    output.reason = reader.number<std::uint8_t>();
    EXPECT_EQ(reader.number<std::uint16_t>(), 0);
    output.partition = reader.number<std::int32_t>();
    output.number = reader.number<std::int64_t>();
    output.time_us = reader.number<std::int64_t>();
    const auto key = reader.number<std::int32_t>();
    const auto value = reader.number<std::int32_t>();
    const auto exception = reader.number<std::uint16_t>();
    const auto message = reader.number<std::uint16_t>();
    output.has_key = key >= 0;
    output.has_value = value >= 0;
    output.key = reader.bytes(static_cast<std::uint64_t>(std::max(key, 0)));
    output.value = reader.bytes(static_cast<std::uint64_t>(std::max(value, 0)));
    output.exception = reader.bytes(exception);
    output.message = reader.bytes(message);
  }
  EXPECT_TRUE(reader.done());
  return out;
}

inline std::string text_of(std::span<const char> bytes, std::int64_t size) {
  return {bytes.data(), static_cast<std::size_t>(size)};
}

/// What the call writes, however little room there was at first.
template <typename Call>
std::string judged_bytes(ShardSession& session, Call&& call, std::size_t room = 0) {
  std::vector<char> out(room);
  Try<std::int64_t> size = call(std::span<char>(out));
  EXPECT_TRUE(size.has_value()) << (size ? "" : size.error().message);
  if (size && *size < 0) {
    out.resize(static_cast<std::size_t>(-*size));
    size = session.take(out);
    EXPECT_TRUE(size.has_value());
  }
  return size ? text_of(out, *size) : "";
}

inline ReadOutcome judge(ShardSession& session, std::string_view chunk) {
  return read_outcome(judged_bytes(session, [&](std::span<char> out) { return session.judge(chunk, out, now_us); }));
}

/// Outputs in the order in which file mode writes them.
struct Texts {
  std::string alerts;
  std::string processed;
  std::string rejected;
};

inline Texts sorted_texts(std::vector<Output> outputs, bool by_time = false) {
  std::ranges::stable_sort(outputs, {}, [by_time](const Output& output) {
    return std::tuple(by_time ? output.time_us : 0, output.partition, output.number);
  });
  Texts texts;
  for (const Output& output : outputs) {
    std::string& text = output.kind == 0 ? texts.alerts : output.kind == 1 ? texts.processed : texts.rejected;
    text += output.value;
    text += '\n';
  }
  return texts;
}

/// A partition, or several after another, as a source of file mode.
class MessageSource final : public pipeline::Source {
 public:
  explicit MessageSource(const std::map<std::int32_t, std::vector<Message>>& partitions) {
    for (const auto& [partition, messages] : partitions) {
      streams_.push_back({.origin = fmt::format("topic/{}/", partition)});
      left_.push_back(&messages);
    }
  }
  Result<std::unique_ptr<pipeline::RawBatch>> next() override {
    if (next_ == left_.size()) return nullptr;
    auto batch = std::make_unique<Batch>(*left_[next_], streams_[next_]);
    ++next_;
    return batch;
  }

 private:
  class Batch final : public pipeline::RawBatch {
   public:
    Batch(const std::vector<Message>& messages, const pipeline::Stream& stream) : stream_(stream) {
      for (const Message& message : messages) {
        values_.push_back(message.value + std::string(pipeline::padding, ' '));
        numbers_.push_back(message.offset);
      }
    }
    void split(std::vector<pipeline::RawRecord>& out) const override {
      for (std::size_t i = 0; i < values_.size(); ++i) {
        const std::size_t size = values_[i].size() - pipeline::padding;
        out.push_back(
            {.bytes = std::string_view(values_[i]).substr(0, size), .number = numbers_[i], .stream = &stream_});
      }
    }
    std::size_t bytes() const override { return 1; }

   private:
    const pipeline::Stream& stream_;
    std::vector<std::string> values_;
    std::vector<std::int64_t> numbers_;
  };

  std::vector<pipeline::Stream> streams_;
  std::vector<const std::vector<Message>*> left_;
  std::size_t next_ = 0;
};

class TextSink final : public pipeline::Sink {
 public:
  Result<void> write(const pipeline::Outputs& outputs) override {
    texts.alerts += outputs.alerts;
    texts.processed += outputs.processed;
    texts.rejected += outputs.rejected;
    return {};
  }
  Result<void> commit() override { return {}; }
  Texts texts;
};

struct FileMode {
  Texts texts;
  pipeline::Summary summary;
};

/// What file mode says of the partitions, each read as a file, one after another.
inline FileMode file_mode(const std::map<std::int32_t, std::vector<Message>>& partitions, const Setup& of) {
  MessageSource source(partitions);
  TextSink sink;
  const ManualClock clock(now_us);
  const pipeline::Options options{.processed = true, .names = of.names, .engine = of.engine};
  pipeline::Outcome outcome = pipeline::run(source, sink, of.plan, options, clock);
  return {std::move(sink.texts), std::move(outcome.summary)};
}

}  // namespace bank::spark
