#include "adapters/spark/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace bank::spark {
namespace {

constexpr std::size_t piece_bytes = 1 << 20;
constexpr std::size_t smallest_piece_bytes = 4096;

Try<std::int64_t> deliver(std::string_view message, std::span<char> out) {
  if (message.size() > INT32_MAX) {
    return fault(Fault::Kind::machine,
                 fmt::format("the outcome of one chunk takes {} bytes, more than a buffer can hold", message.size()));
  }
  if (message.size() > out.size()) return -static_cast<std::int64_t>(message.size());
  std::memcpy(out.data(), message.data(), message.size());
  return static_cast<std::int64_t>(message.size());
}

}  // namespace

// Before the state is looked at or changed.
Try<> ShardSession::ready() {
  if (reader_.halfway()) return bad_state("pieces of the snapshot are missing");
  if (waiting_) return bad_border("an outcome is waiting; take() it first");
  return {};
}

Try<> ShardSession::restore(std::string_view piece) { return reader_.take(piece, shard_); }

Try<> ShardSession::replay(std::string_view chunk) {
  if (const Try<> is_ready = ready(); !is_ready) return is_ready;
  writer_.reset();
  return shard_.replay(chunk);
}

Try<std::int64_t> ShardSession::judge(std::string_view chunk, std::span<char> out, std::int64_t now_us) {
  if (const Try<> is_ready = ready(); !is_ready) return std::unexpected(is_ready.error());
  writer_.reset();
  if (const Try<> judged = shard_.judge(chunk, now_us); !judged) return std::unexpected(judged.error());
  waiting_ = true;
  return take(out);
}

Try<std::int64_t> ShardSession::take(std::span<char> out) {
  if (!waiting_) return bad_border("no outcome is waiting to be taken");
  const Try<std::int64_t> taken = deliver(shard_.outcome().finish(), out);
  waiting_ = taken && *taken < 0;
  return taken;
}

Try<> ShardSession::collect(std::string_view chunk) {
  if (const Try<> is_ready = ready(); !is_ready) return is_ready;
  if (judging_collected_) return bad_border("what was collected is being judged; nothing can be added to it");
  if (!collected_) collected_ = std::make_unique<Collected>();
  return collected_->add(chunk);
}

Try<std::int64_t> ShardSession::judge_collected(std::span<char> out, std::int64_t now_us) {
  if (const Try<> is_ready = ready(); !is_ready) return std::unexpected(is_ready.error());
  if (shard_.setup().histories != Histories::shared) {
    return bad_border("only shared histories can be judged in the order of event times");
  }
  writer_.reset();
  judging_collected_ = true;
  if (!collected_ || !collected_->judge(shard_, now_us)) {
    collected_.reset();
    judging_collected_ = false;
    return 0;
  }
  waiting_ = true;
  return take(out);
}

Try<std::int64_t> ShardSession::snapshot(std::span<char> out, bool begin) {
  if (const Try<> is_ready = ready(); !is_ready) return std::unexpected(is_ready.error());
  if (begin) writer_.emplace(shard_);
  if (!writer_) return bad_border("no snapshot was begun, or something was judged since");
  const std::string_view piece = writer_->piece(std::clamp(out.size(), smallest_piece_bytes, piece_bytes));
  if (piece.empty()) {
    writer_.reset();
    return 0;
  }
  const Try<std::int64_t> taken = deliver(piece, out);
  if (taken && *taken > 0) writer_->take();
  return taken;
}

}  // namespace bank::spark
