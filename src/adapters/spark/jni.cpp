// The border to the JVM: the calls of Native.java, and nothing else. No exception of C++ crosses it, and no handle,
// buffer or byte array that is wrong in any way does more than raise one of Java's.
#include <fmt/format.h>
#include <jni.h>

#include <array>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "adapters/spark/fault.h"
#include "adapters/spark/file_feed.h"
#include "adapters/spark/handles.h"
#include "adapters/spark/java_text.h"
#include "adapters/spark/packer.h"
#include "adapters/spark/report.h"
#include "adapters/spark/session.h"
#include "adapters/spark/setup.h"
#include "adapters/spark/version_info.h"
#include "pipeline/newlines.h"

#define BANK_JNI(type, name) extern "C" JNIEXPORT type JNICALL Java_bank_spark_Native_##name

namespace {

using bank::spark::bad_border;
using bank::spark::Fault;
using bank::spark::HandleKind;
using bank::spark::Handles;
using bank::spark::Setup;
using bank::spark::ShardSession;
using bank::spark::Try;

/// A packer, and the file that it is given.
struct Packer {
  Packer(std::shared_ptr<const Setup> setup, std::uint32_t shards, std::string_view origin)
      : records(std::move(setup), shards, origin) {}
  bank::spark::Packer records;
  std::unique_ptr<bank::spark::FileFeed> file;
};

// Made by JNI_OnLoad, kept until the process ends.
struct Java {
  std::array<jclass, 4> exceptions{};       // by Fault::Kind
  std::array<jmethodID, 4> constructors{};  // theirs, of a message
  jmethodID is_read_only = nullptr;         // of java.nio.Buffer
};
Java java;

Handles& handles() {
  static auto* const all = new Handles;  // never destroyed: threads of the JVM may outlive static objects
  return *all;
}

// What a call gives back to Java.
jlong to_java(JNIEnv*, std::int64_t value) { return value; }
jboolean to_java(JNIEnv*, bool value) { return value ? JNI_TRUE : JNI_FALSE; }
jstring to_java(JNIEnv* env, const std::string& text) {
  const std::u16string units = bank::spark::to_utf16(text);
  return env->NewString(reinterpret_cast<const jchar*>(units.data()), static_cast<jsize>(units.size()));
}

struct Bytes {
  std::string bytes;
};
jbyteArray to_java(JNIEnv* env, const Bytes& value) {
  const auto size = static_cast<jsize>(value.bytes.size());
  const jbyteArray array = env->NewByteArray(size);
  if (array != nullptr) env->SetByteArrayRegion(array, 0, size, reinterpret_cast<const jbyte*>(value.bytes.data()));
  return array;
}

void raise(JNIEnv* env, const Fault& fault) {
  if (env->ExceptionCheck() == JNI_TRUE) return;  // Java's own, of a call that we made
  const auto kind = static_cast<std::size_t>(fault.kind);
  const jstring message = to_java(env, fault.message);
  if (message == nullptr) return;  // out of memory, which Java has raised
  jobject const exception = env->NewObject(java.exceptions[kind], java.constructors[kind], message);
  if (exception != nullptr) env->Throw(static_cast<jthrowable>(exception));
}

/// Runs a call's body, and turns its faults and exceptions into Java's.
template <typename Body>
auto guarded(JNIEnv* env, Body&& body) {
  using Value = typename std::invoke_result_t<Body>::value_type;
  try {
    auto result = body();
    if (!result) {
      raise(env, result.error());
    } else if constexpr (std::is_void_v<Value>) {
      return;
    } else {
      return to_java(env, *result);
    }
  } catch (const std::bad_alloc&) {
    raise(env, {Fault::Kind::machine, "the machine has no memory left for the native half"});
  } catch (const std::exception& e) {
    raise(env, {Fault::Kind::machine, fmt::format("the native half failed: {}", e.what())});
  } catch (...) {
    raise(env, {Fault::Kind::machine, "the native half failed"});
  }
  if constexpr (!std::is_void_v<Value>) return decltype(to_java(env, std::declval<const Value&>())){};
}

/// Lends the object to `body`; what an error may have left halfway is not used again.
template <typename T, typename Body>
auto with(HandleKind kind, jlong handle, Body&& body) -> std::invoke_result_t<Body, T&> {
  auto lease = handles().lease<T>(kind, handle);
  if (!lease) return std::unexpected(lease.error());
  try {
    auto result = body(**lease);
    if (!result && result.error().kind == Fault::Kind::state) lease->spoil();
    return result;
  } catch (...) {
    lease->spoil();
    throw;
  }
}

template <typename Body>
auto with_shard(jlong handle, Body&& body) {
  return with<ShardSession>(HandleKind::shard, handle, std::forward<Body>(body));
}
template <typename Body>
auto with_packer(jlong handle, Body&& body) {
  return with<Packer>(HandleKind::packer, handle, std::forward<Body>(body));
}

Try<std::span<char>> buffer(JNIEnv* env, jobject object) {
  void* const address = object == nullptr ? nullptr : env->GetDirectBufferAddress(object);
  const jlong capacity = address == nullptr ? -1 : env->GetDirectBufferCapacity(object);
  if (capacity < 0) return bad_border("the buffer is not a direct one; use ByteBuffer.allocateDirect()");
  return std::span(static_cast<char*>(address), static_cast<std::size_t>(capacity));
}
Try<std::span<char>> buffer_to_write(JNIEnv* env, jobject object) {
  Try<std::span<char>> bytes = buffer(env, object);
  if (bytes && env->CallBooleanMethod(object, java.is_read_only) != JNI_FALSE) {
    return bad_border("the buffer to write to is read-only");
  }
  return bytes;
}
Try<std::string_view> buffer_to_read(JNIEnv* env, jobject object, jint size) {
  const Try<std::span<char>> bytes = buffer(env, object);
  if (!bytes) return std::unexpected(bytes.error());
  if (size < 0 || static_cast<std::size_t>(size) > bytes->size()) {
    return bad_border(fmt::format("{} bytes are to be read of a buffer of {}", size, bytes->size()));
  }
  return std::string_view(bytes->data(), static_cast<std::size_t>(size));
}

Try<std::string> byte_array(JNIEnv* env, jbyteArray array) {
  if (array == nullptr) return bad_border("a byte array is null");
  std::string bytes(static_cast<std::size_t>(env->GetArrayLength(array)), '\0');
  env->GetByteArrayRegion(array, 0, static_cast<jsize>(bytes.size()), reinterpret_cast<jbyte*>(bytes.data()));
  return bytes;
}

Try<std::string> text(JNIEnv* env, jstring string) {
  if (string == nullptr) return bad_border("a string is null");
  std::u16string units(static_cast<std::size_t>(env->GetStringLength(string)), u'\0');
  env->GetStringRegion(string, 0, static_cast<jsize>(units.size()), reinterpret_cast<jchar*>(units.data()));
  return bank::spark::to_utf8(units);
}

template <typename T>
Try<std::int64_t> opened(HandleKind kind, std::shared_ptr<T> object) {
  return handles().add(kind, std::move(object));
}

jclass global_class(JNIEnv* env, const char* name) {
  const jclass local = env->FindClass(name);
  return local == nullptr ? nullptr : static_cast<jclass>(env->NewGlobalRef(local));
}

}  // namespace

