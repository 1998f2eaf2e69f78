// Files for the tests of this room.
#pragma once

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "pipeline/ports.h"

namespace bank::file {

/// A folder for one test, gone when it ends.
class TestFolder {
 public:
  TestFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "bank-file-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
    path_ = name;
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  [[nodiscard]] std::string operator/(std::string_view name) const { return (path_ / name).string(); }
  std::string write(std::string_view name, std::string_view text) const {
    const std::string path = *this / name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path_))
      names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
  }

 private:
  std::filesystem::path path_;
};

inline std::string read_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

inline std::string gzip(std::string_view text) {
  z_stream deflater{};
  if (::deflateInit2(&deflater, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
  std::string out(::deflateBound(&deflater, text.size()) + 64, '\0');
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): as in bytes.cpp
  deflater.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  deflater.avail_in = static_cast<uInt>(text.size());
  deflater.next_out = reinterpret_cast<Bytef*>(out.data());
  deflater.avail_out = static_cast<uInt>(out.size());
  ::deflate(&deflater, Z_FINISH);
  out.resize(deflater.total_out);
  ::deflateEnd(&deflater);
  return out;
}

inline std::string zstd(std::string_view text, bool checksum = false) {
  std::string out(ZSTD_compressBound(text.size()) + 64, '\0');
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  if (context == nullptr) throw std::bad_alloc();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, checksum ? 1 : 0);
  out.resize(ZSTD_compress2(context, out.data(), out.size(), text.data(), text.size()));
  ZSTD_freeCCtx(context);
  return out;
}

/// A record that was read, with what it needs to outlive its batch.
struct ReadRecord {
  std::string bytes;
  std::int64_t number = 0;
  std::string origin;
  std::int32_t piece = 0;
  friend bool operator==(const ReadRecord&, const ReadRecord&) = default;
};
inline void PrintTo(const ReadRecord& record, std::ostream* out) {
  *out << record.origin << record.number << (record.piece != 0 ? " piece " + std::to_string(record.piece) : "") << ' '
       << record.bytes.substr(0, 80) << (record.bytes.size() > 80 ? "… of " + std::to_string(record.bytes.size()) : "");
}

struct ReadAll {
  std::vector<ReadRecord> records;
  std::string error;  ///< Empty: none.
  std::size_t batches = 0;
  [[nodiscard]] std::vector<std::string> bytes() const {
    std::vector<std::string> all;
    for (const ReadRecord& record : records) all.push_back(record.bytes);
    return all;
  }
};

inline ReadAll read_all(pipeline::Source& source) {
  ReadAll all;
  for (;;) {
    Result<std::unique_ptr<pipeline::RawBatch>> batch = source.next();
    if (!batch) {
      all.error = batch.error().message;
      return all;
    }
    if (*batch == nullptr) return all;
    ++all.batches;
    std::vector<pipeline::RawRecord> records;
    (*batch)->split(records);
    for (const auto& record : records) {
      all.records.push_back({std::string(record.bytes), record.number, record.stream->origin, record.piece});
    }
  }
}

}  // namespace bank::file
