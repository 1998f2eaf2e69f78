#include "cli/terminal.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

namespace bank::cli {

namespace {

constexpr std::int64_t redraw_interval_ns = 100'000'000;

std::string_view escape_of(Style style) {
  switch (style) {
    case Style::plain: return "";
    case Style::bold: return "\x1b[1m";
    case Style::dim: return "\x1b[2m";
    case Style::red: return "\x1b[31m";
    case Style::yellow: return "\x1b[33m";
    case Style::green: return "\x1b[32m";
    case Style::blue: return "\x1b[34m";
    case Style::cyan: return "\x1b[36m";
    case Style::magenta: return "\x1b[35m";
    case Style::bold_red: return "\x1b[1;31m";
  }
  return "";
}

Stream stream_of(std::FILE* file) {
  const int descriptor = fileno(file);
  winsize size{};
  const bool known = ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return {file, isatty(descriptor) == 1, known ? size.ws_col : 80};
}

// Bytes of the well-formed UTF-8 sequence at the start of `text`, and its code point; 0 where there is none.
std::pair<std::size_t, char32_t> decode_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {1, lead};
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return {0, 0};
  char32_t point = lead & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {0, 0};
    point = point << 6 | (byte(i) & 0x3fU);
  }
  constexpr std::array<char32_t, 5> smallest = {0, 0, 0x80, 0x800, 0x10000};
  if (point < smallest[length] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return {0, 0};
  return {length, point};
}

bool steers(char32_t point) {
  const auto in = [point](char32_t first, char32_t last) { return point >= first && point <= last; };
  return point < 0x20 || in(0x7f, 0x9f) || point == 0x061c || in(0x200b, 0x200f) || in(0x2028, 0x202e) ||
         in(0x2060, 0x206f) || point == 0xfeff;
}

}  // namespace

Style style_of(std::string_view word) {
  if (word == "CRITICAL" || word == "BLOCK") return Style::bold_red;
  if (word == "HIGH" || word == "FAILED") return Style::red;
  if (word == "MEDIUM" || word == "WARNING" || word == "WARN" || word == "REVIEW") return Style::yellow;
  if (word == "LOW") return Style::cyan;
  if (word == "OK" || word == "ok" || word == "APPROVE") return Style::green;
  return Style::plain;
}

void Stream::write(std::string_view text) {
  if (write_error_ != 0) return;
  if (std::fwrite(text.data(), 1, text.size(), file_) != text.size()) write_error_ = errno;
}

void Stream::flush() {
  if (write_error_ == 0 && std::fflush(file_) != 0) write_error_ = errno;
}

bool Stream::reader_gone() const {
  pollfd descriptor{fileno(file_), POLLOUT, 0};
  return write_error_ == EPIPE || (poll(&descriptor, 1, 0) == 1 && (descriptor.revents & POLLERR) != 0);
}

std::string Stream::paint(Style style, std::string_view text) const {
  if (!color_ || style == Style::plain || text.empty()) return std::string(text);
  return fmt::format("{}{}\x1b[0m", escape_of(style), text);
}

void Stream::choose_color(ColorMode mode) {
  const auto environment = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string_view(value == nullptr ? "" : value);
  };
  color_ = mode == ColorMode::always || (mode == ColorMode::automatic && is_terminal_ &&
                                         environment("NO_COLOR").empty() && environment("TERM") != "dumb");
}

Terminal Terminal::of_process() { return {stream_of(stdout), stream_of(stderr)}; }

void Terminal::configure(ColorMode mode, bool quiet) {
  out_.choose_color(mode);
  err_.choose_color(mode);
  quiet_ = quiet;
}

void Terminal::say(std::string_view line) {
  erase_status();
  out_.flush();  // Where both go to one place, they stay in order.
  err_.write(line);
  err_.write("\n");
  err_.flush();
}

void Terminal::note(std::string_view line) {
  if (!quiet_) say(line);
}

void Terminal::warn(std::string_view message) {
  say(fmt::format("{} {}", err_.paint(Style::yellow, "warning:"), message));
}

void Terminal::error(const Error& error) {
  std::string_view rest = error.message;
  do {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    say(fmt::format("{} {}", err_.paint(Style::bold_red, "error:"), visible(rest.substr(0, end))));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  } while (!rest.empty());
}

void Terminal::show_status(std::string_view line) {
  if (quiet_ || !err_.is_terminal()) return;
  // A status that wraps could not be erased.
  std::string text;
  int columns = 0;
  while (!line.empty() && columns + 1 < err_.width()) {
    const std::size_t bytes = std::max<std::size_t>(1, decode_utf8(line).first);
    text += line.substr(0, bytes);
    line.remove_prefix(bytes);
    ++columns;
  }
  err_.write(fmt::format("\r\x1b[K{}", text));
  err_.flush();
  status_shown_ = true;
}

void Terminal::erase_status() {
  if (!status_shown_) return;
  err_.write("\r\x1b[K");
  err_.flush();
  status_shown_ = false;
}

bool Progress::due() const { return clock_.monotonic_ns() >= next_ns_; }

void Progress::update(std::string_view line) {
  if (!due()) return;
  next_ns_ = clock_.monotonic_ns() + redraw_interval_ns;
  terminal_.show_status(line);
}

std::string visible(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto [bytes, point] = decode_utf8(text);
    if (bytes == 0)
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
    else if (!steers(point))
      out += text.substr(0, bytes);
    else
      out += point < 0x80 ? fmt::format("\\x{:02x}", static_cast<unsigned>(point))
                          : fmt::format("\\u{:04x}", static_cast<unsigned>(point));
    text.remove_prefix(std::max<std::size_t>(bytes, 1));
  }
  return out;
}

}  // namespace bank::cli
