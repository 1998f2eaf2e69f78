#include "yaml/yaml.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "yaml/source.h"

namespace bank::yaml {
namespace {

/// Thrown through yaml-cpp, whose parser has no other way to be stopped; caught in Document::parse.
struct Refusal {
  std::size_t offset;
  std::string message;
};

constexpr std::string_view second_document = "a second document; the file holds one, so drop the '---'";
constexpr std::string_view misplaced =
    "this does not belong here; indent lines of one level alike, and where a value begins with a quote, '{' or '[' but "
    "goes on behind it, quote the "
    "whole value";

class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view source, Problems& problems) : source_(source), cursor_(source), problems_(problems) {}

  Node take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ == 0) return;
    const std::size_t offset = offset_of(mark);
    throw Refusal{offset, std::string(source_.substr(offset).starts_with("---") ? second_document : misplaced)};
  }
  void OnDocumentEnd() override {}

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse_alias(offset_of(mark)); }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node = make(Kind::null, mark, "?", anchor);
    const std::string_view rest = source_.substr(node.offset);
    const bool spelled =
        rest.starts_with('~') || rest.starts_with("null") || rest.starts_with("Null") || rest.starts_with("NULL");
    if (Frame* frame = open_key(); frame != nullptr && frame->key_mark.line != node.mark.line) {
      node.mark = frame->key_mark;  // nothing stands there: yaml-cpp's mark is the next key's
    } else if (spelled) {
      node.text = rest.starts_with('~') ? "~" : rest.substr(0, 4);
    }
    if (frame_wants_key()) throw Refusal{node.offset, "a key is missing before the ':'"};
    place(std::move(node));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node = make(Kind::scalar, mark, tag, anchor);
    node.text = value;
    const char first = node.offset < source_.size() ? source_[node.offset] : '\0';
    node.plain = tag == "?";
    if (!node.plain && (first == '"' || first == '\'') && !closing_quote(source_, node.offset)) {
      throw Refusal{node.offset, fmt::format("a text opened with {} is never closed", first)};
    }
    if (frame_wants_key()) {
      open_entry(node);
    } else {
      place(std::move(node));
    }
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(make(Kind::sequence, mark, tag, anchor));
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(make(Kind::map, mark, tag, anchor));
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    Node node;
    bool has_key = false;  // an entry waits for its value
    std::string key;
    Mark key_mark;
    std::map<std::string, Mark, std::less<>> seen;
  };

  std::size_t offset_of(const YAML::Mark& mark) const {
    return mark.pos < 0 ? 0 : std::min(static_cast<std::size_t>(mark.pos), source_.size());
  }
  [[noreturn]] static void refuse_alias(std::size_t offset) {
    throw Refusal{offset,
                  "anchors and aliases (& and *) are not allowed; write the value out, or quote a text that begins so"};
  }

  Node make(Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    Node node;
    node.kind = kind;
    node.offset = offset_of(mark);
    node.mark = cursor_.at(node.offset);
    const char first = node.offset < source_.size() ? source_[node.offset] : '\0';
    if (anchor != 0) refuse_alias(node.offset);
    if ((tag != "?" && tag != "!") || (first == '!' && kind != Kind::null)) {
      throw Refusal{node.offset, "tags (!) are not allowed; write the value alone, or quote a text that begins so"};
    }
    return node;
  }

  bool frame_wants_key() const {
    return !frames_.empty() && frames_.back().node.kind == Kind::map && !frames_.back().has_key;
  }
  Frame* open_key() { return !frames_.empty() && frames_.back().has_key ? &frames_.back() : nullptr; }

  void open_entry(const Node& scalar) {
    Frame& frame = frames_.back();
    const auto [first, added] = frame.seen.emplace(scalar.text, scalar.mark);
    if (!added) {
      problems_.add(scalar.mark, fmt::format("duplicate key '{}'; it stands at {}:{} already, keep one of them",
                                             scalar.text, first->second.line, first->second.column));
    }
    frame.has_key = true;
    frame.key = scalar.text;
    frame.key_mark = scalar.mark;
  }

  void open(Node node) {
    if (frame_wants_key())
      throw Refusal{node.offset, "a key must be a word, not a list or a mapping; quote a text that begins with { or ["};
    if (static_cast<int>(frames_.size()) >= max_depth) {
      throw Refusal{node.offset, fmt::format("nested more than {} deep", max_depth)};
    }
    frames_.push_back(Frame{std::move(node), false, {}, {}, {}});
  }

  void close() {
    Node node = std::move(frames_.back().node);
    frames_.pop_back();
    place(std::move(node));
  }

  void place(Node node) {
    if (frames_.empty()) {
      root_ = std::move(node);
    } else if (Frame& frame = frames_.back(); frame.node.kind == Kind::sequence) {
      frame.node.items.push_back(std::move(node));
    } else {
      frame.node.entries.push_back(Entry{std::move(frame.key), frame.key_mark, std::move(node)});
      frame.has_key = false;
    }
  }

  std::string_view source_;
  Cursor cursor_;
  Problems& problems_;
  std::vector<Frame> frames_;
  Node root_;
  int documents_ = 0;
};

