// The quick way through a record and the plain parser must agree to the letter, whatever was read before; and the plain
// parser must take for JSON what RapidJSON takes for it.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "codec/decode.h"
#include "codec/encode.h"
#include "codec/padded.h"
#include "rapidjson.h"

namespace {

using Decoded = std::expected<bank::model::Transaction, bank::model::Rejection>;
using bank::model::Reason;

std::string in_words(const Decoded& decoded) {
  if (!decoded) return std::string(to_string(decoded.error().reason)) + "/" + std::string(decoded.error().field);
  std::string out;
  bank::codec::append_transaction_json(out, *decoded);
  return out + std::to_string(decoded->time.us()) + " " + std::to_string(decoded->account_hash);
}

// RapidJSON refuses numbers beyond a double, stops at a zero byte, and lets a lone low surrogate pass.
bool rapidjson_can_judge(std::string_view text, rapidjson::ParseErrorCode code) {
  return code != rapidjson::kParseErrorNumberTooBig && text.find('\0') == text.npos && text.find("\\ud") == text.npos &&
         text.find("\\uD") == text.npos;
}

void compare_with_rapidjson(std::string_view text, const Decoded& plain) {
  if (!plain && (plain.error().reason == Reason::too_long || plain.error().reason == Reason::not_utf8)) return;
  rapidjson::Reader reader;
  rapidjson::BaseReaderHandler<> ignore;
  rapidjson::MemoryStream stream(text.data(), text.size());
  const auto result = reader.Parse<rapidjson::kParseIterativeFlag>(stream, ignore);
  if (!rapidjson_can_judge(text, result.Code())) return;
  const bool is_json = plain || plain.error().reason != Reason::not_json;
  BANK_ASSERT(is_json == !result.IsError());
}

}  // namespace

// Records, one a "line" that ends with the byte 1.
// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  bank::codec::JsonDecoder decoder{bank::codec::FieldNames()};
  bank::codec::TextArena arena;
  for (;;) {
    const std::size_t end = input.find('\1');
    const bank::codec::PaddedText record(input.substr(0, end));
    const Decoded plain = decoder.decode_plain(record.view(), arena);
    const std::string expected = in_words(plain);
    for (int round = 0; round < 2; ++round) {
      BANK_ASSERT(in_words(decoder.decode(record.view(), arena)) == expected);
    }
    compare_with_rapidjson(record.view(), plain);
    if (plain) {
      std::string again;
      bank::codec::append_transaction_json(again, *plain);
      const bank::codec::PaddedText written(again);
      const Decoded reread = decoder.decode(written.view(), arena);
      BANK_ASSERT(again.size() > bank::model::max_record_bytes || in_words(reread) == expected);
    }
    if (end == input.npos) return 0;
    input.remove_prefix(end + 1);
  }
}
