#include <algorithm>
#include <vector>

#include "codec/decode.h"
#include "codec/json_fast.h"
#include "codec/json_reader.h"
#include "codec/key_table.h"
#include "codec/record.h"
#include "codec/utf8.h"

namespace bank::codec {
namespace {

using model::Reason;
using model::Rejection;

RawField raw_field(const JsonValue& value, TextArena& arena) {
  switch (value.kind) {
    case JsonKind::null: return {{}, FieldKind::null};
    case JsonKind::number: return {value.text, FieldKind::number};
    case JsonKind::string: return {value.escaped ? arena.keep(unescape_json(value.text)) : value.text, FieldKind::text};
    default: return {{}, FieldKind::other};
  }
}

}  // namespace

class JsonDecoder::Impl {
 public:
  explicit Impl(const FieldNames& names) : keys_(names.columns()), fast_(keys_) {}

  Decoded decode(std::string_view record, TextArena& arena) {
    RawFields fields;
    Decoded out;
    if (!fast_.read(record, fields) || !finish_quickly(fields, times_, *out)) out = decode_plain(record, arena);
    return out;
  }

  Decoded decode_plain(std::string_view record, TextArena& arena);

 private:
  KeyTable keys_;
  FastJson fast_;
  model::EventTimeReader times_;
  std::vector<std::string_view> unknown_keys_;
};

Decoded JsonDecoder::Impl::decode_plain(std::string_view record, TextArena& arena) {
  if (record.size() > model::max_record_bytes) return std::unexpected(Rejection{Reason::too_long, {}});
  if (!is_utf8(record)) return std::unexpected(Rejection{Reason::not_utf8, {}});

  RawFields fields;
  std::size_t repeated = KeyTable::unknown;
  unknown_keys_.clear();
  JsonObjectReader reader(record);
  JsonObjectReader::Step step;
  while ((step = reader.next()) == JsonObjectReader::Step::member) {
    const JsonValue& key = reader.key();
    const std::string_view name = key.escaped ? arena.keep(unescape_json(key.text)) : key.text;
    const std::size_t field = keys_.find(name);
    if (field == KeyTable::unknown) {
      unknown_keys_.push_back(name);
    } else if (fields[field].kind == FieldKind::absent) {
      fields[field] = raw_field(reader.value(), arena);
    } else if (repeated == KeyTable::unknown) {
      repeated = field;
    }
  }
  if (step == JsonObjectReader::Step::malformed) return std::unexpected(Rejection{Reason::not_json, {}});
  if (step == JsonObjectReader::Step::not_object) return std::unexpected(Rejection{Reason::not_object, {}});
  if (repeated != KeyTable::unknown) {
    return std::unexpected(Rejection{Reason::duplicate_key, contract_fields[repeated]});
  }
  std::ranges::sort(unknown_keys_);
  if (std::ranges::adjacent_find(unknown_keys_) != unknown_keys_.end()) {
    return std::unexpected(Rejection{Reason::duplicate_key, {}});
  }
  Decoded out;
  finish(fields, out);
  return out;
}

JsonDecoder::JsonDecoder(const FieldNames& names) : impl_(std::make_unique<Impl>(names)) {}
JsonDecoder::~JsonDecoder() = default;
JsonDecoder::JsonDecoder(JsonDecoder&&) noexcept = default;
JsonDecoder& JsonDecoder::operator=(JsonDecoder&&) noexcept = default;

Decoded JsonDecoder::decode(std::string_view record, TextArena& arena) { return impl_->decode(record, arena); }

Decoded JsonDecoder::decode_plain(std::string_view record, TextArena& arena) {
  return impl_->decode_plain(record, arena);
}

}  // namespace bank::codec
