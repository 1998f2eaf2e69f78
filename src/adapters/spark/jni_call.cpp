#include "adapters/spark/jni_call.h"

#include <array>

#include "adapters/spark/java_text.h"

namespace bank::spark::jni {
namespace {

// Made by JNI_OnLoad, kept until the process ends.
struct Java {
  std::array<jclass, 4> exceptions{};       // by Fault::Kind
  std::array<jmethodID, 4> constructors{};  // theirs, of a message
  jmethodID is_read_only = nullptr;         // of java.nio.Buffer
};
Java java;

Try<std::span<char>> buffer(JNIEnv* env, jobject object) {
  void* const address = object == nullptr ? nullptr : env->GetDirectBufferAddress(object);
  const jlong capacity = address == nullptr ? -1 : env->GetDirectBufferCapacity(object);
  if (capacity < 0) return bad_border("the buffer is not a direct one; use ByteBuffer.allocateDirect()");
  return std::span(static_cast<char*>(address), static_cast<std::size_t>(capacity));
}

jclass global_class(JNIEnv* env, const char* name) {
  const jclass local = env->FindClass(name);
  return local == nullptr ? nullptr : static_cast<jclass>(env->NewGlobalRef(local));
}

}  // namespace

Handles& handles() {
  static auto* const all = new Handles;  // never destroyed: threads of the JVM may outlive static objects
  return *all;
}

jlong to_java(JNIEnv*, std::int64_t value) { return value; }
jboolean to_java(JNIEnv*, bool value) { return value ? JNI_TRUE : JNI_FALSE; }
jstring to_java(JNIEnv* env, const std::string& text) {
  const std::u16string units = to_utf16(text);
  return env->NewString(reinterpret_cast<const jchar*>(units.data()), static_cast<jsize>(units.size()));
}

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
  return to_utf8(units);
}

Try<std::shared_ptr<const Setup>> setup_of(jlong rules) {
  const auto held = handles().share<std::shared_ptr<const Setup>>(HandleKind::rules, rules);
  if (!held) return std::unexpected(held.error());
  return **held;
}

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

}  // namespace bank::spark::jni
