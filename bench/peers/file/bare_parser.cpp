// What parsing alone costs: simdjson's on-demand parser takes three fields of each line and adds up the amounts. It
// validates only what it takes, keeps nothing and judges nothing, so a detector that does all of its work can't be
// expected to come near.
//
//   bare_parser FILE THREADS
#include <fcntl.h>
#include <simdjson.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t block_bytes = 1 << 20;

struct Totals {
  std::uint64_t records = 0;
  std::uint64_t text_bytes = 0;
  double amount = 0;
};

void parse_line(simdjson::ondemand::parser& parser, const char* line, std::size_t size, Totals& totals) {
  auto document = parser.iterate(line, size, size + simdjson::SIMDJSON_PADDING).value();
  for (auto field : document.get_object()) {
    const std::string_view key = field.unescaped_key().value();
    if (key == "account_number" || key == "timestamp") {
      totals.text_bytes += field.value().get_string().value().size();
    } else if (key == "amount") {
      totals.amount += field.value().get_double().value();
    }
  }
  ++totals.records;
}

// The lines that begin in [begin, end) of the file; a line may run on behind the end.
void parse_range(int file, std::size_t begin, std::size_t end, Totals& totals) {
  simdjson::ondemand::parser parser;
  std::vector<char> block(2 * block_bytes + simdjson::SIMDJSON_PADDING);
  std::size_t held = 0;
  bool skip_first = begin > 0;  // it began in the range before
  std::size_t at = begin > 0 ? begin - 1 : 0;
  std::size_t line_at = at;
  while (line_at < end) {
    const ssize_t got = pread(file, block.data() + held, block_bytes, static_cast<off_t>(at));
    if (got <= 0) break;
    at += static_cast<std::size_t>(got);
    held += static_cast<std::size_t>(got);
    const char* p = block.data();
    const char* const stop = p + held;
    while (line_at < end) {
      const auto* newline = static_cast<const char*>(std::memchr(p, '\n', static_cast<std::size_t>(stop - p)));
      if (newline == nullptr) break;
      if (!skip_first) parse_line(parser, p, static_cast<std::size_t>(newline - p), totals);
      skip_first = false;
      line_at += static_cast<std::size_t>(newline + 1 - p);
      p = newline + 1;
    }
    held = static_cast<std::size_t>(stop - p);
    std::memmove(block.data(), p, held);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const int file = open(argv[1], O_RDONLY);
  struct stat status{};
  if (file < 0 || fstat(file, &status) != 0) return 1;
  const auto size = static_cast<std::size_t>(status.st_size);
  const auto count = static_cast<std::size_t>(std::atoi(argv[2]));
  std::vector<Totals> totals(count);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < count; ++i) {
    threads.emplace_back(parse_range, file, size * i / count, size * (i + 1) / count, std::ref(totals[i]));
  }
  Totals sum;
  for (std::size_t i = 0; i < count; ++i) {
    threads[i].join();
    sum.records += totals[i].records;
    sum.text_bytes += totals[i].text_bytes;
    sum.amount += totals[i].amount;
  }
  std::printf("%llu records, %llu bytes of text, amounts %.2f\n", static_cast<unsigned long long>(sum.records),
              static_cast<unsigned long long>(sum.text_bytes), sum.amount);
}
