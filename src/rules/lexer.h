// From the text of an expression to its tokens. Private to this room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bank::rules {

/// What is wrong with an expression, and where: bytes from the start of the scalar that it stands in.
struct Mistake {
  std::size_t offset = 0;
  std::string message;
};

enum class TokenKind : std::uint8_t {
  end,
  error,   ///< text: the message. The last token.
  name,    ///< A word: field, function, keyword.
  number,  ///< `5`, `0.25`.
  word,    ///< Begins with a digit and goes on with letters: `5m`, and slips like `5x`.
  text,    ///< A text literal; text: without quotes, escapes resolved.
  symbol,  ///< `==`, `(` …
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::size_t offset = 0;  ///< Of its first byte, `base` included.
  std::string text;
};

/// Tokens of `text`; the last is `end`, or the first `error`. `base` is added to every offset.
[[nodiscard]] std::vector<Token> tokenize(std::string_view text, std::size_t base);

}  // namespace bank::rules
