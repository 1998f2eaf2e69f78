// A strict reader of the YAML that people write in configuration: text in, our own small tree out, with the place of
// everything.
//
// Stricter than YAML: a key stands once in a mapping, keys are plain words, and there are no anchors, aliases, tags or
// second documents. A scalar stays the text that the file spells (`0123` is not 83, `no` is not false) until a getter
// of yaml/values.h reads it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bank::yaml {

inline constexpr std::size_t max_file_bytes = 1 << 20;
inline constexpr int max_depth = 64;

/// A place in a file: line and column, both from 1; the column counts characters, not bytes.
struct Mark {
  int line = 0;
  int column = 0;
  friend auto operator<=>(const Mark&, const Mark&) = default;
};

enum class Kind : std::uint8_t { null, scalar, sequence, map };

/// "nothing", "a value", "a list", "a mapping"; for messages.
[[nodiscard]] std::string_view to_string(Kind kind);

struct Entry;

struct Node {
  Kind kind = Kind::null;
  Mark mark;               ///< Of its first character.
  std::size_t offset = 0;  ///< The same place in bytes from the start of the text.
  std::string text;    ///< scalar: its text, quotes and escapes resolved; null: as it is spelled (empty, `~`, `null`).
  bool plain = false;  ///< scalar: neither quoted nor a block (`|`, `>`).
  std::vector<Node> items;
  std::vector<Entry> entries;  ///< In the order of the file.

  /// The value of `key`; nullptr where this is no map or has no such key.
  [[nodiscard]] const Node* find(std::string_view key) const;
};

struct Entry {
  std::string key;
  Mark key_mark;
  Node value;
};

/// Where each byte of a scalar's text stands in the file; exact for plain, quoted and block scalars. Where a scalar is
/// spelled in a way that it can't follow, the place is the scalar's start.
class TextMap {
 public:
  /// `index` may be the text's length: then just behind its last character.
  [[nodiscard]] Mark at(std::size_t index) const;

 private:
  friend class Document;
  std::vector<Mark> marks_;
  Mark start_;
};

class Document {
 public:
  /// Reads one document; `file` only names it in messages. An empty one has a null root. Errors: ErrorKind::config,
  /// each line `file:line:column: …`.
  [[nodiscard]] static Result<Document> parse(std::string_view text, std::string file);
  /// The same from a file; read_file's errors too.
  [[nodiscard]] static Result<Document> load(const std::string& path);

  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] const Node& root() const { return root_; }
  /// `scalar` is a scalar of this document.
  [[nodiscard]] TextMap text_map(const Node& scalar) const;

 private:
  Document() = default;
  std::string file_;
  std::string source_;
  Node root_;
};

/// The bytes of a file. Errors, ErrorKind::config: unreadable, or longer than max_file_bytes.
[[nodiscard]] Result<std::string> read_file(const std::string& path);

/// Mistakes found in one file, to be told together.
class Problems {
 public:
  explicit Problems(std::string file) : file_(std::move(file)) {}

  void add(Mark mark, std::string message);
  [[nodiscard]] bool empty() const { return found_.empty(); }
  [[nodiscard]] std::size_t size() const { return found_.size(); }
  /// One line for each, in the order of the file: `file:line:column: message`. There is at least one.
  [[nodiscard]] Error error() const;

 private:
  struct Problem {
    Mark mark;
    std::string message;
  };
  std::string file_;
  std::vector<Problem> found_;
};

}  // namespace bank::yaml
