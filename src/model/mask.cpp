#include "model/mask.h"

namespace bank::model {

std::string masked_account(std::string_view account) {
  constexpr std::size_t shown = 4;
  std::size_t begin = account.size();
  // By characters, not bytes; and never the whole of it.
  for (std::size_t characters = 0; characters < shown && begin > 1; ++characters) {
    --begin;
    while (begin > 0 && (static_cast<unsigned char>(account[begin]) & 0xc0U) == 0x80U) --begin;
  }
  return "****" + std::string(account.size() <= shown ? std::string_view() : account.substr(begin));
}

std::string masked_text(std::string text, std::string_view account) {
  if (account.empty()) return text;
  const std::string mask = masked_account(account);
  for (std::size_t at = text.find(account); at != std::string::npos; at = text.find(account, at + mask.size())) {
    text.replace(at, account.size(), mask);
  }
  return text;
}

}  // namespace bank::model
