// The border to the JVM, see jni.cpp: the calls of Native.java from the chunks on.
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "adapters/spark/jni_call.h"
#include "adapters/spark/report.h"

namespace {

using bank::spark::bad_border;
using bank::spark::HandleKind;
using bank::spark::ShardSession;
using bank::spark::Try;
using namespace bank::spark::jni;

}  // namespace

// Reduce side ---------------------------------------------------------------------------------------------------------

BANK_JNI(jlong, openShard)(JNIEnv* env, jclass, jlong rules) {
  return guarded(env, [&]() -> Try<std::int64_t> {
    const auto setup = setup_of(rules);
    if (!setup) return std::unexpected(setup.error());
    return opened(HandleKind::shard, std::make_shared<ShardSession>(*setup));
  });
}

namespace {

/// A call that takes bytes and gives nothing.
void take_bytes(JNIEnv* env, jlong shard, jbyteArray array, Try<> (ShardSession::*call)(std::string_view)) {
  guarded(env, [&] {
    return with_shard(shard, [&](ShardSession& of) -> Try<> {
      const Try<std::string> bytes = byte_array(env, array);
      if (!bytes) return std::unexpected(bytes.error());
      return (of.*call)(*bytes);
    });
  });
}

/// A call that writes.
template <typename Call>
jint write_to(JNIEnv* env, jlong shard, jobject out, Call&& call) {
  return static_cast<jint>(guarded(env, [&] {
    return with_shard(shard, [&](ShardSession& of) -> Try<std::int64_t> {
      const Try<std::span<char>> to = buffer_to_write(env, out);
      if (!to) return std::unexpected(to.error());
      return call(of, *to);
    });
  }));
}

}  // namespace

BANK_JNI(void, restore)(JNIEnv* env, jclass, jlong shard, jbyteArray piece) {
  take_bytes(env, shard, piece, &ShardSession::restore);
}
BANK_JNI(void, replay)(JNIEnv* env, jclass, jlong shard, jbyteArray chunk) {
  take_bytes(env, shard, chunk, &ShardSession::replay);
}
BANK_JNI(void, collect)(JNIEnv* env, jclass, jlong shard, jbyteArray chunk) {
  take_bytes(env, shard, chunk, &ShardSession::collect);
}

BANK_JNI(jint, judge)(JNIEnv* env, jclass, jlong shard, jbyteArray chunk, jobject out, jlong now_us) {
  return write_to(env, shard, out, [&](ShardSession& of, std::span<char> to) -> Try<std::int64_t> {
    const Try<std::string> bytes = byte_array(env, chunk);
    if (!bytes) return std::unexpected(bytes.error());
    return of.judge(*bytes, to, now_us);
  });
}
BANK_JNI(jint, take)(JNIEnv* env, jclass, jlong shard, jobject out) {
  return write_to(env, shard, out, [](ShardSession& of, std::span<char> to) { return of.take(to); });
}
BANK_JNI(jint, judgeCollected)(JNIEnv* env, jclass, jlong shard, jobject out, jlong now_us) {
  return write_to(env, shard, out,
                  [&](ShardSession& of, std::span<char> to) { return of.judge_collected(to, now_us); });
}
BANK_JNI(jint, snapshot)(JNIEnv* env, jclass, jlong shard, jobject out, jboolean begin) {
  return write_to(env, shard, out,
                  [&](ShardSession& of, std::span<char> to) { return of.snapshot(to, begin != JNI_FALSE); });
}

BANK_JNI(jstring, shardStatistics)(JNIEnv* env, jclass, jlong shard) {
  return guarded(env, [&] {
    return with_shard(shard, [](ShardSession& of) -> Try<std::string> { return of.shard().statistics(); });
  });
}

BANK_JNI(void, closeShard)(JNIEnv* env, jclass, jlong shard) {
  guarded(env, [&] { return handles().close(HandleKind::shard, shard); });
}

// The report ----------------------------------------------------------------------------------------------------------

BANK_JNI(jbyteArray, analytics)(JNIEnv* env, jclass, jlong shard) {
  return guarded(env, [&] {
    return with_shard(shard, [](ShardSession& of) -> Try<Bytes> {
      Try<std::string> saved = bank::spark::save_analytics(of.shard());
      if (!saved) return std::unexpected(saved.error());
      return Bytes{std::move(*saved)};
    });
  });
}

BANK_JNI(jbyteArray, mergeAnalytics)(JNIEnv* env, jclass, jbyteArray a, jbyteArray b) {
  return guarded(env, [&]() -> Try<Bytes> {
    const Try<std::string> first = byte_array(env, a);
    if (!first) return std::unexpected(first.error());
    const Try<std::string> second = byte_array(env, b);
    if (!second) return std::unexpected(second.error());
    Try<std::string> merged = bank::spark::merge_analytics(*first, *second);
    if (!merged) return std::unexpected(merged.error());
    return Bytes{std::move(*merged)};
  });
}

BANK_JNI(jstring, report)(JNIEnv* env, jclass, jbyteArray analytics, jstring options) {
  return guarded(env, [&]() -> Try<std::string> {
    const Try<std::string> saved = byte_array(env, analytics);
    if (!saved) return std::unexpected(saved.error());
    const Try<std::string> option_lines = text(env, options);
    if (!option_lines) return std::unexpected(option_lines.error());
    return bank::spark::report(*saved, *option_lines);
  });
}