extern "C" JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM* vm, void* /*reserved*/) {
  void* found = nullptr;
  if (vm->GetEnv(&found, JNI_VERSION_10) != JNI_OK) return JNI_ERR;
  auto* const env = static_cast<JNIEnv*>(found);
  constexpr std::array names = {"bank/spark/RulesException", "bank/spark/StateException", "bank/spark/BorderException",
                                "bank/spark/NativeException"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    java.exceptions[i] = global_class(env, names[i]);
    if (java.exceptions[i] == nullptr) return JNI_ERR;
    java.constructors[i] = env->GetMethodID(java.exceptions[i], "<init>", "(Ljava/lang/String;)V");
    if (java.constructors[i] == nullptr) return JNI_ERR;
  }
  const jclass buffer_class = env->FindClass("java/nio/Buffer");
  if (buffer_class != nullptr) java.is_read_only = env->GetMethodID(buffer_class, "isReadOnly", "()Z");
  return java.is_read_only == nullptr ? JNI_ERR : JNI_VERSION_10;
}

BANK_JNI(jstring, version)(JNIEnv* env, jclass) {
  return guarded(env, []() -> Try<std::string> {
    return fmt::format("bank {} {}; border {}; state {}", BANK_VERSION, BANK_COMMIT, bank::spark::border_version,
                       bank::spark::state_version);
  });
}

