#include "rules/lexer.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

namespace bank::rules {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name(char c) { return is_name_start(c) || is_digit(c); }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

void append_utf8(std::string& out, std::uint32_t point) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0U | (point >> 6U));
    put(0x80U | (point & 0x3FU));
  } else if (point < 0x10000) {
    put(0xE0U | (point >> 12U));
    put(0x80U | ((point >> 6U) & 0x3FU));
    put(0x80U | (point & 0x3FU));
  } else {
    put(0xF0U | (point >> 18U));
    put(0x80U | ((point >> 12U) & 0x3FU));
    put(0x80U | ((point >> 6U) & 0x3FU));
    put(0x80U | (point & 0x3FU));
  }
}

class Lexer {
 public:
  Lexer(std::string_view text, std::size_t base) : text_(text), base_(base) {}

  std::vector<Token> run() {
    while (true) {
      const std::size_t behind_last = at_;
      while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
      if (at_ >= text_.size()) {
        add(TokenKind::end, behind_last, "");
        return std::move(tokens_);
      }
      if (!next()) return std::move(tokens_);
    }
  }

 private:
  void add(TokenKind kind, std::size_t offset, std::string text) {
    tokens_.push_back({kind, base_ + offset, std::move(text)});
  }
  bool refuse(std::size_t offset, std::string message) {
    add(TokenKind::error, offset, std::move(message));
    return false;
  }
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  bool next() {
    const std::size_t start = at_;
    if (is_name_start(peek())) {
      while (is_name(peek())) ++at_;
      add(TokenKind::name, start, std::string(text_.substr(start, at_ - start)));
      return true;
    }
    if (is_digit(peek())) return number();
    if (peek() == '"' || peek() == '\'') return literal();
    return symbol();
  }

  bool number() {
    const std::size_t start = at_;
    while (is_digit(peek())) ++at_;
    if (peek() == '.') {
      if (!is_digit(peek(1)))
        return refuse(start, fmt::format("'{}.' has no digit behind its point", text_.substr(start, at_ - start)));
      ++at_;
      while (is_digit(peek())) ++at_;
    }
    const bool word = is_name(peek());
    while (is_name(peek())) ++at_;
    add(word ? TokenKind::word : TokenKind::number, start, std::string(text_.substr(start, at_ - start)));
    return true;
  }

  bool literal() {
    const std::size_t start = at_;
    const char quote = text_[at_++];
    std::string value;
    while (peek() != quote || at_ >= text_.size()) {
      if (at_ >= text_.size()) {
        return refuse(
            start,
            fmt::format("the text that opens with {} is not closed (in YAML, ' #' begins a comment: put the whole "
                        "expression in quotes, or behind a '|' on its own line, if the text holds one)",
                        quote));
      }
      if (text_[at_] != '\\') {
        value += text_[at_++];
        continue;
      }
      if (!escape(value)) return false;
    }
    ++at_;
    add(TokenKind::text, start, std::move(value));
    return true;
  }

  bool escape(std::string& value) {
    const std::size_t start = at_;
    const char kind = peek(1);
    at_ += 2;
    switch (kind) {
      case '"':
      case '\'':
      case '\\': value += kind; return true;
      case 'n': value += '\n'; return true;
      case 't': value += '\t'; return true;
      case 'u': break;
      default:
        return refuse(start, R"(an unknown escape in a text; known are \" \' \\ \n \t and \u with four hex digits)");
    }
    std::optional<std::uint32_t> point = hex4();
    if (point && *point >= 0xD800 && *point <= 0xDBFF && peek() == '\\' && peek(1) == 'u') {
      at_ += 2;
      const std::optional<std::uint32_t> low = hex4();
      point = low && *low >= 0xDC00 && *low <= 0xDFFF
                  ? std::optional(0x10000U + ((*point - 0xD800U) << 10U) + (*low - 0xDC00U))
                  : std::nullopt;
    }
    if (!point || (*point >= 0xD800 && *point <= 0xDFFF)) {
      return refuse(start, R"(\u needs the four hex digits of a character, as in \u00e9)");
    }
    append_utf8(value, *point);
    return true;
  }

  std::optional<std::uint32_t> hex4() {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = peek();
      const int digit = is_digit(c)            ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return std::nullopt;
      value = value * 16 + static_cast<std::uint32_t>(digit);
    }
    return value;
  }

  bool symbol() {
    static constexpr std::array<std::string_view, 16> symbols{"==", "!=", "<=", ">=", "<", ">", "+", "-",
                                                              "*",  "/",  "(",  ")",  "[", "]", ",", "."};
    struct Slip {
      std::string_view written;
      std::string_view right;
    };
    static constexpr std::array<Slip, 9> slips{{{"===", "=="},
                                                {"<>", "!="},
                                                {"=<", "<="},
                                                {"=>", ">="},
                                                {"&", "and"},
                                                {"|", "or"},
                                                {"\xe2\x80\x9c", "straight quotes, \"…\""},
                                                {"\xe2\x80\x9d", "straight quotes, \"…\""},
                                                {"\xe2\x80\x99", "straight quotes, '…'"}}};
    const std::string_view rest = text_.substr(at_);
    for (const Slip& slip : slips) {
      if (rest.starts_with(slip.written)) {
        const bool doubled = rest.starts_with("&&") || rest.starts_with("||");
        return refuse(at_, fmt::format("'{}' is not part of the language; write {}",
                                       doubled ? rest.substr(0, 2) : slip.written, slip.right));
      }
    }
    for (const std::string_view known : symbols) {
      if (rest.starts_with(known)) {
        add(TokenKind::symbol, at_, std::string(known));
        at_ += known.size();
        return true;
      }
    }
    if (rest.starts_with('=')) return refuse(at_, "'=' is not an operator; write == to compare");
    if (rest.starts_with('!')) return refuse(at_, "'!' is not an operator; write not");
    std::size_t length = 1;
    while (length < rest.size() && (static_cast<unsigned char>(rest[length]) & 0xC0U) == 0x80U) ++length;
    return refuse(at_, fmt::format("'{}' does not belong into an expression", rest.substr(0, length)));
  }

  std::string_view text_;
  std::size_t base_;
  std::size_t at_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view text, std::size_t base) { return Lexer(text, base).run(); }

}  // namespace bank::rules
