// The border to the JVM: the calls of Native.java up to the chunks; the others are in jni_shard.cpp. No exception of
// C++ crosses it, and no handle, buffer or byte array that is wrong in any way does more than raise one of Java's.
#include <fmt/format.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "adapters/spark/file_feed.h"
#include "adapters/spark/jni_call.h"
#include "adapters/spark/packer.h"
#include "adapters/spark/version_info.h"
#include "pipeline/newlines.h"

namespace {

using bank::spark::bad_border;
using bank::spark::HandleKind;
using bank::spark::Setup;
using bank::spark::Try;
using namespace bank::spark::jni;

/// A packer, and the file that it is given.
struct Packer {
  Packer(std::shared_ptr<const Setup> setup, std::uint32_t shards, std::string_view origin)
      : records(std::move(setup), shards, origin) {}
  bank::spark::Packer records;
  std::unique_ptr<bank::spark::FileFeed> file;
};

template <typename Body>
auto with_packer(jlong handle, Body&& body) {
  return with<Packer>(HandleKind::packer, handle, std::forward<Body>(body));
}

}  // namespace

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
