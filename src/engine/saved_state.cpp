#include "engine/saved_state.h"

#include <bit>
#include <cstring>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "model/transaction.h"

namespace bank::engine {
namespace {

static_assert(std::endian::native == std::endian::little, "saved states are little-endian");

constexpr std::string_view magic = "BKH1";

template <typename T>
void append(std::string& out, T value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

std::uint64_t identity(const Plan& plan, std::int64_t keep_us) {
  return plan.history_id() * 0x9e3779b97f4a7c15u ^ static_cast<std::uint64_t>(keep_us);
}

/// Reads from the front of a span; once anything is missing, everything is, and ok() says so.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  template <typename T>
  T read() {
    T value{};
    if (const std::string_view bytes = read_bytes(sizeof value); bytes.size() == sizeof value) {
      std::memcpy(&value, bytes.data(), sizeof value);
    }
    return value;
  }
  std::string_view read_bytes(std::size_t size) {
    if (size > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::size_t left() const { return rest_.size(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

struct Restored {
  std::string_view number;
  std::int64_t newest_us = 0;
  std::vector<std::string_view> texts;
  std::vector<Entry> entries;
};

bool read_texts(Reader& reader, std::vector<std::string_view>& texts) {
  const auto count = reader.read<std::uint32_t>();
  if (std::size_t{count} * 4 > reader.left()) return false;
  for (std::uint32_t i = 0; i < count; ++i) texts.push_back(reader.read_bytes(reader.read<std::uint32_t>()));
  return reader.ok();
}

bool read_entries(Reader& reader, const Plan& plan, std::int64_t keep_us, const Entry& blank, Restored& restored) {
  const auto count = reader.read<std::uint32_t>();
  if (!reader.ok() || count * plan.layout().entry_bytes() != reader.left()) return false;
  for (std::uint32_t i = 0; i < count; ++i) {
    Entry& entry = restored.entries.emplace_back(blank);
    entry.time_us = reader.read<std::int64_t>();
    entry.id.low = reader.read<std::uint64_t>();
    entry.id.high = reader.read<std::uint64_t>();
    for (auto& value : entry.values) value = reader.read<std::int64_t>();
    for (auto& word : entry.words) word = reader.read<std::uint32_t>();
    for (std::size_t w = plan.flag_words(); w < entry.words.size(); ++w) {
      if (entry.words[w] > restored.texts.size()) return false;
    }
    if (entry.time_us > restored.newest_us || entry.time_us < restored.newest_us - keep_us) return false;
    if (i > 0 && entry.time_us < restored.entries[i - 1].time_us) return false;
  }
  return reader.ok();
}

}  // namespace

void save_account(const Plan& plan, std::int64_t keep_us, const Histories& histories, const Account& account,
                  std::string& out) {
  const std::size_t begin = out.size();
  const std::int64_t edge_us = account.newest_us - keep_us;
  std::string entries;
  std::uint32_t count = 0;
  std::vector<std::uint32_t> texts;
  std::unordered_map<std::uint32_t, std::uint32_t> places;
  histories.visit(account, edge_us, [&](const Entry& entry) {
    ++count;
    append(entries, entry.time_us);
    append(entries, entry.id.low);
    append(entries, entry.id.high);
    for (const std::int64_t value : entry.values) append(entries, value);
    for (std::size_t w = 0; w < entry.words.size(); ++w) {
      std::uint32_t word = entry.words[w];
      if (w >= plan.flag_words() && word != Symbols::null) {
        const auto [found, added] = places.try_emplace(word, static_cast<std::uint32_t>(texts.size() + 1));
        if (added) texts.push_back(word);
        word = found->second;
      }
      append(entries, word);
    }
  });

  out += magic;
  append(out, identity(plan, keep_us));
  append(out, static_cast<std::uint8_t>(account.number().size()));
  out += account.number();
  append(out, account.newest_us);
  append(out, static_cast<std::uint32_t>(texts.size()));
  for (const std::uint32_t symbol : texts) {
    const std::string_view text = histories.symbols().text(symbol);
    append(out, static_cast<std::uint32_t>(text.size()));
    out += text;
  }
  append(out, count);
  out += entries;
  append(out, hash64(std::string_view(out).substr(begin)));
}

Result<void> restore_account(const Plan& plan, std::int64_t keep_us, std::span<const std::byte> saved,
                             Histories& histories) {
  const std::string_view bytes(reinterpret_cast<const char*>(saved.data()), saved.size());
  if (!bytes.starts_with(magic)) {
    return fail("saved state refused: it is not an account's history, or one of another version of this program");
  }
  if (bytes.size() < magic.size() + 16) return fail("saved state refused: it is cut short");
  Reader checksum(bytes.substr(bytes.size() - 8));
  const std::string_view content = bytes.substr(0, bytes.size() - 8);
  if (checksum.read<std::uint64_t>() != hash64(content)) return fail("saved state refused: it is damaged (checksum)");
  Reader reader(content.substr(magic.size()));
  if (reader.read<std::uint64_t>() != identity(plan, keep_us)) {
    return fail(
        "saved state refused: it was saved under rules or a lateness that keep other things; replay the input instead");
  }
  Restored restored;
  restored.number = reader.read_bytes(reader.read<std::uint8_t>());
  restored.newest_us = reader.read<std::int64_t>();
  const bool possible = restored.newest_us >= model::EventTime::earliest_us &&
                        restored.newest_us <= model::EventTime::latest_us;  // so that the sums below can't overflow
  if (!reader.ok() || !possible || restored.number.empty() ||
      restored.number.size() > model::max_account_number_bytes || !read_texts(reader, restored.texts) ||
      !read_entries(reader, plan, keep_us, histories.make_entry(), restored)) {
    return fail("saved state refused: it is damaged (its parts do not fit together)");
  }

  const std::uint64_t hash = hash64(restored.number);
  if (Account* old = histories.find(restored.number, hash)) histories.remove(*old);
  Account& account = histories.find_or_add(restored.number, hash);
  account.newest_us = restored.newest_us;
  for (Entry& entry : restored.entries) {
    for (std::size_t w = plan.flag_words(); w < entry.words.size(); ++w) {
      if (entry.words[w] != Symbols::null)
        entry.words[w] = histories.symbols().acquire(restored.texts[entry.words[w] - 1]);
    }
    histories.insert(account, entry);
  }
  return {};
}

}  // namespace bank::engine