/// yaml-cpp's messages name states of its parser; say what a person can do.
std::string explain_syntax(const std::string& message) {
  if (message == "illegal map value" || message == "illegal map key") {
    return "a ':' where no value can begin; indent the keys of one mapping alike, and quote a text that holds ': '";
  }
  if (message == "end of map not found" || message == "end of sequence not found") {
    return std::string(misplaced);
  }
  if (message == "end of map flow not found") return "a '{' is not closed with '}'; quote a text that begins with '{'";
  if (message == "end of sequence flow not found")
    return "a '[' is not closed with ']'; quote a text that begins with '['";
  if (message == "unknown token") return "a value can't begin with this character; quote the text";
  if (message.starts_with("the referenced anchor") || message.starts_with("alias") || message.starts_with("anchor")) {
    return "anchors and aliases (& and *) are not allowed; write the value out, or quote a text that begins so";
  }
  return "not valid YAML: " + message;
}

/// What yaml-cpp takes in silently or reads as something else: bytes that are not UTF-8, control characters (it ends at
/// 0x04), lone carriage returns (versions differ), tabs in the indentation.
std::optional<Refusal> refuse_bytes(std::string_view source) {
  bool indentation = true;
  std::size_t tab = std::string_view::npos;  // of this line's indentation
  for (std::size_t i = 0; i < source.size();) {
    const auto c = static_cast<unsigned char>(source[i]);
    if (c == '\n') {
      indentation = true;
      tab = std::string_view::npos;
    } else if (c == '\t') {
      if (indentation && tab == std::string_view::npos) tab = i;
    } else if (c == '\r') {
      if (i + 1 >= source.size() || source[i + 1] != '\n')
        return Refusal{i, "a carriage return without a line feed; end lines with a line feed"};
    } else if (c < 0x20 || c == 0x7f) {
      return Refusal{i, fmt::format("the control character 0x{:02x}; a file of settings is plain text in UTF-8", c)};
    } else if (c != ' ') {
      if (indentation && tab != std::string_view::npos)
        return Refusal{tab, "a tab in the indentation; YAML is indented with spaces"};
      indentation = false;
    }
    const std::size_t length = utf8_length(source, i);
    if (length == 0) return Refusal{i, fmt::format("the byte 0x{:02x} is not UTF-8; save the file as UTF-8", c)};
    i += length;
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::null: return "nothing";
    case Kind::scalar: return "a value";
    case Kind::sequence: return "a list";
    case Kind::map: return "a mapping";
  }
  return "";
}

const Node* Node::find(std::string_view key) const {
  const auto found = std::ranges::find(entries, key, &Entry::key);
  return found == entries.end() ? nullptr : &found->value;
}

void Problems::add(Mark mark, std::string message) { found_.push_back({mark, std::move(message)}); }

Error Problems::error() const {
  constexpr std::size_t told_at_most = 50;
  std::vector<const Problem*> sorted;
  for (const Problem& problem : found_) sorted.push_back(&problem);
  // Those of one place stay in the order in which they were found; they are neighbours of one vector.
  std::ranges::sort(sorted, {}, [](const Problem* problem) { return std::pair(problem->mark, problem); });
  std::string text;
  for (std::size_t i = 0; i < std::min(sorted.size(), told_at_most); ++i) {
    if (i > 0) text += '\n';
    text += fmt::format("{}:{}:{}: {}", file_, sorted[i]->mark.line, sorted[i]->mark.column, sorted[i]->message);
  }
  if (sorted.size() > told_at_most) text += fmt::format("\n{}: {} more mistakes", file_, sorted.size() - told_at_most);
  return Error{ErrorKind::config, std::move(text)};
}

Result<Document> Document::parse(std::string_view text, std::string file) {
  Document document;
  document.file_ = std::move(file);
  if (text.size() > max_file_bytes) {
    return fail_config(fmt::format("{}: longer than {} bytes; split it", document.file_, max_file_bytes));
  }
  // yaml-cpp skips a byte order mark without counting it; so do we.
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  document.source_ = text;
  Problems problems(document.file_);
  const std::string& source = document.source_;
  const auto refuse = [&](std::size_t offset, std::string message) {
    problems.add(Cursor(source).at(std::min(offset, source.size())), std::move(message));
    return std::unexpected(problems.error());
  };
  if (auto refusal = refuse_bytes(source)) return refuse(refusal->offset, std::move(refusal->message));

  std::istringstream stream(source);
  TreeBuilder builder(source, problems);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Refusal& refusal) {
    return refuse(refusal.offset, refusal.message);
  } catch (const YAML::Exception& error) {
    return refuse(error.mark.pos < 0 ? 0 : static_cast<std::size_t>(error.mark.pos), explain_syntax(error.msg));
  }
  if (!problems.empty()) return std::unexpected(problems.error());
  document.root_ = builder.take_root();
  if (document.root_.mark.line == 0) document.root_.mark = {1, 1};
  return document;
}

Result<Document> Document::load(const std::string& path) {
  const Result<std::string> text = read_file(path);
  if (!text) return std::unexpected(text.error());
  return parse(*text, path);
}

Result<std::string> read_file(const std::string& path) {
  const auto failure = [&](std::string_view what) {
    return fail_config(fmt::format("cannot {} {}: {}", what, path, std::strerror(errno)));
  };
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);  // NOLINT(cppcoreguidelines-pro-type-vararg)
  if (descriptor < 0) return failure("open");
  std::string text;
  std::string block(64 << 10, '\0');
  ssize_t got = 0;
  do {
    got = ::read(descriptor, block.data(), block.size());
    if (got > 0) text.append(block, 0, static_cast<std::size_t>(got));
  } while ((got > 0 && text.size() <= max_file_bytes) || (got < 0 && errno == EINTR));
  const auto unread = failure("read");
  ::close(descriptor);
  if (got < 0) return unread;
  if (text.size() > max_file_bytes)
    return fail_config(fmt::format("{}: longer than {} bytes; split it", path, max_file_bytes));
  return text;
}

}  // namespace bank::yaml
