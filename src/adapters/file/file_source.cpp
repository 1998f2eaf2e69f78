#include "adapters/file/file_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <utility>

#include "adapters/file/event_time_order.h"
#include "codec/utf8.h"
#include "pipeline/file_head.h"

namespace bank::file {
namespace {

bool is_glob(const std::string& name) {
  struct stat status{};
  return name.find_first_of("*?[") != std::string::npos && ::stat(name.c_str(), &status) != 0;
}

Result<std::vector<std::string>> expand(const std::string& pattern) {
  glob_t found{};
  const int status = ::glob(pattern.c_str(), 0, nullptr, &found);
  std::vector<std::string> names;
  if (status == 0) names.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  if (status == GLOB_NOMATCH) return fail(fmt::format("no file matches '{}'", pattern));
  if (status != 0) return fail(fmt::format("cannot list the files that match '{}'", pattern));
  return names;  // glob has sorted them
}

// Reads as much as it takes to know the layout, and the header of a CSV. Whether the input ended with it.
Result<bool> read_head(OpenInput& input, const SourceOptions& options) {
  std::array<char, 16 << 10> block;
  for (;;) {
    const Result<std::size_t> got = input.bytes->read(block);
    if (!got) return std::unexpected(got.error());
    if (*got == 0) return !input.bytes->stopped();
    input.head.append(block.data(), *got);
    if (pipeline::head_suffices(input.head, options.layout)) return false;
  }
}

// Opening a named pipe would wait for its writer, deaf to the stop flag; reading looks at the flag while it waits.
Result<Descriptor> open_descriptor(const std::string& name) {
  if (name == "-") return Descriptor(STDIN_FILENO, false);
  Descriptor descriptor(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (descriptor.get() < 0 || ::fcntl(descriptor.get(), F_SETFL, 0) != 0)
    return fail_system(name, "cannot read", errno);
  return descriptor;
}

// What stands before the line's number in `source`, which is JSON: bytes that are not UTF-8 are written as %XX.
std::string origin_of(const std::string& name) {
  if (name == "-") return "stdin:";
  if (codec::is_utf8(name)) return name + ":";
  std::string origin;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    origin += byte < 0x80 ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return origin + ":";
}

}  // namespace

Result<std::vector<std::string>> expand_globs(const std::vector<std::string>& inputs) {
  std::vector<std::string> names;
  for (const std::string& input : inputs) {
    if (!is_glob(input)) {
      names.push_back(input);
      continue;
    }
    const Result<std::vector<std::string>> matching = expand(input);
    if (!matching) return std::unexpected(matching.error());
    names.insert(names.end(), matching->begin(), matching->end());
  }
  return names;
}

FileSource::FileSource(SourceOptions options, ReadProgress* progress)
    : options_(std::move(options)), progress_(progress), pool_(std::make_shared<BufferPool>(batch_bytes)) {}

Result<std::unique_ptr<FileSource>> FileSource::open(const std::vector<std::string>& inputs, SourceOptions options,
                                                     ReadProgress* progress) {
  std::unique_ptr<FileSource> source(new FileSource(std::move(options), progress));
  const Result<std::vector<std::string>> names = expand_globs(inputs);
  if (!names) return std::unexpected(names.error());
  for (const std::string& name : *names) {
    if (Result<void> added = source->add(name); !added) return std::unexpected(added.error());
  }
  if (progress != nullptr) {
    progress->bytes = 0;  // what was only looked at does not count
    for (const std::string& name : source->names_) {
      struct stat status{};
      const bool regular = (name == "-" ? ::fstat(STDIN_FILENO, &status) : ::stat(name.c_str(), &status)) == 0 &&
                           S_ISREG(status.st_mode);
      if (!regular) {
        progress->bytes_total = 0;
        break;
      }
      progress->bytes_total += static_cast<std::uint64_t>(status.st_size);
    }
  }
  return source;
}

Result<void> FileSource::add(const std::string& name) {
  if (name == "-") {
    if (std::ranges::find(names_, name) != names_.end())
      return fail_config("standard input ('-') is named twice; it can be read once");
  } else {
    struct stat status{};
    if (::stat(name.c_str(), &status) != 0) return fail_system(name, "cannot read", errno);
    if (S_ISDIR(status.st_mode)) {
      return fail(fmt::format("{}: is a folder; name files, or a glob such as '{}/*.json'", name,
                              name.ends_with('/') ? name.substr(0, name.size() - 1) : name));
    }
  }
  names_.push_back(name);
  streams_.push_back({.origin = origin_of(name)});
  struct stat status{};
  if (name == "-" || ::stat(name.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
  const Result<OpenInput> opened = open_input(names_.size() - 1);
  if (!opened) return std::unexpected(opened.error());
  return {};
}

Result<OpenInput> FileSource::open_input(std::size_t index) {
  const std::string& name = names_[index];
  Result<Descriptor> opened = open_descriptor(name);
  if (!opened) return std::unexpected(opened.error());

  OpenInput input;
  Result<std::unique_ptr<ByteStream>> bytes =
      open_bytes(std::move(*opened), name == "-" ? "stdin" : name, options_.stop,
                 progress_ == nullptr ? nullptr : &progress_->bytes);
  if (!bytes) return std::unexpected(bytes.error());
  input.bytes = std::move(*bytes);
  const Result<bool> at_end = read_head(input, options_);
  if (!at_end) return std::unexpected(at_end.error());

  const Result<pipeline::FileHead> head = pipeline::inspect_head(
      input.head, {.name = name, .layout = options_.layout, .never_csv = options_.never_csv, .at_end = *at_end},
      options_.names);
  if (!head) {
    return std::unexpected(
        Error{head.error().kind, fmt::format("{} {}", streams_[index].origin, head.error().message)});
  }
  if (head->layout == Layout::csv && head->records) {
    streams_[index].format = pipeline::Format::csv;
    streams_[index].csv_header = head->csv_header;
  }
  input.layout = head->layout;
  input.line = head->line;
  input.head.erase(0, head->begin);
  return input;
}

Result<std::unique_ptr<pipeline::RawBatch>> FileSource::next() {
  for (;;) {
    if (reader_ == nullptr) {
      if (next_ == names_.size()) {
        if (error_) return std::unexpected(*error_);
        return nullptr;
      }
      Result<OpenInput> input = open_input(next_);
      if (!input) return std::unexpected(input.error());
      reader_ = std::make_unique<RecordReader>(std::move(*input), streams_[next_], pool_);
      ++next_;
    }
    Result<std::unique_ptr<pipeline::RawBatch>> batch = reader_->next();
    if (batch && *batch != nullptr) return batch;
    if (!batch) {  // the inputs behind it are read all the same
      if (error_) {
        error_->message += "; " + batch.error().message;
      } else {
        error_ = batch.error();
      }
    }
    if (options_.stop != nullptr && options_.stop->load(std::memory_order_relaxed)) return nullptr;
    reader_.reset();
  }
}

Result<std::unique_ptr<pipeline::Source>> make_file_source(const std::vector<std::string>& inputs,
                                                           const SourceOptions& options, ReadProgress* progress) {
  Result<std::unique_ptr<FileSource>> files = FileSource::open(inputs, options, progress);
  if (!files) return std::unexpected(files.error());
  if (options.order == Order::arrival) return std::move(*files);
  return std::make_unique<EventTimeOrder>(std::move(*files), options.names, options.stop);
}

}  // namespace bank::file