// Rules ---------------------------------------------------------------------------------------------------------------

BANK_JNI(jlong, openRules)(JNIEnv* env, jclass, jbyteArray yaml, jstring name, jstring options) {
  return guarded(env, [&]() -> Try<std::int64_t> {
    const Try<std::string> yaml_bytes = byte_array(env, yaml);
    if (!yaml_bytes) return std::unexpected(yaml_bytes.error());
    const Try<std::string> name_text = text(env, name);
    if (!name_text) return std::unexpected(name_text.error());
    const Try<std::string> option_lines = text(env, options);
    if (!option_lines) return std::unexpected(option_lines.error());
    const auto setup = bank::spark::make_setup(*yaml_bytes, *name_text, *option_lines);
    if (!setup) return std::unexpected(setup.error());
    return opened(HandleKind::rules, std::make_shared<std::shared_ptr<const Setup>>(*setup));
  });
}

namespace {

Try<std::shared_ptr<const Setup>> setup_of(jlong rules) {
  const auto held = handles().share<std::shared_ptr<const Setup>>(HandleKind::rules, rules);
  if (!held) return std::unexpected(held.error());
  return **held;
}

}  // namespace

BANK_JNI(jstring, describeRules)(JNIEnv* env, jclass, jlong rules) {
  return guarded(env, [&]() -> Try<std::string> {
    const auto setup = setup_of(rules);
    if (!setup) return std::unexpected(setup.error());
    return bank::spark::describe(**setup);
  });
}

BANK_JNI(void, closeRules)(JNIEnv* env, jclass, jlong rules) {
  guarded(env, [&] { return handles().close(HandleKind::rules, rules); });
}

// Map side ------------------------------------------------------------------------------------------------------------

BANK_JNI(jlong, openPacker)(JNIEnv* env, jclass, jlong rules, jint shards, jstring origin) {
  return guarded(env, [&]() -> Try<std::int64_t> {
    const auto setup = setup_of(rules);
    if (!setup) return std::unexpected(setup.error());
    if (shards < 1 || static_cast<std::uint32_t>(shards) > bank::spark::shards_max) {
      return bad_border(fmt::format("{} shards; there are 1 to {}", shards, bank::spark::shards_max));
    }
    const Try<std::string> origin_text = text(env, origin);
    if (!origin_text) return std::unexpected(origin_text.error());
    if (origin_text->size() > bank::spark::origin_bytes_max) return bad_border("the origin is too long");
    return opened(HandleKind::packer,
                  std::make_shared<Packer>(*setup, static_cast<std::uint32_t>(shards), *origin_text));
  });
}

BANK_JNI(void, pack)(JNIEnv* env, jclass, jlong packer, jobject in, jint bytes) {
  guarded(env, [&] {
    return with_packer(packer, [&](Packer& of) -> Try<> {
      const Try<std::string_view> message = buffer_to_read(env, in, bytes);
      if (!message) return std::unexpected(message.error());
      return of.records.pack(*message);
    });
  });
}

BANK_JNI(jint, drain)(JNIEnv* env, jclass, jlong packer, jobject out, jboolean all) {
  return static_cast<jint>(guarded(env, [&] {
    return with_packer(packer, [&](Packer& of) -> Try<std::int64_t> {
      const Try<std::span<char>> to = buffer_to_write(env, out);
      if (!to) return std::unexpected(to.error());
      return of.records.drain(*to, all != JNI_FALSE);
    });
  }));
}

