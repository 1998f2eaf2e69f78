// What every call of Native.java needs: Java's exceptions for faults, handles, buffers, texts. For jni*.cpp alone.
#pragma once

#include <fmt/format.h>
#include <jni.h>

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
#include "adapters/spark/handles.h"
#include "adapters/spark/session.h"
#include "adapters/spark/setup.h"

#define BANK_JNI(type, name) extern "C" JNIEXPORT type JNICALL Java_bank_spark_Native_##name

namespace bank::spark::jni {

/// Of this process. Never destroyed: threads of the JVM may outlive static objects.
Handles& handles();

/// A byte array for Java, where a std::string is a text.
struct Bytes {
  std::string bytes;
};

// What a call gives back to Java. Null where Java has no memory left, and has raised that.
jlong to_java(JNIEnv* env, std::int64_t value);
jboolean to_java(JNIEnv* env, bool value);
jstring to_java(JNIEnv* env, const std::string& text);
jbyteArray to_java(JNIEnv* env, const Bytes& value);

/// Raises the exception of this fault, unless one is raised already.
void raise(JNIEnv* env, const Fault& fault);

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

// A direct buffer of Java's. Faults (border): another one, or too short a one.
Try<std::span<char>> buffer_to_write(JNIEnv* env, jobject object);
Try<std::string_view> buffer_to_read(JNIEnv* env, jobject object, jint size);

// Copies. Faults (border): null.
Try<std::string> byte_array(JNIEnv* env, jbyteArray array);
Try<std::string> text(JNIEnv* env, jstring string);

/// The rules that this handle names. Faults (border): it names none.
Try<std::shared_ptr<const Setup>> setup_of(jlong rules);

template <typename T>
Try<std::int64_t> opened(HandleKind kind, std::shared_ptr<T> object) {
  return handles().add(kind, std::move(object));
}

}  // namespace bank::spark::jni
