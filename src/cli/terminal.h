// The two streams that `bank` speaks on: data on stdout, talk on stderr. Colour, progress and width are known here
// only.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace bank::cli {

enum class ColorMode : std::uint8_t { automatic, always, never };

enum class Style : std::uint8_t { plain, bold, dim, red, yellow, green, blue, cyan, magenta, bold_red };
/// The colour of a severity word (`LOW` … `CRITICAL`), of a decision (`APPROVE` …) or a health status (`OK`, `WARNING`,
/// `CRITICAL`); plain for any other word.
[[nodiscard]] Style style_of(std::string_view word);

/// One of the two streams. Not thread-safe.
class Stream {
 public:
  /// `file` is borrowed. `width`: columns of the terminal, 80 where there is none. Without colour until choose_color().
  Stream(std::FILE* file, bool is_terminal, int width) : file_(file), is_terminal_(is_terminal), width_(width) {}

  /// Automatic: on a terminal, unless NO_COLOR is set or TERM is `dumb`.
  void choose_color(ColorMode mode);

  /// Writes as it is. After a failure it does nothing more; see write_error().
  void write(std::string_view text);
  void flush();
  /// `text` in a style, or as it is where colour is off.
  [[nodiscard]] std::string paint(Style style, std::string_view text) const;
  /// paint() in the word's own colour (style_of).
  [[nodiscard]] std::string paint_word(std::string_view word) const { return paint(style_of(word), word); }

  [[nodiscard]] bool is_terminal() const { return is_terminal_; }
  [[nodiscard]] bool color() const { return color_; }
  [[nodiscard]] int width() const { return width_; }
  /// errno of the first write that failed, or 0.
  [[nodiscard]] int write_error() const { return write_error_; }
  /// Whether it is a pipe that nobody reads any more, whoever wrote to it.
  [[nodiscard]] bool reader_gone() const;

 private:
  std::FILE* file_;
  bool is_terminal_;
  bool color_ = false;
  int width_;
  int write_error_ = 0;
};

class Terminal {
 public:
  Terminal(Stream out, Stream err) : out_(out), err_(err) {}
  /// stdout and stderr as they are.
  [[nodiscard]] static Terminal of_process();
  void configure(ColorMode mode, bool quiet);

  [[nodiscard]] Stream& out() { return out_; }
  [[nodiscard]] Stream& err() { return err_; }
  [[nodiscard]] bool quiet() const { return quiet_; }

  /// A line of talk on stderr; nothing if --quiet.
  void note(std::string_view line);
  /// `warning: …` on stderr, --quiet or not.
  void warn(std::string_view message);
  /// `error: …` on stderr, each line of the message for itself.
  void error(const Error& error);

  // Used by Progress.
  void show_status(std::string_view line);
  void erase_status();

 private:
  void say(std::string_view line);

  Stream out_;
  Stream err_;
  bool quiet_ = false;
  bool status_shown_ = false;
};

/// A line on stderr that shows how far something is: redrawn in place on a terminal at most ten times a second and
/// erased at the end; nothing elsewhere, or if --quiet. update() is cheap enough to be called per batch. One thread.
class Progress {
 public:
  Progress(Terminal& terminal, const Clock& clock) : terminal_(terminal), clock_(clock) {}
  ~Progress() { terminal_.erase_status(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  [[nodiscard]] bool due() const;
  /// Shows `line` if it is time to (due()).
  void update(std::string_view line);

 private:
  Terminal& terminal_;
  const Clock& clock_;
  std::int64_t next_ns_ = 0;
};

/// `text` with everything that could steer a terminal made visible: control characters as `\x1b`, bytes that are not
/// UTF-8 as
/// `\xff`, line separators and marks that turn the direction of writing as `\u202e`. For whatever comes out of data.
[[nodiscard]] std::string visible(std::string_view text);

}  // namespace bank::cli