BANK_JNI(jstring, packerCounts)(JNIEnv* env, jclass, jlong packer) {
  return guarded(env, [&] {
    return with_packer(packer, [](Packer& of) -> Try<std::string> { return of.records.describe_counts(); });
  });
}

BANK_JNI(void, closePacker)(JNIEnv* env, jclass, jlong packer) {
  guarded(env, [&] { return handles().close(HandleKind::packer, packer); });
}

// Files ---------------------------------------------------------------------------------------------------------------

BANK_JNI(jstring, inspectFile)
(JNIEnv* env, jclass, jlong rules, jstring name, jstring layout, jobject head, jint bytes, jboolean whole) {
  return guarded(env, [&]() -> Try<std::string> {
    const auto setup = setup_of(rules);
    if (!setup) return std::unexpected(setup.error());
    const Try<std::string> name_text = text(env, name);
    if (!name_text) return std::unexpected(name_text.error());
    const Try<std::string> layout_word = text(env, layout);
    if (!layout_word) return std::unexpected(layout_word.error());
    const Try<std::string_view> head_bytes = buffer_to_read(env, head, bytes);
    if (!head_bytes) return std::unexpected(head_bytes.error());
    return bank::spark::inspect_file(**setup, *name_text, *layout_word, *head_bytes, whole != JNI_FALSE);
  });
}

BANK_JNI(jlong, countLines)(JNIEnv* env, jclass, jobject in, jint bytes) {
  return guarded(env, [&]() -> Try<std::int64_t> {
    const Try<std::string_view> read = buffer_to_read(env, in, bytes);
    if (!read) return std::unexpected(read.error());
    return static_cast<std::int64_t>(bank::pipeline::count_newlines(*read));
  });
}

BANK_JNI(void, openFile)
(JNIEnv* env, jclass, jlong packer, jint file, jstring origin, jstring layout, jstring header, jlong line,
 jboolean skip, jlong length) {
  guarded(env, [&] {
    return with_packer(packer, [&](Packer& of) -> Try<> {
      if (of.file && !of.file->over()) return bad_border("the file before was not read to its end");
      Try<std::string> origin_text = text(env, origin);
      if (!origin_text) return std::unexpected(origin_text.error());
      const Try<std::string> layout_word = text(env, layout);
      if (!layout_word) return std::unexpected(layout_word.error());
      Try<std::string> header_row = text(env, header);
      if (!header_row) return std::unexpected(header_row.error());
      const auto of_layout = bank::spark::layout_named(*layout_word);
      if (!of_layout) return bad_border(fmt::format("no layout is called '{}'", *layout_word));
      if (file < 0 || line < 1 || length < 0) return bad_border("a file's number, line or length is out of range");
      if (origin_text->size() > bank::spark::origin_bytes_max) return bad_border("the origin is too long");
      auto opened_file = bank::spark::FileFeed::open({.file = file,
                                                      .origin = std::move(*origin_text),
                                                      .layout = *of_layout,
                                                      .csv_header = std::move(*header_row),
                                                      .line = line,
                                                      .skip = skip != JNI_FALSE,
                                                      .length = static_cast<std::uint64_t>(length)},
                                                     of.records.setup());
      if (!opened_file) return std::unexpected(opened_file.error());
      of.file = std::move(*opened_file);
      return {};
    });
  });
}

BANK_JNI(jboolean, packFile)(JNIEnv* env, jclass, jlong packer, jobject in, jint bytes, jboolean last) {
  return guarded(env, [&] {
    return with_packer(packer, [&](Packer& of) -> Try<bool> {
      const Try<std::string_view> read = buffer_to_read(env, in, bytes);
      if (!read) return std::unexpected(read.error());
      if (!of.file) return bad_border("no file was opened");
      return of.file->take(*read, last != JNI_FALSE, of.records);
    });
  });
}

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
