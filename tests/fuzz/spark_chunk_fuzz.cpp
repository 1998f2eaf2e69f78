// Any bytes as what travels between Spark's tasks: as a message of raw records (first byte even), or as a chunk whose
// frame is put right so that the rest is really read. They are refused, or packed and judged without harm.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/spark/chunk.h"
#include "adapters/spark/packer.h"
#include "adapters/spark/session.h"
#include "adapters/spark/setup.h"
#include "base/assert.h"
#include "base/wire.h"

namespace {

using bank::spark::Packer;
using bank::spark::ShardSession;

std::shared_ptr<const bank::spark::Setup> setup() {
  static const auto made = bank::spark::make_setup(
      "version: 1\nrules:\n  - {id: A, severity: LOW, score: 9, reason: '{last.location} {merchant}', when: 'amount > "
      "10 or "
      "count(5m, merchant == this.merchant) > 1'}\n",
      "f", "processed=yes\nanalytics=yes\n");
  BANK_ASSERT(made.has_value());
  return *made;
}

void judge(std::string_view chunk) {
  ShardSession session(setup());
  std::vector<char> out(1 << 16);
  auto size = session.judge(chunk, out, 0);
  if (!size) return;
  if (*size < 0) {
    out.resize(static_cast<std::size_t>(-*size));
    size = session.take(out);
  }
  BANK_ASSERT(size.has_value() && *size > 0);
  const auto piece = session.snapshot(out, true);
  BANK_ASSERT(piece.has_value());
  ShardSession other(setup());
  if (*piece > 0) BANK_ASSERT(other.restore({out.data(), static_cast<std::size_t>(*piece)}).has_value());
}

void pack(std::string_view message) {
  Packer packer(setup(), 2, "t/");
  const bool packed = packer.pack(message).has_value();
  BANK_ASSERT(packed || packer.counts().records == 0);
  std::vector<char> out(1 << 20);
  const std::int64_t size = packer.drain(out, true);
  if (size <= 0) return;
  bank::wire::Reader reader(std::string_view(out.data(), static_cast<std::size_t>(size)).substr(12));
  for (auto count = reader.number<std::uint32_t>(); count > 0; --count) {
    BANK_ASSERT(reader.number<std::uint32_t>() < 2);
    const std::string_view chunk = reader.bytes(reader.number<std::uint32_t>());
    BANK_ASSERT(bank::spark::UnpackedChunk().read(chunk).has_value());
    judge(chunk);
  }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.empty()) return 0;
  std::string bytes(input.substr(1));
  const bool raw = input[0] % 2 == 0;
  if (bytes.size() >= bank::spark::chunk_head_bytes) {
    bytes.replace(0, 6, std::string(raw ? "BKR1" : "BKC1") + std::string("\x01\0", 2));
    if (raw) bank::wire::put(bytes, 6, std::uint16_t{0});
    bank::wire::put(bytes, raw ? 8 : 12, static_cast<std::uint32_t>(bytes.size()));
    if (!raw) bank::wire::put(bytes, 24, bank::spark::chunk_hash(bytes));
  }
  raw ? pack(bytes) : judge(bytes);
  return 0;
}
